"""Where tombstones beside root's are looked for: in worktrees, and at the tips of branches that no worktree is on."""

from collections.abc import Mapping, Sequence

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.sources import CheckoutSource, Sources
from taskcheck.read.objects import Objects
from taskcheck.read.questions import Further


@frozen
class OwnTombstones:
    """Reads what worktrees and branches may record of the runs of their own tasks."""

    sources: Sources
    """Root's files."""
    pattern: str
    """Where tombstones lie in the store; empty for nowhere."""
    prefix: str
    """The store's folder within a checkout."""
    trunk: str | None
    further: Further
    """Tells what they may be called."""

    def in_worktrees(self, checkouts: list[CheckoutSource]) -> list[CheckoutSource]:
        """Return worktrees with the tombstones in them that may be of their own tasks, and that root hasn't as is."""
        if not self.pattern or not checkouts:
            return checkouts
        from taskcheck.read.tombstones import read_tombstones

        return read_tombstones(checkouts, self.sources, self.pattern, self.prefix, self.trunk, self.further)

    def at_tips(self, objects: Objects, tips: Mapping[str, str]) -> list[CheckoutSource]:
        """Return those branches, and nothing else of them, that have committed such tombstones.

        Args:
            objects: of the repository.
            tips: the branches' commits by short name.

        Raises:
            GitSilent: git gives no answer at all.
        """
        if not self.pattern or not tips:
            return []
        from taskcheck.read.at_tips import read_at_tips

        return read_at_tips(objects, tips, self.sources, self.pattern, self.prefix, self.trunk, self.further)


def with_those_of(read: Sequence[CheckoutSource], branches: list[CheckoutSource]) -> list[CheckoutSource]:
    """Return branches with the tombstones that were read of some of them."""
    known = {held.name: held.tombstones for held in read}
    return [replace(held, tombstones=known.get(held.name, ())) for held in branches] if known else branches
