"""What root's own commits made of dispatched tasks, and what branches that have landed made of task files."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import chain

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import from_epoch
from taskcheck.model.sources import Change, Merge
from taskcheck.read.files import MAX_LEDGER_BYTES, MAX_TASK_BYTES
from taskcheck.read.history import History
from taskcheck.read.lineage import Lineage
from taskcheck.read.objects import Blobs
from taskcheck.read.rawdiff import Delta, Step
from taskcheck.read.reverts import unknown
from taskcheck.read.runner import GitError, GitSilent


def read_changes(lineage: Lineage, dispatched: Mapping[str, datetime]) -> tuple[Change, ...]:
    """Return what root's commits made of tasks that were dispatched, since the first of these runs began.

    What was done to a file under an earlier name is told of its present path.

    Args:
        lineage: follows files through root's history, as far back as that.
        dispatched: root paths of the tasks, each with when its run began, else its last sign.

    Raises:
        GitError: it can't be told.
    """
    if not dispatched:
        return ()
    history, prefix = lineage.history, lineage.prefix
    paths = [prefix + path for path in dispatched]
    made = list(lineage.traced(paths, since(dispatched)))
    needed = _blobs_of(delta for _, delta in made)
    found = history.git.objects.blobs(needed, MAX_LEDGER_BYTES)
    unread = found.why_not(needed)
    if unread is not None:
        raise GitError(f"what root's commits made of dispatched tasks can't be read: {unread}")
    return tuple(_change(history, commit, delta, found.contents, prefix) for commit, delta in made)


def since(dispatched: Mapping[str, datetime]) -> int | None:
    """Return the earliest of the times of runs, in seconds since 1970; None without any run."""
    return int(min(dispatched.values()).timestamp()) if dispatched else None


def read_edits(history: History, merges: Mapping[str, Merge], prefix: str) -> dict[str, Merge]:
    """Return verdicts with what each branch that has landed itself made of task files, from its fork to its tip.

    Args:
        history: of root and the branches.
        merges: the verdicts by branch.
        prefix: the store's folder in its repository.
    """
    landed = {branch: merge for branch, merge in merges.items() if _step(merge) is not None}
    history.git.deltas.load(filter(None, map(_step, landed.values())))
    told = dict(merges)
    made: dict[str, list[Delta]] = {}
    for branch, merge in landed.items():
        deltas = _made(history, merge)
        if isinstance(deltas, Merge):
            told[branch] = deltas
        else:
            made[branch] = deltas
    found = history.git.objects.blobs(_blobs_of(chain(*made.values())), MAX_TASK_BYTES)
    for branch, deltas in made.items():
        told[branch] = _with_edits(history, merges[branch], deltas, found, prefix)
    return told


def _step(merge: Merge) -> Step | None:
    """Return what a branch that has landed did, from its fork to its tip; None for one that hasn't."""
    if merge.merged is not True or merge.fork is None or merge.tip is None:
        return None
    return merge.tip, merge.fork


def _made(history: History, merge: Merge) -> list[Delta] | Merge:
    """Return what a branch that has landed did to task files; no verdict where git can't tell.

    Raises:
        GitSilent: git gives no answer at all.
    """
    step = _step(merge)
    try:
        deltas = history.git.deltas.told(step) if step is not None else ()
    except GitSilent:
        raise
    except GitError as error:
        return unknown(str(error))
    return [delta for delta in deltas if history.is_task(delta.path)]


def _with_edits(history: History, merge: Merge, deltas: Collection[Delta], found: Blobs, prefix: str) -> Merge:
    """Return a verdict with what the branch did to task files; no verdict where a version of them can't be read."""
    unread = found.why_not(_blobs_of(deltas))
    if unread is not None:
        return unknown(f"a version of its task files can't be read: {unread}")
    tip = merge.tip or ""
    return replace(merge, edits=tuple(_change(history, tip, delta, found.contents, prefix) for delta in deltas))


def _blobs_of(deltas: Iterable[Delta]) -> set[str]:
    """Return the ids of what files were before some changes and after them."""
    sides = chain.from_iterable((delta.before, delta.after) for delta in deltas)
    return set(filter(None, sides))


def _change(history: History, commit: str, delta: Delta, contents: Mapping[str, bytes], prefix: str) -> Change:
    """Return a change with what the file held before and after."""
    return Change(
        path=delta.path.removeprefix(prefix),
        commit=commit,
        at=from_epoch(history.graph.times[history.graph.numbers[commit]]),
        before=contents.get(delta.before or ""),
        after=contents.get(delta.after or ""),
    )
