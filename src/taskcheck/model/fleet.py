"""Many stores on one board: each with its report, or why there is none, and how old it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from taskcheck.documents.frozen import field, frozen
from taskcheck.documents.values import age
from taskcheck.model.finding import Severity
from taskcheck.model.report import Report

UNTRUSTED = 3
"""Exit code of what can't be trusted."""

_WORST = (0, 1, 4, 2, 3)
"""Exit codes, each worse than those before it."""


@frozen(kw_only=True)
class Member:
    """One store of a fleet, as it was last seen here, or as a report of another machine's check tells it."""

    name: str
    """What the board calls it; no other one of the fleet is called so."""
    where: str
    """The store's folder, or the file of its report."""
    is_received: bool = False
    """Whether a file brought its report: of another machine, or of another check."""
    report: Report | None = None
    """The last one; None where there never was any."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """That report as JSON values, as they came."""
    trouble: str = ""
    """Why the report isn't what there is now; empty while all is well."""
    code: int = 0
    """The exit code that the trouble makes."""
    took: float = 0.0
    """Seconds that the last look took."""
    looks: int = 0
    """How often it was looked at."""
    max_age: timedelta | None = None
    """How old a report that was received may be; None for a store that is looked at here."""
    skew: timedelta = timedelta(minutes=5)
    """How far its clock may be ahead."""

    def age(self, now: datetime) -> timedelta | None:
        """Return how old its report is; below nothing where it is ahead of our clock; None where there is none."""
        return now - self.report.now if self.report is not None else None

    def lateness(self, now: datetime) -> str:
        """Return why its report is too old to be believed, in words; empty where it isn't."""
        old = self.age(now)
        if old is None or self.max_age is None:
            return ""
        if old > self.max_age:
            return f"its report is {age(old)} old, and at most {age(self.max_age)} is allowed: it is late"
        if -old > self.skew:
            return f"its report is {age(-old)} ahead of this machine's clock, so its age is unknown"
        return ""

    def exit_code(self, now: datetime) -> int:
        """Return its exit code: that of its report, or of what keeps that from being believed."""
        codes = [self.code if self.trouble else 0]
        if self.report is not None:
            codes.append(self.report.exit_code)
        if self.lateness(now):
            codes.append(UNTRUSTED)
        return worst(codes)

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity its report has."""
        return self.report.count(severity) if self.report is not None else 0


@frozen(kw_only=True)
class Fleet:
    """Stores side by side, as of one moment."""

    now: datetime
    members: tuple[Member, ...]

    @property
    def exit_code(self) -> int:
        """The worst of all."""
        return worst([member.exit_code(self.now) for member in self.members])

    @property
    def unwell(self) -> tuple[tuple[Member, str], ...]:
        """The stores whose report isn't what there is now, each with why."""
        found = []
        for member in self.members:
            why = member.trouble or member.lateness(self.now)
            if why:
                found.append((member, why))
        return tuple(found)


def worst(codes: list[int]) -> int:
    """Return the worst of some exit codes: what can't be trusted, then what can't be used, then nothing to check."""
    return max(codes, key=_rank, default=0)


def _rank(code: int) -> int:
    """Return how bad an exit code is; one that is none of ours is as bad as any."""
    return _WORST.index(code) if code in _WORST else len(_WORST)
