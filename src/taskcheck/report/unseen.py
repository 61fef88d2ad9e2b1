"""What was not looked at: worktrees that can't be compared, and histories that can't be told."""

from collections.abc import Iterator

from taskcheck.model.checkouts import Unseen
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout


def unseen(state: State) -> tuple[Unseen, ...]:
    """Return what was not looked at, in the order of the checkouts."""
    return tuple(_checkouts(state))


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
            kind="branches", where=where, why="200 are compared without being asked for", cure="--branches GLOB"
        )


def _cure(checkout: Checkout) -> str:
    if checkout.path is None:
        return "git fsck"
    if checkout.defect != "missing":
        return f"git worktree repair {checkout.path}"
    if checkout.locked:
        return "git worktree unlock it where its disk won't come back"
    return "git worktree repair PATH where it was moved to, else git worktree prune"
