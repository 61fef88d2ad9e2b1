"""From the runs of all rules to the report of the whole check: located, narrowed, folded, with its exit code; pure."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeVar

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import counted
from taskcheck.engine.rule import Rule
from taskcheck.model.cases import RuleRun, RunError
from taskcheck.model.finding import Evidence, Finding, HandEdit, Severity
from taskcheck.model.report import EMPTY, FixNote, Incident, ManagerStatus, Report
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Place
from taskcheck.model.unseen import Unseen
from taskcheck.model.verdict import Verdict
from taskcheck.model.waiting import Waiting, queues
from taskcheck.model.work import Work, quietest_first
from taskcheck.report.causes import Causes
from taskcheck.report.held import held
from taskcheck.report.incidents import fold
from taskcheck.report.managers import manager_statuses
from taskcheck.report.narrow import Named, named, narrowed, owned
from taskcheck.report.unseen import unseen
from taskcheck.report.work import at_work, classes
from taskcheck.version import __version__

if TYPE_CHECKING:
    from taskcheck.report.choice import Choice

T = TypeVar("T", Work, Waiting)


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
    owner: str | None = None,
    choice: "Choice | None" = None,
    beside: Iterable[Unseen] = (),
) -> Report:
    """Return the report; about some tasks, managers and paths only, those of an owner, some findings, where so asked.

    Without ``signals_alone`` a raw signal makes no incident by itself: the rules that might explain it didn't run.
    With ``gone`` a name that isn't there is no mistake: there is nothing to say about it. ``beside`` is what wasn't
    looked at of which the state doesn't know.

    Raises:
        UnknownSubject: one of them isn't there.
        NobodyNamed: nobody has that name.
        Malformed: an expression over names can't be read.
    """
    runs = _without_explained_signals(runs, Causes(rules, state.settings.signals))
    runs = tuple(_told_in_full(run, rules, state) for run in runs)
    only = tuple(only)
    asked: list[Named] = []
    if only:
        asked.append(named(runs, only, state, gone=gone))
    theirs = owned(owner, state) if owner is not None else None
    if theirs is not None:
        asked.append(theirs)
    for each in asked:
        runs = tuple(narrowed(run, each) for run in runs)
    counted = _counted(runs)
    incidents = _about(fold(counted, state, rules), counted, asked, signals_alone=signals_alone)
    report = Report(
        version=__version__,
        now=state.now,
        tasks=len(state.tasks),
        checkouts=1 + len(state.known_checkouts),
        incidents=incidents,
        runs=runs,
        managers=_managers(state, theirs),
        errors=(*errors, *_raised(runs)),
        notices=_notices(state),
        root=_root(state),
        at_work=quietest_first(_meant(at_work(state), asked)),
        waiting=queues(_meant(state.waiting.values(), asked)),
        classes=classes(state),
        unseen=(*unseen(state), *beside),
        partial=bool(asked) or not signals_alone,
        worktrees=_worktrees(state),
        verdict=verdict,
    )
    if choice is not None:
        report = choice.of(report)
    empty = not state.tasks and isinstance(state.ledgers, Unavailable)
    return replace(report, exit_code=_exit_code(report, empty=empty))


def _meant(tasks: Iterable[T], asked: Iterable[Named]) -> Iterable[T]:
    """Return those of the tasks at work, or of those that wait, that the report is asked to be about."""
    meant = list(tasks)
    for each in asked:
        meant = [task for task in meant if task.task in each.subjects]
    return meant


def _without_explained_signals(runs: tuple[RuleRun, ...], causes: Causes) -> tuple[RuleRun, ...]:
    """Return the runs of rules without the findings that pass on a raw signal which another finding explains."""
    if not any(finding.signal for run in runs for finding in run.counted):
        return runs
    by_task: dict[str | None, list[Finding]] = {}
    for finding in _counted(runs):
        if not finding.signal and finding.severity is not Severity.INFO:
            by_task.setdefault(finding.task, []).append(finding)

    def unless_explained(finding: Finding) -> Finding | None:
        others = by_task.get(finding.task, ()) if finding.signal else ()
        return None if any(causes.explains_signal(other, finding.signal) for other in others) else finding

    return tuple(run.changed(unless_explained) for run in runs)


def _counted(runs: Iterable[RuleRun]) -> tuple[Finding, ...]:
    """Return the findings of all rules that nothing accepts."""
    counted: list[Finding] = []
    for run in runs:
        counted += run.counted
    return tuple(counted)


def _raised(runs: Iterable[RuleRun]) -> list[RunError]:
    """Return the errors that rules raised where they couldn't go on."""
    raised: list[RunError] = []
    for run in runs:
        raised += run.errors
    return raised


