"""The times that ledgers and front matter record of work on a task."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from taskcheck.assemble.runs import Run
from taskcheck.documents.expression import expression
from taskcheck.documents.values import timestamp
from taskcheck.model.task import Task

PLANNED = frozenset({"due", "deadline", "scheduled", "target", "start", "wait", "until", "eta", "planned", "milestone"})
"""Words in the names of keys whose date was set for the work, not by it."""

_WORD = expression("[a-z]+")


def run_times(run: Run) -> Iterator[datetime | None]:
    """Yield all times that the ledgers record of a run."""
    yield run.began
    if run.log is not None:
        yield run.log.mtime
    for entry in run.entries:
        yield from (entry.registered_at, entry.launched_at, entry.started_at)
    for tombstone in run.tombstones:
        yield from (tombstone.started_at, tombstone.heartbeat_at, tombstone.ended_at)


def front_times(task: Task) -> Iterator[datetime | None]:
    """Yield all values of a task's front matter that are timestamps, but for those that plan."""
    for _, _, time in front_stamps(task):
        yield time


def front_stamps(task: Task) -> Iterator[tuple[str, str, datetime]]:
    """Yield each key of a task's front matter whose value is a timestamp, with the value as written and the time.

    Those that plan are left out.
    """
    for key, value in task.front.items():
        words = _WORD.findall(str(key).lower())
        time = _time(value) if PLANNED.isdisjoint(words) else None
        if time is not None:
            yield key, str(value), time


def _time(value: object) -> datetime | None:
    """Return a value as a timestamp; None where it is none."""
    if isinstance(value, str):
        return timestamp(value)
    return None


def newest_sign(times: Iterable[datetime | None], latest: datetime) -> datetime | None:
    """Return the newest of some times that isn't later than a moment; None where there is none."""
    return max((time for time in times if time is not None and time <= latest), default=None)
