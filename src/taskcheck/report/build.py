"""From the runs of all rules to the report of the whole check: located, narrowed, folded, with its exit code; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from taskcheck.engine.rule import Rule
from taskcheck.model.finding import Evidence, Finding, Severity
from taskcheck.model.report import (
    EMPTY,
    FixNote,
    ManagerStatus,
    Report,
    RuleRun,
    RunError,
    Subject,
)
from taskcheck.model.sources import Processes, Unavailable
from taskcheck.model.state import Dispatches, State
from taskcheck.model.task import Place
from taskcheck.report import incidents
from taskcheck.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What makes a run fail."""

    fail_on: Severity = Severity.ERROR
    strict: bool = False
    """Skipped rules fail."""
    exit_zero: bool = False
    """Nothing of all that does."""
    fail_on_fix: bool = False
    """Fixes that were made do, or that would be."""


class UnknownSubject(ValueError):
    """A name that is neither a task, nor a manager, nor a file that was read; with the known ones."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = sorted(known)


def build(
    state: State,
    runs: tuple[RuleRun, ...],
    rules: Mapping[str, Rule],
    errors: Iterable[RunError],
    verdict: Verdict,
    only: Iterable[str] = (),
    *,
    signals_alone: bool = True,
    gone: bool = False,
) -> Report:
    """The report; about some tasks, managers and paths only, where these are named.

    Without ``signals_alone`` a raw signal makes no incident by itself: the rules that might explain it didn't run.
    With ``gone`` a name that isn't there is no mistake: there is nothing to say about it.

    Raises:
        UnknownSubject: one of them isn't there.
    """
    runs = tuple(
        replace(
            run,
            findings=tuple((subject, _located(finding, state)) for subject, finding in run.findings),
            suppressed=tuple((subject, _located(finding, state), why) for subject, finding, why in run.suppressed),
            baselined=tuple((subject, _located(finding, state)) for subject, finding in run.baselined),
        )
        for run in runs
    )
    only = tuple(only)
    subjects: set[str] = set()
    if only:
        subjects, paths = _named(runs, only, state, gone=gone)
        runs = _narrowed(runs, subjects, paths)
    folded = incidents.fold((finding for run in runs for _, finding in run.findings), state, rules)
    if only:
        groups = {finding.task or finding.manager for run in runs for _, finding in run.findings}
        folded = tuple(i for i in folded if i.findings or i.subject in {*groups, *subjects})
    if not signals_alone:
        folded = tuple(incident for incident in folded if incident.findings)
    checkouts = () if isinstance(state.checkouts, Unavailable) else state.checkouts.all
    report = Report(
        version=__version__,
        now=state.now,
        tasks=len(state.tasks),
        checkouts=1 + len(checkouts),
        incidents=folded,
        runs=runs,
        managers=_managers(state),
        errors=(*errors, *(error for run in runs for _, error in run.errors)),
        notices=() if isinstance(state.pulls, Unavailable) else state.pulls.notices,
        partial=bool(only) or not signals_alone,
        worktrees=tuple((c.name, c.path) for c in checkouts if c.path and not PurePosixPath(c.path).is_absolute()),
    )
    empty = not state.tasks and isinstance(state.ledgers, Unavailable)
    return replace(report, exit_code=_exit_code(report, verdict, empty=empty))


def concluded(
    report: Report,
    verdict: Verdict,
    *,
    errors: Iterable[RunError] = (),
    fixes: tuple[FixNote, ...] = (),
    notes: tuple[str, ...] = (),
    undo: str | None = None,
) -> Report:
    """The report of what is left when some fixes were made, or couldn't be."""
    told = replace(report, errors=(*report.errors, *errors), fixes=fixes, notes=notes, undo=undo)
    code = _exit_code(told, verdict, empty=report.exit_code == EMPTY)
    fixed = verdict.fail_on_fix and not verdict.exit_zero and not all(note.reason for note in fixes)
    return replace(told, exit_code=1 if fixed and code in {0, EMPTY} else code)


def _located(finding: Finding, state: State) -> Finding:
    """The finding with the lines and columns of its places."""

    def located(place: Place) -> Place:
        document = state.documents.get((place.checkout, place.path))
        if place.line is not None or document is None:
            return place
        line, column = document.locate(place.route)
        return replace(place, line=line, column=column)

    def told(item: Evidence) -> Evidence:
        return replace(item, place=located(item.place), side=_side(item.place, state))

    evidence = tuple(map(told, finding.evidence))
    return replace(finding, place=located(finding.place), evidence=evidence)