def _root(state: State) -> str:
    """Return what there is to say of root itself: that it is behind trunk, or on another branch; else nothing."""
    fetched = state.fetched
    if not isinstance(fetched, Unavailable):
        files = "task files differ" if fetched.tasks else "no task file differs"
        return f"root is {counted(fetched.behind, 'commit')} behind {fetched.name} ({files}); help: {fetched.cure}"
    apart = state.uncompared
    if apart is not None and apart.is_shallow:
        return f"root isn't compared with {apart.name}: {apart.why}; help: git fetch --unshallow"
    return state.off_trunk


def _notices(state: State) -> tuple[str, ...]:
    """Return what forges said beside their answers; nothing where none was asked."""
    if isinstance(state.pulls, Unavailable):
        return ()
    return state.pulls.notices


def _managers(state: State, theirs: Named | None) -> tuple[ManagerStatus, ...]:
    """Return how each manager is; of an owner's report, their own."""
    statuses = manager_statuses(state)
    if theirs is None:
        return statuses
    return tuple(each for each in statuses if each.owner in theirs.subjects)


def _about(
    incidents: tuple[Incident, ...], counted: tuple[Finding, ...], asked: Iterable[Named], *, signals_alone: bool
) -> tuple[Incident, ...]:
    """Return the incidents that the report is about: one of signals alone counts only where it was asked for."""
    subjects = [_subjects(counted, each) for each in asked]
    about = []
    for incident in incidents:
        meant = all(incident.subject in each for each in subjects)
        if incident.findings or (signals_alone and meant):
            about.append(incident)
    return tuple(about)


def _subjects(counted: tuple[Finding, ...], asked: Named) -> set[str | None]:
    """Return the tasks and managers that are named, or that a finding about what is named is of."""
    subjects: set[str | None] = set(asked.subjects)
    for finding in counted:
        subjects.add(finding.task or finding.manager)
    return subjects


def _worktrees(state: State) -> tuple[tuple[str, str], ...]:
    """Return name and path of the checkouts that lie in the store's folder."""
    found = []
    for checkout in state.known_checkouts:
        if checkout.path and not PurePosixPath(checkout.path).is_absolute():
            found.append((checkout.name, checkout.path))
    return tuple(found)


def concluded(
    report: Report,
    verdict: Verdict,
    *,
    errors: Iterable[RunError] = (),
    fixes: tuple[FixNote, ...] = (),
    notes: tuple[str, ...] = (),
    undo: str | None = None,
) -> Report:
    """Return the report of what is left when some fixes were made, or couldn't be."""
    told = replace(report, errors=(*report.errors, *errors), fixes=fixes, notes=notes, undo=undo, verdict=verdict)
    code = _exit_code(told, empty=report.exit_code == EMPTY)
    if told.verdict.fails_for_fixes(note.reason for note in fixes) and code in {0, EMPTY}:
        code = 1
    return replace(told, exit_code=code)


def _told_in_full(run: RuleRun, rules: Mapping[str, Rule], state: State) -> RuleRun:
    """Return a run whose findings have what settles them, and the lines and columns of their places."""
    if not any(case.findings for case in run.telling):
        return run
    from taskcheck.report.remedies import by_tool, remedied

    rule = rules.get(run.rule)
    declared = rule.remedies if rule is not None else ()
    is_static = rule is not None and rule.static

    def told(finding: Finding) -> Finding:
        finding = by_tool(remedied(finding, declared, state), state)
        return _located(held(finding, state, of_static_rule=is_static), state)

    return run.changed(told)


def _located(finding: Finding, state: State) -> Finding:
    """Return the finding with the lines and columns of its places."""
    evidence = tuple(_told(item, state) for item in finding.evidence)
    remedy = finding.remedy
    if isinstance(remedy, HandEdit) and remedy.place is not None:
        remedy = replace(remedy, place=state.located(remedy.place))
    return replace(finding, place=state.located(finding.place), evidence=evidence, remedy=remedy)


def _told(item: Evidence, state: State) -> Evidence:
    """Return a piece of evidence with its line, and with who speaks."""
    return replace(item, place=state.located(item.place), side=_side(item.place, state))


def _side(place: Place, state: State) -> Literal["root", "worktree", "ledger"]:
    """Return who speaks in a place: a task file of root or of another checkout, or a runtime ledger."""
    if place.checkout != "root":
        return "worktree"
    return "root" if place.path in state.tasks.by_path else "ledger"


def _exit_code(report: Report, *, empty: bool) -> int:
    """Return 0 clean, 1 findings, 3 not to be trusted, 4 nothing to check; precedence 3, 1, 4, 0 (spec 4)."""
    if not report.complete:
        return 3
    if any(map(report.fails, report.findings)) or report.blindness_fails:
        return 1
    would_fail = any(map(report.verdict.weighs, report.findings)) or (report.verdict.strict and report.blind)
    if would_fail:
        return 0
    return EMPTY if empty else 0
