"""An incident in time: from the look that first saw it to the first that no longer did."""

from datetime import datetime
from enum import Enum

from taskcheck.documents.frozen import frozen
from taskcheck.model.finding import REPOSITORY

Key = tuple[str | None, str | None]
"""The task or the manager that an incident is about; neither for the repository."""


@frozen(kw_only=True)
class Episode:
    """An incident, as often and as long as it was seen."""

    task: str | None
    manager: str | None
    title: str
    owner: str | None
    severity: str
    headline: str
    """The rule that headed it when it was last seen."""
    fingerprint: str
    """Of the finding that headed it."""
    message: str
    """What that finding said."""
    findings: tuple[tuple[str, str], ...]
    """Fingerprint and rule of each finding, when it was last seen."""
    first: datetime
    """The look that first saw it."""
    last: datetime
    """The look that last saw it."""
    looks: int = 1
    """In how many looks it was seen."""
    reopened: int = 0
    """How many earlier episodes of its subject had a finding of it."""
    closed: datetime | None = None
    """The first look that no longer saw it; None while it stands."""
    repair: str | None = None
    """The fix that closed it, as `taskcheck undo` names it; None where none is known to have."""
    id: int = 0
    """Its number in the record; 0 before it has one."""

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.task, self.manager

    @property
    def subject(self) -> str:
        """What a report calls what it is about."""
        return self.task or self.manager or REPOSITORY


class Kind(Enum):
    """What became of an incident from one look to the next."""

    OPENED = "opened"
    REOPENED = "reopened"
    """An earlier incident of the same subject came back."""
    CHANGED = "changed"
    """Another finding heads it."""
    CLOSED = "closed"


@frozen(kw_only=True)
class Transition:
    """What became of an incident at one look."""

    kind: Kind
    at: datetime
    episode: Episode
    """How it is since."""
    was: str | None = None
    """The rule that headed it before; None unless its headline changed."""


@frozen(kw_only=True)
class Repair:
    """A fix that was made, by hand or by a watch."""

    name: str
    """As `taskcheck undo` takes it."""
    at: datetime
    about: tuple[tuple[str, str], ...]
    """Rule and subject of each finding that it settled."""
