"""The address of a pull request, and what its forge says of it."""

from datetime import datetime
from typing import Literal

from taskcheck.documents.frozen import frozen


@frozen
class PullAddress:
    """The address of a pull request."""

    host: str
    """Of its forge, in lower case; with the port where its URL names one."""
    repository: str
    """``owner/name``; on some forges with more folders."""
    number: int

    @property
    def fold(self) -> tuple[str, str, int]:
        """A key that is equal for two spellings of one address; forges ignore case."""
        return self.host, self.repository.casefold(), self.number

    def __str__(self) -> str:
        return f"{self.repository}#{self.number} on {self.host}"


@frozen(kw_only=True)
class PullState:
    """The state of a pull request on its forge."""

    state: Literal["open", "merged", "closed"]
    into: str | None = None
    """The branch that it is made for."""
    commit: str | None = None
    """Id of the commit on that branch that the merge made."""
    at: datetime | None = None
    """When it was merged or closed."""
