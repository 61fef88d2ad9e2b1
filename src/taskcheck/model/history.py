"""What root's own line says of branches, of pull requests and of files that ledgers name."""

from datetime import datetime

from taskcheck.documents.frozen import frozen

REMOTE = "origin/"
"""What stands before the name of a branch that was fetched of the usual remote."""


@frozen(kw_only=True)
class Brought:
    """A commit of root's own line whose subject says what it brought in: a branch, or a pull request."""

    commit: str
    at: datetime
    subject: str
    branches: frozenset[str] = frozenset()
    """Names that may be those of the branch that it merged."""
    number: int | None = None
    """Of the pull request."""
    reverted_by: str | None = None
    """The commit that says it takes this one back, and that nothing takes back itself."""
    reverted_at: datetime | None = None
    perhaps_reverted: bool = False
    """Whether a later commit takes back something of which it only gives a title."""


@frozen(kw_only=True)
class Moved:
    """A task file that a commit of root's own line took away, and one that it added: perhaps the same, renamed."""

    before: str
    """Its path."""
    after: str
    was: bytes
    became: bytes
