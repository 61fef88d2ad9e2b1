"""What git says of the work of a task: a branch of it has landed, a commit says so, or it isn't on trunk."""

from datetime import datetime
from enum import Enum

from taskcheck.documents.frozen import frozen
from taskcheck.model.history import Moment
from taskcheck.model.task import Tie


class End(Enum):
    """The state in which a branch that has landed left a task, according to its copy of the file."""

    UNCHANGED = "unchanged"
    """It left the status alone."""
    FINISHED = "finished"
    """It ends in review, or done."""
    ACTIVE = "active"
    """It ends in work."""
    LEFT = "left"
    """It ends parked, ready, stopped, dropped, or in a status outside the vocabulary: the branch itself doesn't say
    that its work is done."""


@frozen(kw_only=True)
class Landing:
    """A branch of a task that has landed on trunk."""

    branch: str
    proof: str
    landed: Moment
    """The last commit that brought it in."""
    tie: Tie
    """By what the branch is the task's own."""
    end: End
    made_at: datetime | None = None
    """When the newest of the branch's own commits was made."""
    said: str | None
    """The status in which the branch left the task; None where it left it alone."""
    pending: str | None = None
    """Another branch of the task that is there and hasn't landed; of several the one with the newest commit."""
    pending_at: datetime | None = None
    """When the newest of that one's own commits was made."""
    beyond: str = ""
    """Why there may be more of the work than what has landed: somebody is rebasing in its worktree, say."""
    sharer: str | None = None
    """Another task that a ledger or its front matter gives the same branch."""
    reopened: bool = False
    """Whether the task was closed since it landed, and is open again."""
    doubt: str = ""
    """What happened to the task since it landed, so that this doesn't prove it done."""

    @property
    def rest(self) -> str:
        """The other branch that hasn't landed, in words; empty where there is none."""
        return f"another branch of the task, {self.pending}, hasn't landed" if self.pending else ""

    def rest_since(self, began: datetime | None) -> str:
        """Return the same, but for a branch that was left before a run began."""
        is_earlier = self.pending_at is not None and began is not None and self.pending_at < began
        return "" if is_earlier else self.rest


@frozen(kw_only=True)
class Mention:
    """A commit of trunk whose subject names a branch or pull request that is recorded as an open task's own.

    That is a person's or a forge's word, and no proof.
    """

    what: str
    """``its branch task/fix-login``, or ``its pull request #12``."""
    commit: str
    at: datetime
    subject: str


@frozen(kw_only=True)
class Refuted:
    """Git's evidence against a task that is done in root: its work isn't on trunk."""

    what: str
    """``its branch task/fix-login``, ``its worktree fix-login`` or ``its pull request #12``."""
    proof: str
    reverted: bool
    """Whether it was there, and was taken back after the task was done; else it never landed."""
    branch: str | None = None
    checkout: str = "root"
    """What has the commits, as a place names it: ``branch:task/fix-login``, ``worktree:fix-login``."""
    may_land: bool = False
    """Whether it may land yet, or has landed in commits that root lacks: that is no evidence, but records are kept."""

    @property
    def told(self) -> str:
        """The evidence in words."""
        if self.reverted:
            return f"{self.what} was reverted"
        verb = "aren't on trunk yet" if self.may_land else "never reached trunk"
        return f"{self.what} has commits that {verb}"
