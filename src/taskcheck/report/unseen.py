"""What was not looked at: worktrees that can't be compared, untold histories, files that look like tasks."""

from collections.abc import Iterator

from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout
from taskcheck.model.unseen import FILES, Unseen

NAMING = "name it in [paths] tasks, else in [paths] other"


def unseen(state: State) -> tuple[Unseen, ...]:
    """Return what was not looked at: trunk, then in the order of the checkouts, then by folder."""
    return (*_trunk(state), *_checkouts(state), *_files(state))


def _trunk(state: State) -> Iterator[Unseen]:
    """Yield trunk as it was last fetched, where root can't be compared with it though its history is whole."""
    apart = state.uncompared
    if apart is not None and not apart.is_shallow:
        yield Unseen(kind="trunk", where=apart.name, why=apart.why)


def _files(state: State) -> Iterator[Unseen]:
    """Yield the folders with files that look like tasks, and that no pattern names."""
    folders: dict[str, list[str]] = {}
    for path in state.unread:
        folder = path.rpartition("/")[0]
        folders.setdefault(folder, []).append(path)
    for folder, paths in folders.items():
        number = len(paths)
        where = paths[0]
        why = "it looks like a task"
        if number > 1:
            where = f"{number} files in {folder}"
            why = "they look like tasks"
        yield Unseen(kind=FILES, where=where, why=f"{why}, and no pattern of [paths] tasks fits", cure=NAMING)


def _checkouts(state: State) -> Iterator[Unseen]:
    for checkout in state.known_checkouts:
        kind = checkout.name.partition(":")[0]
        if checkout.defect is not None:
            why = "its folder is gone" if checkout.defect == "missing" else checkout.defect
            yield Unseen(kind=kind, where=checkout.spoken, why=why, cure=_cure(checkout))
        elif isinstance(checkout.fork, Unavailable):
            yield Unseen(kind=kind, where=checkout.spoken, why=checkout.fork.reason)
    uncompared = () if isinstance(state.checkouts, Unavailable) else state.checkouts.uncompared
    if uncompared:
        where = f"{len(uncompared)} branches of open tasks, {uncompared[0]} the first"
        yield Unseen(
            kind="branches",
            where=where,
            why="200 are compared unasked, and none with files that this clone hasn't",
            cure="--branches GLOB",
        )


def _cure(checkout: Checkout) -> str:
    if checkout.path is None:
        return "git fsck"
    if checkout.defect != "missing":
        return f"git worktree repair {checkout.path}"
    if checkout.locked:
        return "git worktree unlock it where its disk won't come back"
    return "git worktree repair PATH if it was moved to PATH, git worktree prune if it was removed"
