"""What is recorded of a store's incidents: what stands, what was closed, what changed, and how long that took."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.episode import Episode, Kind
from taskcheck.model.finding import REPOSITORY


@frozen(kw_only=True)
class Mean:
    """How long it took until incidents were closed, of one rule or one owner."""

    name: str
    closed: int
    mean: timedelta


def means(closed: Iterable[Episode], name_of: Callable[[Episode], str]) -> list[Mean]:
    """Return the mean time from the first sight of an incident to its closing, the longest first."""
    lengths: dict[str, list[timedelta]] = {}
    for episode in closed:
        if episode.closed is not None:
            lengths.setdefault(name_of(episode), []).append(max(episode.closed - episode.first, timedelta()))
    found = []
    for name, each in lengths.items():
        found.append(Mean(name=name, closed=len(each), mean=sum(each, timedelta()) / len(each)))
    return sorted(found, key=lambda mean: (-mean.mean, mean.name))


def rule_of(episode: Episode) -> str:
    """Return the rule that headed an incident."""
    return episode.headline


def owner_of(episode: Episode) -> str:
    """Return whose an incident was."""
    return episode.owner or episode.manager or REPOSITORY


@frozen(kw_only=True)
class Change:
    """What became of an incident at a look, as it is recorded."""

    look: int
    """The number of the look."""
    kind: Kind
    at: datetime
    task: str | None
    manager: str | None
    title: str
    owner: str | None
    severity: str
    headline: str
    was: str | None
    """The rule that headed it before; None unless its headline changed."""
    message: str
    fingerprint: str
    """Of the finding that heads it."""
    first: datetime
    """The look that first saw it."""
    looks: int
    """In how many looks it was seen until then."""
    reopened: int
    """How many earlier incidents of its subject had a finding of it."""
    repair: str | None
    """The fix that closed it; None where none is known to have."""

    @property
    def subject(self) -> str:
        """What a report calls what it is about."""
        return self.task or self.manager or REPOSITORY


@frozen(kw_only=True)
class Chronicle:
    """What is recorded of a store's incidents, or of those of one task or manager."""

    store: str
    now: datetime
    since: datetime | None
    """What was closed before isn't told; None for all that is recorded."""
    last_look: datetime | None
    standing: tuple[Episode, ...]
    closed: tuple[Episode, ...]
    """The latest first."""
    changes: tuple[Change, ...]

    @property
    def rules(self) -> list[Mean]:
        """How long it took until incidents were closed, by the rule that headed them."""
        return means(self.closed, rule_of)

    @property
    def owners(self) -> list[Mean]:
        """How long it took until incidents were closed, by owner."""
        return means(self.closed, owner_of)

    @property
    def subjects(self) -> list[str]:
        """The tasks and managers that incidents are about."""
        return sorted({episode.subject for episode in (*self.standing, *self.closed)})

    def about(self, subject: str) -> "Chronicle":
        """Return what is recorded of one task or manager."""
        return replace(
            self,
            standing=tuple(episode for episode in self.standing if episode.subject == subject),
            closed=tuple(episode for episode in self.closed if episode.subject == subject),
            changes=tuple(change for change in self.changes if change.subject == subject),
        )
