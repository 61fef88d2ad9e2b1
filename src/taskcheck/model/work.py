"""Tasks that somebody is at work on, and what ledgers tell of that work."""

from collections.abc import Iterable
from datetime import datetime

from taskcheck.documents.frozen import frozen


@frozen(kw_only=True)
class Work:
    """An open task that somebody is at work on."""

    task: str
    title: str
    owner: str | None
    status: str
    run: str | None = None
    """How its newest run stands: ``running`` or ``unknown``; None where no ledger knows of one."""
    evidence: str = ""
    """Why its worker counts as living, in words; empty where nothing tells."""
    pid: int | None = None
    host: str | None = None
    """As recorded; None where no record of the run names one."""
    manager: str | None = None
    """Key of the person who dispatched it."""
    since: datetime | None = None
    """When the run began; without one, when the task was started."""
    moved: datetime | None = None
    """The newest sign of work."""
    worktree: str | None = None
    """Relative to root where it lies in it, else absolute."""
    branch: str | None = None
    log: str | None = None
    """Path of the run's log."""


def quietest_first(works: Iterable[Work]) -> tuple[Work, ...]:
    """Return tasks at work, first those that nothing has been heard of for the longest time."""
    return tuple(sorted(works, key=_quietest_first))


def _quietest_first(work: Work) -> tuple[bool, float, str]:
    """Return a key that sorts by the newest sign of work; of which nothing is known, first."""
    moved = work.moved.timestamp() if work.moved is not None else 0.0
    return work.moved is not None, moved, work.task
