"""What a check did not look at, which a report lists beside the findings."""

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import phrase

FILES = "files"
"""The kind for files that were not looked at."""

HISTORY = "history"
"""The kind for history that this clone doesn't have."""

STORE = "store"
"""The kind for another store in the same folder."""


@frozen(kw_only=True)
class Unseen:
    """Something that was not looked at, so its content is unknown."""

    kind: str
    """``trunk``, ``worktree``, ``branch``, ``branches``, `HISTORY`, `STORE` or `FILES`."""
    where: str
    """Its name in a report."""
    why: str
    cure: str = ""
    """The action that would make it visible, if it is known."""

    @property
    def told(self) -> str:
        """The place, the reason and the cure in one line."""
        cure = phrase(" (help: ", self.cure, ")")
        return f"{self.where}: {self.why}{cure}"
