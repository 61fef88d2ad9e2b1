"""The times that ledgers and front matter record of work on a task."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from taskcheck.assemble.runs import Run
from taskcheck.documents.values import timestamp
from taskcheck.model.task import Task


def run_times(run: Run) -> Iterator[datetime | None]:
    """Yield all times that the ledgers record of a run."""
    yield run.began
    if run.log is not None:
        yield run.log.mtime
    for entry in run.entries:
        yield from (entry.registered_at, entry.launched_at, entry.started_at)
    if run.tombstone is not None:
        yield from (run.tombstone.started_at, run.tombstone.heartbeat_at, run.tombstone.ended_at)


def front_times(task: Task) -> Iterator[datetime | None]:
    """Yield all values of a task's front matter that are timestamps."""
    for value in task.front.values():
        if isinstance(value, str):
            yield timestamp(value)


def newest_sign(times: Iterable[datetime | None], latest: datetime) -> datetime | None:
    """Return the newest of some times that isn't later than a moment; None where there is none."""
    return max((time for time in times if time is not None and time <= latest), default=None)
