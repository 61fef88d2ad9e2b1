"""What was not looked at, which a report tells beside what it found."""

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import phrase

FILES = "files"
"""The kind of what wasn't looked at that is a file, not a checkout."""

HISTORY = "history"
"""That is what this clone hasn't of the history."""

STORE = "store"
"""That is another store in the same folder."""


@frozen(kw_only=True)
class Unseen:
    """Something that was not looked at: what it says isn't known."""

    kind: str
    """``trunk``, ``worktree``, ``branch``, ``branches``, `HISTORY`, `STORE` or `FILES`."""
    where: str
    """What a report calls it."""
    why: str
    cure: str = ""
    """What would make it visible, as far as that is known."""

    @property
    def told(self) -> str:
        """What there is to say of it, in one line."""
        cure = phrase(" (help: ", self.cure, ")")
        return f"{self.where}: {self.why}{cure}"