def _side(place: Place, state: State) -> Literal["root", "worktree", "ledger"]:
    if place.checkout != "root":
        return "worktree"
    return "root" if place.path in state.tasks.by_path else "ledger"


def _narrowed(runs: tuple[RuleRun, ...], subjects: set[str], paths: set[str]) -> tuple[RuleRun, ...]:
    """The runs, with the subjects and findings of the named tasks, managers and paths."""

    def wanted(subject: Subject, finding: Finding | None = None) -> bool:
        about = {subject.group, finding.task, finding.manager} if finding else {subject.group}
        return bool(about & subjects) or (finding is not None and finding.place.path in paths)

    def narrowed(run: RuleRun) -> RuleRun:
        findings = tuple((s, f) for s, f in run.findings if wanted(s, f))
        suppressed = tuple((s, f, why) for s, f, why in run.suppressed if wanted(s, f))
        baselined = tuple((s, f) for s, f in run.baselined if wanted(s, f))
        # What a rule said of the whole repository may be about them; what crashed is told in any case.
        spoken = {s for s, *_ in (*findings, *suppressed, *baselined, *run.errors)}
        return replace(
            run,
            subjects=tuple(s for s in run.subjects if wanted(s) or s.detail in paths or s in spoken),
            findings=findings,
            suppressed=suppressed,
            baselined=baselined,
            undecided=tuple((s, reason) for s, reason in run.undecided if wanted(s)),
        )

    return tuple(map(narrowed, runs))


def _named(runs: tuple[RuleRun, ...], only: tuple[str, ...], state: State, *, gone: bool) -> tuple[set[str], set[str]]:
    """What the names of the command line mean: tasks and managers, and paths of ledgers."""
    tasks = {file.place.path: file.id for file in state.files}
    ledgers = () if isinstance(state.ledgers, Unavailable) else state.ledgers
    known = {subject.group for run in runs for subject in run.subjects} | set(tasks.values())
    known |= {signal.task for signal in state.signals if signal.task}
    subjects: set[str] = set()
    paths: set[str] = set()
    for name in only:
        path = _store_path(name, state)
        below = {task for at, task in tasks.items() if at == path or at.startswith(f"{path}/") or path == "."}
        if name in known:
            subjects.add(name)
        elif below:
            subjects |= below
        elif any(ledger.place.path == path for ledger in ledgers):
            paths.add(path)
        elif not gone:
            raise UnknownSubject(name, known)
    return subjects, paths


def _store_path(name: str, state: State) -> str:
    """A path relative to the root checkout; one in a worktree is the same path in root."""
    checkouts = () if isinstance(state.checkouts, Unavailable) else state.checkouts.all
    inside = (name.removeprefix(f"{c.path}/") for c in checkouts if c.path and name.startswith(f"{c.path}/"))
    return next(inside, name).rstrip("/")


def _managers(state: State) -> tuple[ManagerStatus, ...]:
    if isinstance(state.managers, Unavailable):
        return ()
    limits = state.settings.limits
    found = []
    for manager in state.managers:
        snapshot = manager.newest_snapshot
        age = state.now - snapshot.generated_at if snapshot and snapshot.generated_at else None
        entries, workers = _registered(manager.key, state)
        found.append(
            ManagerStatus(
                owner=manager.key,
                snapshot_age_seconds=int(age.total_seconds()) if age is not None else None,
                fresh=age is not None and -limits.clock_skew <= age <= limits.snapshot_max_age,
                files=tuple(sorted(ledger.place.path for ledger in manager.files)),
                entries=entries,
                workers=workers,
            )
        )
    return tuple(found)


def _registered(manager: str, state: State) -> tuple[int | None, int | None]:
    """How many tasks a manager's registers hold, and how many of these a live process is known to hold."""
    if isinstance(state.entries, Unavailable):
        return None, None
    entries = [entry for entry in state.entries if entry.manager == manager]
    held = None
    if isinstance(state.dispatches, Dispatches) and isinstance(state.processes, Processes):
        held = len({entry.task for entry in entries if state.dispatches.held(entry)})
    return len({entry.task for entry in entries}), held


def _exit_code(report: Report, verdict: Verdict, *, empty: bool) -> int:
    """0 clean, 1 findings, 3 not to be trusted, 4 nothing to check; precedence 3, 1, 4, 0 (spec 4)."""
    if not report.complete:
        return 3
    failing = any(f.level >= verdict.fail_on and not f.advisory for f in report.findings)
    if failing or (verdict.strict and report.blind):
        return 0 if verdict.exit_zero else 1
    return EMPTY if empty else 0
