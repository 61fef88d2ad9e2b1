"""What a register entry has outlived, and the worktree among it."""

from datetime import datetime

from taskcheck import Checkouts, Entry, Evidence, Processes, Settings, Severity, Undecided, age, frozen
from taskcheck_rules.traces import work_elsewhere


@frozen(kw_only=True)
class Outlived:
    """What an entry has outlived, as the message says it, and who says so."""

    reason: str
    evidence: Evidence
    doubt: str = ""
    """Why that alone doesn't let the entry go."""
    severity: Severity = Severity.ERROR


def lost_worktree(
    entry: Entry, checkouts: Checkouts | None, settings: Settings, now: datetime, processes: Processes | None
) -> Outlived | None:
    """Return what is told of a worktree of this host that is missing, and that git doesn't list any more."""
    path = entry.worktree_path
    if path is None or checkouts is None:
        return None
    is_missing = checkouts.missing(path)
    if not is_missing or not _maybe_of_this_host(entry, processes):
        return None
    return _missing_worktree(entry, path, checkouts, settings, now)


def _missing_worktree(
    entry: Entry, path: str, checkouts: Checkouts, settings: Settings, now: datetime
) -> Outlived | None:
    """Return what is told of a worktree that isn't there; nothing while it may yet be made."""
    began = entry.registered_at or entry.began
    if began is None:
        return None
    waited = now - began
    if waited <= settings.limits.pickup_grace:
        return None
    if checkouts.away(path):
        raise Undecided(f"its worktree {path} is missing and locked: it may lie on a disk that isn't there now")
    saw = f"no folder at {path}, {age(waited)} after it was registered"
    no_folder = Evidence(place=entry.place.at("worktree_path"), saw=saw)
    doubt = work_elsewhere(entry, checkouts)
    return Outlived(reason=f"its worktree {path} is missing", evidence=no_folder, doubt=doubt)


def _maybe_of_this_host(entry: Entry, processes: Processes | None) -> bool:
    """Return whether the entry is of the host that is looked at, as one that names none is."""
    if not entry.host:
        return True
    return processes is not None and processes.may_be_host(entry.host)
