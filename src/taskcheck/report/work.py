"""Which open tasks somebody is at work on, and how many tasks of each class there are."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck.assemble.signs import front_times, newest_sign
from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import replace
from taskcheck.documents.values import timestamp
from taskcheck.model.runtime import Dispatch, DispatchState
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.model.work import Work

OTHER = "other"
"""What counts of classes call a status outside of the vocabulary, or none."""


def at_work(state: State) -> Iterator[Work]:
    """Yield the open tasks whose worker lives, and those in progress of whose worker nothing says that it ended."""
    for task in state.tasks:
        if task.closed:
            continue
        run = _run_of_now(task, state)
        if _is_at_work(task, run):
            yield _work(task, run, state)


def _run_of_now(task: Task, state: State) -> Dispatch | None:
    """Return the newest run of a task; None where it is over, and somebody moved the task on since."""
    run = state.dispatch_of(task.id)
    if run is None or run.looked_after:
        return None
    return run


def classes(state: State) -> Mapping[str, int]:
    """Return how many tasks there are of each class of status that has any, in the order of the lifecycle."""
    counts = Counter(task.stage for task in state.tasks)
    found = {}
    for stage in Stage:
        number = counts[stage]
        if number:
            found[stage.value] = number
    others = counts[None]
    if others:
        found[OTHER] = others
    return found


def _is_at_work(task: Task, run: Dispatch | None) -> bool:
    """Return whether somebody is at work on an open task: its process lives, or its status alone says so."""
    is_active = task.stage is Stage.ACTIVE
    if run is None:
        return is_active
    if run.state is DispatchState.RUNNING:
        return True
    return is_active and not run.over


def _work(task: Task, run: Dispatch | None, state: State) -> Work:
    """Return what ledgers tell of the work on a task."""
    work = Work(
        task=task.id,
        title=task.title,
        owner=task.owned_by,
        status=task.status or "",
        since=_started(task),
        moved=state.moves.get(task.id) or last_written(task, state),
    )
    if run is not None:
        work = _with_run(work, run)
    checkout = state.checkout_of(task.id)
    if checkout is None:
        return work
    return replace(work, worktree=checkout.path, branch=checkout.branch)


def _with_run(work: Work, run: Dispatch) -> Work:
    """Return the work with what the records of its run tell."""
    since = run.began or work.since
    moved = run.moved or work.moved
    log = None
    if run.log is not None:
        log = run.log.place.path
    told = replace(
        work,
        run=run.state.value,
        evidence=run.why,
        manager=run.owner,
        since=since,
        moved=moved,
        log=log,
    )
    worker = next((record for record in run.records if record.pid is not None), None)
    if worker is None:
        return told
    return replace(told, pid=worker.pid, host=worker.host)


def _started(task: Task) -> datetime | None:
    """Return when the front matter says that work on a task began."""
    written = task.text("started_at")
    if not written:
        return None
    return timestamp(written)


def last_written(task: Task, state: State) -> datetime | None:
    """Return the newest time in a task's front matter that isn't in the future, nor a plan."""
    times = front_times(task)
    latest = state.now + state.settings.limits.clock_skew
    return newest_sign(times, latest)
