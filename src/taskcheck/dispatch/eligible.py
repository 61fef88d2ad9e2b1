"""Whether a task may be dispatched now, and why not; pure."""

from collections.abc import Iterator

from taskcheck.config.people import RoutedTo
from taskcheck.config.settings import Stage
from taskcheck.dispatch.claims import claims_of, is_anybodys
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import Report
from taskcheck.model.runtime import Dispatch, DispatchState, Entry
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task


def refusal(state: State, report: Report, task: Task, person: str) -> str | None:
    """Return why a person's manager may not dispatch a task now; None when it may.

    It may when the task is ready, or in work and its worker is gone; when it routes to that person; when what it
    depends on is done; when no live worker and no register of somebody else holds it; and when no error says that its
    ledgers disagree.

    Args:
        state: the state of the store.
        report: what the rules say of it, about this task at least.
        task: root's task.
        person: canonical key of the manager's person.
    """
    return next(_reasons(state, report, task, person), None)


def _reasons(state: State, report: Report, task: Task, person: str) -> Iterator[str]:
    """Yield every reason why a person's manager may not dispatch a task now."""
    dispatch = state.dispatch_of(task.id)
    yield from _unreadable(task)
    yield from _worked_on(dispatch)
    yield from claims_of(state, task, person)
    yield from _not_ready(task, dispatch)
    yield from _not_routed(state, task, person)
    yield from _dependencies(state, task)
    yield from _registrations(state, task, person, dispatch)
    yield from _disagreements(report, task)


def routes(state: State, task: Task) -> list[RoutedTo]:
    """Return who may dispatch a task, for each of its owners; without an owner, for nobody."""
    people = state.people
    if isinstance(people, Unavailable):
        return [RoutedTo(None, people.reason)]
    if not task.owners:
        return [people.route(None)]
    return [people.route(spelling) for _, spelling in task.owners]


def route(state: State, task: Task) -> RoutedTo:
    """Return who may dispatch a task: the first of its owners' persons that there is."""
    found = routes(state, task)
    for routed in found:
        if routed.person:
            return routed
    return found[0]


def is_own(state: State, task: Task, person: str) -> bool:
    """Return whether a task is a person's to dispatch."""
    return any(to.person == person for to in routes(state, task))


def _unreadable(task: Task) -> Iterator[str]:
    """Yield that a task's file can't be read."""
    if task.document is not None:
        return
    path = task.place.path
    why = f": {task.trouble.message}" if task.trouble else ""
    yield f"{path} can't be read{why}"


def _worked_on(dispatch: Dispatch | None) -> Iterator[str]:
    """Yield that a worker is at a task now."""
    if dispatch is not None and dispatch.state is DispatchState.RUNNING:
        yield f"a worker is active: {dispatch.why}"


def _not_ready(task: Task, dispatch: Dispatch | None) -> Iterator[str]:
    """Yield that a task is neither ready, nor in work and its worker gone."""
    if task.stage is Stage.READY:
        return
    if task.stage is not Stage.ACTIVE or dispatch is None:
        yield f"it is {task.status or 'without status'}, not ready"
    elif dispatch.state is not DispatchState.GONE:
        yield f"it is {task.status}, and {dispatch.why}"


def _not_routed(state: State, task: Task, person: str) -> Iterator[str]:
    """Yield that a task isn't a person's to dispatch."""
    if is_anybodys(state, task):
        return
    routed = route(state, task)
    if routed.person is None:
        yield f"nobody may dispatch it: {routed.why}"
    elif not is_own(state, task, person):
        yield f"only {routed.person} may dispatch it, not {person}: {routed.why}"


def _dependencies(state: State, task: Task) -> Iterator[str]:
    """Yield the tasks that a task depends on and that aren't done, dropped ones among them; archived ones are."""
    for _, name in task.texts("depends_on"):
        other = state.tasks.resolve(name, task)
        if other is not None:
            yield from _not_done(other)
        elif state.tasks.lacking_status(name, task) is not None:
            yield f"it depends on {name}, which is without status"
        elif not state.tasks.put_away(name, task):
            yield f"it depends on {name}, which doesn't exist"


def _not_done(other: Task) -> Iterator[str]:
    """Yield that a task on which another one depends isn't done."""
    if other.stage is Stage.DONE:
        return
    status = other.status or "without status"
    yield f"it depends on {other.id}, which is {status}"


def _registrations(state: State, task: Task, person: str, dispatch: Dispatch | None) -> Iterator[str]:
    """Yield the register entries that hold a task: of live workers, of other managers, of workers that may live."""
    if isinstance(state.entries, Unavailable) or isinstance(state.dispatches, Unavailable):
        return
    for entry in state.entries.of(task.id):
        registered = f"it is registered by {entry.manager} in {entry.place.path}"
        if state.dispatches.held(entry):
            yield f"{registered}, and a live process holds the entry"
        elif entry.manager != person:
            yield registered
        elif _may_live(entry, dispatch):
            yield f"{registered}, and no ledger shows whether its worker is still alive"


def _may_live(entry: Entry, dispatch: Dispatch | None) -> bool:
    """Return whether an entry's worker may live, as far as its ledgers tell."""
    if entry.doubtful:
        return True
    was_launched = entry.launched is not None
    return was_launched and not _over(entry, dispatch)


def _over(entry: Entry, dispatch: Dispatch | None) -> bool:
    """Return whether the run of an entry is over; one that isn't of the newest run is."""
    if dispatch is None or dispatch.over:
        return True
    return entry not in dispatch.entries


def _disagreements(report: Report, task: Task) -> Iterator[str]:
    """Yield the errors about what is recorded of a task, of rules that keep it from being dispatched."""
    stopping = {run.rule for run in report.runs if run.stops_dispatch}
    for finding in _root_causes(report, task.id):
        is_error = finding.level is Severity.ERROR
        if is_error and finding.rule in stopping:
            yield f"its ledgers disagree ({finding.rule}: {finding.message}); settle that first: taskcheck {task.id}"


def _root_causes(report: Report, task: str) -> Iterator[Finding]:
    """Yield the findings about a task that nothing else explains."""
    for incident in report.incidents:
        if incident.task != task:
            continue
        for finding in incident.findings:
            if finding.explained_by is None:
                yield finding
