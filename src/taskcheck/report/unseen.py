"""What a check did not look at: worktrees that it can't compare, missing history, files that look like tasks."""

from collections.abc import Iterator
from itertools import groupby

from taskcheck.config.settings import Stage
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import counted
from taskcheck.model.history import CUT_OFF
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout, Task
from taskcheck.model.unseen import FILES, HISTORY, Unseen

DEEPEN = "git fetch --unshallow; in GitHub Actions, set `fetch-depth: 0` of actions/checkout"

UNMATCHED = "in the form of a task, but matched by no pattern in [paths] tasks"

NAMING = "add a pattern there, or to [paths] other for what isn't a task"


def unseen(state: State) -> tuple[Unseen, ...]:
    """Return what was not looked at: trunk, history, then the checkouts in their order, then files by folder."""
    return (*_trunk(state), *_history(state), *_checkouts(state), *_files(state))


def _trunk(state: State) -> Iterator[Unseen]:
    """Yield the fetched trunk if root can't be compared with it, although the history is complete."""
    apart = state.uncompared
    if apart is not None and not apart.is_shallow:
        yield Unseen(kind="trunk", where=apart.name, why=apart.why)


def _history(state: State) -> Iterator[Unseen]:
    """Yield what is unknown because the clone is shallow; nothing if nothing depends on it."""
    checkouts = state.checkouts
    if isinstance(checkouts, Unavailable) or not checkouts.is_cut_off:
        return
    tied = [task.id for task in state.tasks if _rests_on_history(task, state)]
    apart = [checkout.spoken for checkout in checkouts.all if _is_cut_off(checkout)]
    unknown = []
    if tied:
        unknown.append(f"whether the work on {_named(tied, 'task')} landed")
    if apart:
        unknown.append(f"what {_named(apart, 'checkout')} changed")
    if unknown:
        yield Unseen(
            kind=HISTORY,
            where="history",
            why=f"this clone is shallow, so it is unknown {' and '.join(unknown)}",
            cure=DEEPEN,
        )


def _named(names: list[str], noun: str) -> str:
    """Return the only name, or the number of names and the first one."""
    return names[0] if len(names) == 1 else f"{counted(len(names), noun)} (first: {names[0]})"


def _rests_on_history(task: Task, state: State) -> bool:
    """Return whether rules need the history of a task: its branch is known, or a run."""
    if task.stage is Stage.DROPPED:
        return False
    has_branch = bool(task.text("branch")) or state.checkout_of(task.id) is not None
    has_pull = task.pull_request is not None and not task.closed
    return has_branch or has_pull or state.dispatch_of(task.id) is not None


def _is_cut_off(checkout: Checkout) -> bool:
    """Return whether the merge base of a checkout is unknown because the clone is shallow."""
    fork = checkout.fork
    return isinstance(fork, Unavailable) and fork.reason == CUT_OFF


def _files(state: State) -> Iterator[Unseen]:
    """Yield the folders with files that look like tasks, but that no pattern matches.

    Before them, yield what a sparse checkout leaves out, entries without an id, what lacks a status though a task
    depends on it, and files with another key.
    """
    left_out = [task.place.path for task in state.tasks.off_disk] if state.tasks.sparse else []
    if left_out:
        yield Unseen(
            kind=FILES,
            where=_named(left_out, "task file"),
            why="root is a sparse checkout, which leaves this out",
            cure="git sparse-checkout add FOLDER",
        )
    for entry in state.unnamed:
        yield Unseen(kind=FILES, where=entry, why="it has a status, but no id", cure="give it an id of its own")
    yield from _without_status(state)
    yield from _miscased(state)
    for folder, alike in groupby(sorted(state.unread, key=_folder), _folder):
        paths = list(alike)
        where = paths[0] if len(paths) == 1 else f"{len(paths)} files in {folder}"
        yield Unseen(kind=FILES, where=where, why=UNMATCHED, cure=NAMING)


def _folder(path: str) -> str:
    """Return the folder that a file lies in."""
    return path.rpartition("/")[0]


def _without_status(state: State) -> Iterator[Unseen]:
    """Yield what isn't read as a task, because it lacks a status, though a task depends on it."""
    for path, name in state.tasks.awaited_without_status.items():
        where = path if path == file_of(path) else f"entry {name} of {file_of(path)}"
        yield Unseen(kind=FILES, where=where, why="a task depends on it, but it has no status", cure="give it one")


def _miscased(state: State) -> Iterator[Unseen]:
    """Yield the files whose status stands under a key that is the store's in another case."""
    usual = state.settings.fields["status"]
    for path, key in state.miscased:
        yield Unseen(kind=FILES, where=path, why=f"with a key {key}, but no key {usual}", cure="rename the key")


def _checkouts(state: State) -> Iterator[Unseen]:
    for checkout in state.known_checkouts:
        kind = checkout.name.partition(":")[0]
        if checkout.defect is not None:
            why = "its folder is missing" if checkout.defect == "missing" else checkout.defect
            yield Unseen(kind=kind, where=checkout.spoken, why=why, cure=_cure(checkout))
        elif isinstance(checkout.fork, Unavailable) and not _is_cut_off(checkout):
            yield Unseen(kind=kind, where=checkout.spoken, why=checkout.fork.reason)
    uncompared = () if isinstance(state.checkouts, Unavailable) else state.checkouts.uncompared
    if uncompared:
        where = f"{len(uncompared)} branches of open tasks (first: {uncompared[0]})"
        yield Unseen(
            kind="branches",
            where=where,
            why="without --branches, at most 200 are compared, and none whose files this clone doesn't have",
            cure="--branches GLOB",
        )


def _cure(checkout: Checkout) -> str:
    if checkout.path is None:
        return "git fsck"
    if checkout.is_away and not checkout.repair:
        return f"git worktree unlock {checkout.path}, if its disk won't come back"
    return checkout.cure
