"""What a register entry has outlived: its task, its pull request, its branch, its worktree."""

from collections.abc import Callable
from datetime import datetime

from taskcheck import (
    Checkouts,
    End,
    Entry,
    Evidence,
    Place,
    Processes,
    Pull,
    Pulls,
    Settings,
    Severity,
    Tie,
    Undecided,
    age,
    frozen,
    replace,
)
from taskcheck_rules.parts import is_before, pulls_of
from taskcheck_rules.register._whereabouts import Whereabouts
from taskcheck_rules.traces import branch_of, work_elsewhere
from taskcheck_rules.wording import status_of


@frozen(kw_only=True)
class Outlived:
    """What an entry has outlived, as the message says it, and who says so."""

    reason: str
    evidence: Evidence
    doubt: str = ""
    """Why that alone doesn't let the entry go."""
    severity: Severity = Severity.ERROR


def finished_task(
    entry: Entry, where: Whereabouts, checkouts: Checkouts | None, may_be: Callable[[], str], *, history_known: bool
) -> Outlived | None:
    """Return what is told of a task that is done, put away, or not there at all."""
    task = where.task
    if task is not None and task.closed:
        unlanded = "" if checkouts is None or entry.says_merged else checkouts.unlanded(task.id)
        return Outlived(reason=f"it is {task.status}", evidence=status_of(task), doubt=unlanded)
    surely_absent = not where.there and not where.unreadable and history_known
    if not surely_absent:
        return None
    if where.archived is not None:
        in_archive = Evidence(place=where.archived.place, saw="in the archive")
        return Outlived(reason="it is in the archive", evidence=in_archive)
    folder = Place(path=entry.task_path or "tasks")
    nothing = Evidence(place=folder, saw=f"no task file with the id {entry.task}")
    return Outlived(reason="it has no task file", evidence=nothing, doubt=where.kept or may_be())


def landed_work(
    entry: Entry, checkouts: Checkouts | None, settings: Settings, trunk: str | None, pulls: Pulls | None
) -> Outlived | None:
    """Return what is told of a merge: by the forge, by the register unless the forge denies it, or by git."""
    known = pulls_of(pulls, entry.task)
    own = _recorded_by(entry, known)
    merged = _merged_pull(entry, own, settings, trunk)
    if merged is not None:
        of_forge = Evidence(place=entry.place, saw=merged.told)
        return Outlived(reason="its pull request is merged", evidence=of_forge)
    asked = own if entry.pull_request else known
    if entry.says_merged and not _denied(asked, trunk):
        of_register = Evidence(place=entry.place.at("pr_state"), saw="pr_state is merged")
        return Outlived(reason="its pull request is merged", evidence=of_register)
    return _merged_branch(entry, checkouts, settings, trunk)


def _recorded_by(entry: Entry, known: tuple[Pull, ...]) -> tuple[Pull, ...]:
    """Return the pull requests that the entry itself records."""
    return tuple(pull for pull in known if entry.place in pull.places)


def _merged_pull(entry: Entry, own: tuple[Pull, ...], settings: Settings, trunk: str | None) -> Pull | None:
    """Return the pull request that the entry records and that was merged, but not before the entry was made."""
    if trunk is None:
        return None
    start = began(entry, settings)
    for pull in own:
        of_earlier_run = pull.over_before(start)
        if pull.merged_into(trunk) and not of_earlier_run:
            return pull
    return None


def began(entry: Entry, settings: Settings) -> datetime | None:
    """Return when an entry was made at the earliest, should its clock be ahead."""
    if entry.began is None:
        return None
    return entry.began - settings.limits.clock_skew


def _denied(asked: tuple[Pull, ...], trunk: str | None) -> bool:
    """Return whether a forge says of a pull request that it isn't merged into trunk."""
    answered = [pull for pull in asked if pull.state]
    if trunk is None:
        return bool(answered)
    return not all(pull.merged_into(trunk) for pull in answered)


def _merged_branch(entry: Entry, checkouts: Checkouts | None, settings: Settings, trunk: str | None) -> Outlived | None:
    """Return what git proves of the entry's branch; nothing of what landed before the entry was made."""
    if checkouts is None or trunk is None:
        return None
    branch = branch_of(entry, checkouts)
    merge = checkouts.merge(branch)
    end = checkouts.end(branch, entry.task)
    if merge is None or merge.merged is not True or end is End.LEFT:
        return None
    start = began(entry, settings)
    if merge.landed_before(start):
        return None
    of_git = Evidence(place=entry.place.at("branch"), saw=merge.proof)
    reason = f"its branch {branch} is merged"
    by_name_alone = not entry.branch and checkouts.tie(entry.task) is not Tie.RECORD
    if by_name_alone:
        doubt = "no ledger names the branch: only its name links it to the task"
        return Outlived(reason=reason, evidence=of_git, doubt=doubt, severity=Severity.WARNING)
    doubt = ""
    if end is End.ACTIVE:
        doubt = "the branch itself left the task in work"
    elif is_before(merge.made_at, start):
        doubt = f"all commits of {branch} are older than the entry, so they may be others' work"
    return Outlived(reason=reason, evidence=of_git, doubt=doubt)


def lost_worktree(
    entry: Entry,
    checkouts: Checkouts | None,
    settings: Settings,
    now: datetime,
    processes: Processes | None,
    tracked: frozenset[str] | None,
) -> Outlived | None:
    """Return what is told of a worktree of this host that is missing, and that git doesn't list any more."""
    path = entry.worktree_path
    if path is None or checkouts is None:
        return None
    is_missing = checkouts.missing(path)
    if not is_missing or not _maybe_of_this_host(entry, processes):
        return None
    lost = _missing_worktree(entry, path, checkouts, settings, now)
    if lost is None or entry.host:
        return lost
    is_shared = entry.place.path in (tracked or ())
    if not is_shared:
        return lost
    return replace(lost, doubt="git tracks its register, so it may be another machine's")


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
