"""What every ledger says about one task in order of time, with what stopped agreeing where it did."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.frozen import replace
from taskcheck.documents.values import age
from taskcheck.model.finding import Finding
from taskcheck.model.history import OwnCommit
from taskcheck.model.managers import Manager
from taskcheck.model.report import Report
from taskcheck.model.sources import Repository, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Place
from taskcheck.model.timeline import Event, Timeline
from taskcheck.report.commits import CommitReader
from taskcheck.report.conditions import conditions, conditions_of_manager, own_branches, pull_requests
from taskcheck.report.events import EventReader
from taskcheck.report.heartbeats import manager_events

MOST = 200
"""Of the incidents of a report so many are told from the beginning."""


def timeline(
    task: str,
    state: State,
    git: Repository | Unavailable,
    findings: Iterable[Finding] = (),
    commits: Sequence[OwnCommit] = (),
    gaps: tuple[str, ...] = (),
) -> Timeline:
    """Return what ledgers say about a task in order of time.

    Args:
        task: its id.
        state: what was read.
        git: what git answered about root.
        findings: what is found about the task.
        commits: those of its own branch, as far as they were asked for.
        gaps: what couldn't be learnt of it.
    """
    told = [*EventReader(state, task).events(), *_told_by_git(task, state, git, commits)]
    root = state.tasks.get(task)
    events = _in_order(told, state, findings)
    return Timeline(
        subject=task,
        title=root.title if root is not None else task,
        now=state.now,
        conditions=tuple(conditions(task, state)),
        events=events,
        quiet=_quiet(events, state) if root is None or not root.closed else None,
        gaps=gaps,
    )


def with_timelines(report: Report, state: State, git: Repository | Unavailable) -> Report:
    """Return the report with what ledgers say about the subjects of its first incidents."""
    managers = {manager.key: manager for manager in state.known_managers}
    found = {}
    for incident in report.incidents[:MOST]:
        if incident.task is not None:
            found[incident.task] = timeline(incident.task, state, git, incident.findings)
        elif incident.manager in managers:
            manager = managers[incident.manager]
            found[manager.key] = timeline_of_manager(manager, state, incident.findings)
    return replace(report, timelines=found)


def timeline_of_manager(manager: Manager, state: State, findings: Iterable[Finding] = ()) -> Timeline:
    """Return what the ledgers of a manager say about it in order of time."""
    return Timeline(
        subject=manager.key,
        title=manager.key,
        now=state.now,
        conditions=tuple(conditions_of_manager(manager, state)),
        events=_in_order(manager_events(manager, state), state, findings),
    )


def _in_order(told: Iterable[Event], state: State, findings: Iterable[Finding]) -> tuple[Event, ...]:
    """Return events in order of time, with what stopped agreeing at each; those of which nobody knows when, last."""
    located = [_located(event, state) for event in told]
    undated = [event for event in located if event.at is None]
    return tuple(_marked([*_dated(located, state), *undated], findings))


def _located(event: Event, state: State) -> Event:
    """Return an event with the line where it is written."""
    return event if event.place is None else replace(event, place=state.located(event.place))


def _told_by_git(
    task: str, state: State, git: Repository | Unavailable, commits: Sequence[OwnCommit]
) -> Iterator[Event]:
    """Yield what git and forges say happened to a task."""
    if isinstance(git, Unavailable):
        return
    numbers = {pull.number for pull in pull_requests(task, state) if pull.number}
    reader = CommitReader(
        state=state,
        git=git,
        reader=TaskReader(state.settings).spelling_as(state.tasks),
        branches=frozenset(own_branches(task, state)),
        numbers=frozenset(numbers),
    )
    yield from reader.events(state.tasks.get(task), commits)
    yield from reader.pulls(task)


def _dated(told: Iterable[Event], state: State) -> list[Event]:
    """Return the events that have a time, in order, what several ledgers say alike once, with silences and doubts."""
    latest = state.now + state.settings.limits.clock_skew
    joined: dict[tuple[datetime, str], Event] = {}
    for event in told:
        if event.at is None:
            continue
        key = event.at, event.what
        joined[key] = _joined(joined[key], event) if key in joined else event
    found: list[Event] = []
    before: datetime | None = None
    for (at, _), event in sorted(joined.items(), key=lambda pair: pair[0][0]):
        silence = _silence(before, at, state)
        doubt = f"{age(at - state.now)} in the future" if at > latest else event.doubt
        found.append(replace(event, silence=silence, doubt=doubt))
        before = at
    return found


def _joined(one: Event, other: Event) -> Event:
    """Return what two ledgers say alike as one event."""
    if other.source in one.source.split(", "):
        return one
    return replace(one, source=f"{one.source}, {other.source}", doubt=one.doubt or other.doubt)


def _silence(before: datetime | None, at: datetime, state: State) -> timedelta | None:
    """Return how long nothing was recorded, where that is longer than a worker may be quiet."""
    if before is None or at - before <= state.settings.limits.in_progress_max_idle:
        return None
    return at - before


def _quiet(events: Iterable[Event], state: State) -> timedelta | None:
    """Return for how long nothing was recorded until now, where that is longer than a worker may be quiet."""
    past = [event.at for event in events if event.at is not None and event.at <= state.now]
    return _silence(max(past, default=None), state.now, state)


def _marked(events: list[Event], findings: Iterable[Finding]) -> list[Event]:
    """Return the events, each finding at the last one of those that its evidence speaks of: there it arises."""
    marked = list(events)
    for finding in findings:
        number = _arises_at(finding, events)
        if number is not None:
            marked[number] = replace(marked[number], findings=(*marked[number].findings, finding))
    return marked


def _arises_at(finding: Finding, events: list[Event]) -> int | None:
    """Return which event a finding arises at; None where its evidence speaks of none.

    That is the last of those that its evidence speaks of: until then the two sides may have agreed. One of which nobody
    knows when it was counts where no other does.
    """
    meant: set[int] = set()
    for place in (finding.place, *(item.place for item in finding.evidence)):
        meant |= _written_at(place, events)
    dated = [number for number in meant if events[number].at is not None]
    return max(dated or meant, default=None)


def _written_at(place: Place, events: list[Event]) -> set[int]:
    """Return the events that are written at a place; where there are none, those of its file."""
    same_file = set()
    exact = set()
    for number, event in enumerate(events):
        if event.place is None or (event.place.checkout, event.place.path) != (place.checkout, place.path):
            continue
        same_file.add(number)
        if place.route and event.place.route[: len(place.route)] == place.route:
            exact.add(number)
    return exact or same_file
