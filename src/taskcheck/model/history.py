"""What root's own line says of branches, pull requests and files that ledgers name, and what lies at such paths."""

from datetime import datetime

from taskcheck.documents.frozen import frozen

REMOTE = "origin/"
"""What stands before the name of a branch that was fetched of the usual remote."""

CUT_OFF = "history is cut off (shallow clone)"
"""Why nothing is known of where two histories parted, and of what was before."""


@frozen(kw_only=True)
class Moment:
    """A commit of root's history, and which others are older."""

    commit: str
    at: datetime
    rank: int = 0
    """Greater than those of all its ancestors; 0 for one of which only the time is known."""

    def after(self, other: "Moment") -> bool:
        """Tell whether a commit is newer than another of one line: by ancestry, where that is known, not by clocks."""
        if self.commit == other.commit:
            return False
        if self.rank and other.rank:
            return self.rank > other.rank
        return self.at > other.at


@frozen(kw_only=True)
class Brought:
    """A commit of root's own line whose subject says what it brought in: a branch, or a pull request."""

    made: Moment
    subject: str
    branches: frozenset[str] = frozenset()
    """Names that may be those of the branch that it merged."""
    number: int | None = None
    """Of the pull request."""
    reverted: Moment | None = None
    """The commit that says it takes this one back, and that nothing takes back itself."""
    perhaps_reverted: bool = False
    """Whether a later commit takes back something of which it only gives a title."""


@frozen
class Moved:
    """A task file that a commit of root's own line renamed, by its paths."""

    before: str
    after: str


@frozen(kw_only=True)
class OwnCommit:
    """A commit that a branch has of its own."""

    commit: str
    at: datetime
    subject: str


@frozen(kw_only=True)
class Uncompared:
    """Trunk as it was last fetched, where root can't be compared with it."""

    name: str
    """``origin/main``."""
    why: str
    is_shallow: bool = False
    """Whether it is only that this clone's history is cut off."""


@frozen(kw_only=True)
class RecordedPath:
    """What lies at a worktree path that a ledger names."""

    exists: bool
    """Also of one that may be there, and that this system can't look at."""
    parent_exists: bool
    inside: bool
    """Whether it is below root."""
    real: str
    """The path with links resolved."""
    defect: str | None = None
    """Why what lies there is no worktree, whether git lists it or not."""
    is_clone: bool = False
    """Whether it lies in a repository of its own, as a clone does."""

    @property
    def is_gone(self) -> bool:
        """Whether it isn't there, and its parent is, or it is one of root's own folders."""
        return not self.exists and (self.inside or self.parent_exists)


@frozen
class Met:
    """A file or folder that may be a task's, and isn't read as one."""

    path: str
    told: str
    """What is there, as a clause: ``branch planning has tasks/fix-login.md``."""
    holds_any: bool = False
    """Whether any task's file may lie in it, because nobody can look."""
