"""Who speaks for a worktree that can't be compared: the tip of its branch."""

from collections.abc import Mapping

from taskcheck.assemble.naming import by_branch
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.task import Checkout


def with_tips(checkouts: Checkouts, recorded: Mapping[str, str | None], settings: Settings) -> Checkouts:
    """Return checkouts, with the tip of its branch as each task's own where its own worktree can't be compared.

    Args:
        checkouts: with whose each is.
        recorded: the branch that the newest record of each task names, by task.
        settings: the store's.
    """
    tips = by_branch(filter(_is_tip, checkouts))
    own = dict(checkouts.by_task)
    by_name = {}
    broken = {}
    for task, worktree in checkouts.by_task.items():
        branch = worktree.branch or recorded.get(task) or settings.branch_of(task) or ""
        tip = tips.get(branch)
        if tip is None or not _is_broken(worktree):
            continue
        own[task] = by_name[tip.name] = _for(worktree, tip)
        broken[task] = worktree
    if not broken:
        return checkouts
    everything = [by_name.get(checkout.name, checkout) for checkout in checkouts]
    return replace(checkouts, all=tuple(everything), by_task=own, broken=broken)


def _is_tip(checkout: Checkout) -> bool:
    """Return whether a checkout is the tip of a branch that no worktree is on."""
    return checkout.path is None


def _is_broken(checkout: Checkout) -> bool:
    """Return whether a checkout is a worktree that can't be compared."""
    is_worktree = checkout.path is not None
    return is_worktree and not checkout.live


def _for(worktree: Checkout, tip: Checkout) -> Checkout:
    """Return a branch tip that stands for a worktree; it knows of one that is there, or may be, and may say more."""
    if worktree.is_removed:
        return tip
    return replace(tip, instead_of=worktree.spoken)
