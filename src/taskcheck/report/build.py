"""From the runs of all rules to the report of the whole check: located, narrowed, folded, with its exit code; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from taskcheck.engine.rule import Rule
from taskcheck.model.finding import Evidence, Finding, Severity
from taskcheck.model.report import EMPTY, FixNote, Incident, Report, RuleRun, RunError
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Place
from taskcheck.report.incidents import fold
from taskcheck.report.managers import manager_statuses
from taskcheck.report.narrow import Named, named, narrowed
from taskcheck.report.unseen import unseen
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
    """Return the report; about some tasks, managers and paths only, where these are named.

    Without ``signals_alone`` a raw signal makes no incident by itself: the rules that might explain it didn't run.
    With ``gone`` a name that isn't there is no mistake: there is nothing to say about it.

    Raises:
        UnknownSubject: one of them isn't there.
    """
    runs = tuple(run.changed(lambda finding: _located(finding, state)) for run in runs)
    only = tuple(only)
    asked = named(runs, only, state, gone=gone) if only else None
    if asked is not None:
        runs = tuple(narrowed(run, asked) for run in runs)
    counted = tuple(finding for run in runs for finding in run.counted)
    incidents = _about(fold(counted, state, rules), counted, asked, signals_alone=signals_alone)
    report = Report(
        version=__version__,
        now=state.now,
        tasks=len(state.tasks),
        checkouts=1 + len(state.known_checkouts),
        incidents=incidents,
        runs=runs,
        managers=manager_statuses(state),
        errors=(*errors, *(error for run in runs for error in run.errors)),
        notices=() if isinstance(state.pulls, Unavailable) else state.pulls.notices,
        unseen=unseen(state),
        partial=bool(only) or not signals_alone,
        worktrees=_worktrees(state),
    )
    empty = not state.tasks and isinstance(state.ledgers, Unavailable)
    return replace(report, exit_code=_exit_code(report, verdict, empty=empty))


def _about(
    incidents: tuple[Incident, ...], counted: tuple[Finding, ...], asked: Named | None, *, signals_alone: bool
) -> tuple[Incident, ...]:
    """Return the incidents that the report is about: one of signals alone counts only where it was asked for."""
    subjects: set[str | None] = set()
    if asked is not None:
        subjects = {finding.task or finding.manager for finding in counted} | asked.subjects
    about = []
    for incident in incidents:
        named = asked is None or incident.subject in subjects
        if incident.findings or (signals_alone and named):
            about.append(incident)
    return tuple(about)


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
    told = replace(report, errors=(*report.errors, *errors), fixes=fixes, notes=notes, undo=undo)
    code = _exit_code(told, verdict, empty=report.exit_code == EMPTY)
    fixed = verdict.fail_on_fix and not verdict.exit_zero and not all(note.reason for note in fixes)
    return replace(told, exit_code=1 if fixed and code in {0, EMPTY} else code)


def _located(finding: Finding, state: State) -> Finding:
    """Return the finding with the lines and columns of its places."""
    evidence = tuple(_told(item, state) for item in finding.evidence)
    return replace(finding, place=_with_line(finding.place, state), evidence=evidence)


def _told(item: Evidence, state: State) -> Evidence:
    """Return a piece of evidence with its line, and with who speaks."""
    return replace(item, place=_with_line(item.place, state), side=_side(item.place, state))


def _with_line(place: Place, state: State) -> Place:
    """Return a place with line and column; as it is where it has them, or where nothing tells."""
    if place.line is not None:
        return place
    document = state.documents.get((place.checkout, place.path))
    if document is None:
        return place
    line, column = document.locate(place.route)
    return replace(place, line=line, column=column)


def _side(place: Place, state: State) -> Literal["root", "worktree", "ledger"]:
    if place.checkout != "root":
        return "worktree"
    return "root" if place.path in state.tasks.by_path else "ledger"


def _exit_code(report: Report, verdict: Verdict, *, empty: bool) -> int:
    """Return 0 clean, 1 findings, 3 not to be trusted, 4 nothing to check; precedence 3, 1, 4, 0 (spec 4)."""
    if not report.complete:
        return 3
    failing = any(finding.level >= verdict.fail_on and not finding.advisory for finding in report.findings)
    blind = verdict.strict and report.blind
    if failing or blind:
        return 0 if verdict.exit_zero else 1
    return EMPTY if empty else 0
