"""What every ledger says about one task, or one manager, in order of time."""

from datetime import datetime, timedelta

from taskcheck.documents.frozen import frozen
from taskcheck.model.finding import Finding
from taskcheck.model.task import Place


@frozen(kw_only=True)
class Event:
    """Something that a ledger says happened to a task."""

    what: str
    """In a few words."""
    source: str
    """Who says so: ``root``, ``worktree fix-login``, ``git``, ``register``, ``tombstone``, ``log``, ``heartbeat`` …"""
    at: datetime | None
    """None where no ledger says when."""
    place: Place | None = None
    """Where it is written; None for what git or a forge tells."""
    doubt: str = ""
    """Why its time can't be taken as it stands."""
    silence: timedelta | None = None
    """How long nothing was recorded before it, where that is longer than a worker may be quiet."""
    findings: tuple[Finding, ...] = ()
    """What stopped agreeing with it."""


@frozen(kw_only=True)
class Condition:
    """How something about the task stands now: its file in root, its worker, its branch."""

    name: str
    value: str
    since: datetime | None = None
    place: Place | None = None


@frozen(kw_only=True)
class Timeline:
    """What every ledger says about one task, or one manager."""

    subject: str
    """The task's id, or the manager's key."""
    title: str
    now: datetime
    conditions: tuple[Condition, ...]
    events: tuple[Event, ...]
    """In order of time; those of which nobody knows when, last."""
    quiet: timedelta | None = None
    """How long nothing was recorded until now, where that is longer than a worker may be quiet and the task is open."""
    gaps: tuple[str, ...] = ()
    """What of its history isn't known, and why."""
