"""Which tombstone of a run counts, where root has one and the worktree of its task another one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import older
from taskcheck.model.runtime import Tombstone

ByTask = Mapping[str, Sequence[Tombstone]]


def tombstones_by_task(tombstones: Sequence[Tombstone]) -> ByTask:
    """Return the tombstones that can be read of each task: root's, of several the last, before those in worktrees."""
    by_task: dict[str, list[Tombstone]] = {}
    readable = [tombstone for tombstone in tombstones if tombstone.readable]
    for tombstone in readable:
        if tombstone.tie is None:
            by_task[tombstone.task] = [tombstone]
    for tombstone in readable:
        if tombstone.tie is not None:
            by_task.setdefault(tombstone.task, []).append(tombstone)
    return by_task


def unread_ends(tombstones: Iterable[Tombstone], known: ByTask) -> set[str]:
    """Return the tasks with a tombstone that can't be read, and that may tell more than those that can."""
    unread = set()
    for tombstone in tombstones:
        others = known.get(tombstone.task, ())
        if tombstone.tie is not None:
            others = list(filter(_is_end, others))
        if not tombstone.readable and not others:
            unread.add(tombstone.task)
    return unread


def counting(tombstones: Sequence[Tombstone], skew: timedelta) -> tuple[Tombstone | None, tuple[Tombstone, ...]]:
    """Return the tombstone that counts of those of one run, root's first, and the others.

    A heartbeat of before the recorded end is no sign of life any more.
    """
    if not tombstones:
        return None, ()
    first, *others = tombstones
    beside = []
    for other in others:
        less = other
        if _tells_more(other, first, skew):
            first, less = other, first
        beside.append(less)
    silenced = partial(_silenced, end=first, skew=skew)
    return first, tuple(map(silenced, beside))


def _tells_more(other: Tombstone, known: Tombstone, skew: timedelta) -> bool:
    """Return whether another tombstone of a run counts in place of a known one.

    It does where it alone tells of the end; of two that do, where it alone names an outcome; else where it was written
    later.
    """
    if _is_end(other) != _is_end(known):
        return _is_end(other)
    if bool(other.outcome) != bool(known.outcome):
        return bool(other.outcome)
    return older(known.last_sign, other.last_sign, skew)


def _is_end(tombstone: Tombstone) -> bool:
    """Return whether a tombstone tells that its run is over."""
    return tombstone.state == "ended"


def _silenced(tombstone: Tombstone, end: Tombstone, skew: timedelta) -> Tombstone:
    """Return a tombstone without its heartbeat, where the run has ended and that isn't from after its end."""
    ended_at = end.ended_at or end.last_sign
    is_later = older(ended_at, tombstone.heartbeat_at, skew)
    if is_later or not _is_end(end):
        return tombstone
    return replace(tombstone, heartbeat_at=None)
