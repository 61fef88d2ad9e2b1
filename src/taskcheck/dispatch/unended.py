"""Which tasks of a checkout have no end recorded, and how one is recorded."""

from collections.abc import Iterator

from taskcheck.config.settings import FINISHED, Stage
from taskcheck.dispatch.finish import REASONED
from taskcheck.dispatch.outcome import COMPLETED
from taskcheck.dispatch.start import task_named
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task, Tie
from taskcheck.store import Request, Store, UsageError


@frozen(kw_only=True)
class Unended:
    """A task without an end, and the commands of which one records it, in words; those in capitals are blanks."""

    task: str
    commands: tuple[tuple[str, ...], ...]


def unended(store: Store, name: str | None = None) -> list[Unended]:
    """Return the tasks without an end: the one that is named, else those whose own checkout one stands in.

    None for a checkout that is no task's own, such as root.

    Raises:
        UsageError: there is no such task, or the store has no place where the end of a run is recorded.
    """
    _, state = store.read(Request())
    tasks = [task_named(state, name)] if name is not None else _own_tasks(store, state)
    found = []
    for task in tasks:
        if not _has_end(task, state):
            found.append(task)
    if found and not store.settings.paths.tombstones:
        raise UsageError("[paths] tombstones isn't configured, and the outcome of a dispatch is recorded there")
    told = []
    for task in found:
        commands = tuple(_commands(task, state))
        told.append(Unended(task=task.id, commands=commands))
    return told


def _own_tasks(store: Store, state: State) -> Iterator[Task]:
    """Yield the tasks whose own checkout is the linked worktree that one stands in; of those by record, if any is."""
    if isinstance(state.checkouts, Unavailable):
        return
    current = str(store.location.current)
    here = state.checkouts.by_real.get(current)
    if here is None:
        return
    by_tie: dict[Tie | None, list[Task]] = {}
    for task in state.tasks:
        checkout = state.checkout_of(task.id)
        if checkout == here:
            tie = state.checkouts.tie(task.id)
            tasks = by_tie.setdefault(tie, [])
            tasks.append(task)
    recorded = by_tie.get(Tie.RECORD)
    named = by_tie.get(Tie.PATTERN, [])
    yield from recorded or named


def _has_end(task: Task, state: State) -> bool:
    """Return whether an end of a task's newest run is recorded, or the task needs none.

    That is an outcome in the tombstone, after which no commit put root in progress again; or a status in which a worker
    may leave a task, in its own copy or in root, that isn't the one with which the run began. A parked task that nobody
    runs is in nobody's hands.
    """
    run = state.dispatch_of(task.id)
    if task.closed:
        return True
    is_parked = task.stage is Stage.PARKED
    if run is None and is_parked:
        return True
    file = _file_at_work(task, state)
    is_finished = file.stage in FINISHED
    if run is None or run.tombstone is None:
        return is_finished
    if run.tombstone.outcome:
        has_begun_again = run.moved_on and task.stage is Stage.ACTIVE
        return not has_begun_again
    is_as_it_began = file.status == run.tombstone.status_before
    return is_finished and not is_as_it_began


def _file_at_work(task: Task, state: State) -> Task:
    """Return a task as the worker sees it: in its own checkout, else in root."""
    copy = state.own_copy_of(task.id)
    if copy is None:
        return task
    return copy.task


def _commands(task: Task, state: State) -> Iterator[tuple[str, ...]]:
    """Yield how each outcome of the store is recorded."""
    pulls = {task.pull_request, _file_at_work(task, state).pull_request}
    for outcome in state.settings.outcomes:
        words = ["taskcheck", "finish", task.id, "--outcome", outcome]
        if outcome == COMPLETED and pulls == {None}:
            words += ["--pr-url", "URL"]
        if outcome in REASONED:
            words += ["--reason", "REASON"]
        yield tuple(words)
