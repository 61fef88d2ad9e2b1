"""register-orphan."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from taskcheck import (
    Checkouts,
    Copies,
    Dispatch,
    Dispatches,
    DispatchState,
    DropEntry,
    Entry,
    Evidence,
    Finding,
    Fix,
    HandEdit,
    Processes,
    Pulls,
    Rows,
    Settings,
    Severity,
    Stage,
    Task,
    Tasks,
    Undecided,
    rule,
)
from taskcheck_rules.ends import called_running, ended_at
from taskcheck_rules.parts import is_before, other_title, stands_for_several
from taskcheck_rules.register._hidden import hidden
from taskcheck_rules.register._outlived import Outlived, began, finished_task, landed_work, lost_worktree
from taskcheck_rules.register._whereabouts import Whereabouts, demand_history, whereabouts
from taskcheck_rules.traces import another_branch, last_record
from taskcheck_rules.wording import minute, phrase, said_left


@rule(
    family="register",
    severity=Severity.ERROR,
    explains=("snapshot-mismatch", "registered_yes_but_completed"),
    stops_dispatch=True,
    remedy=HandEdit("the entry is gone"),
)
def register_orphan(
    entry: Entry,
    tasks: Tasks,
    settings: Settings,
    now: datetime,
    dispatches: Dispatches,
    checkouts: Checkouts | None = None,
    copies: Copies | None = None,
    trunk: str | None = None,
    processes: Processes | None = None,
    pulls: Pulls | None = None,
    rows: Rows | None = None,
    tracked: frozenset[str] | None = None,
) -> Iterator[Finding]:
    """A register entry has outlived its task, its branch, its pull request or its worktree.

    ## Why
    The number of active workers is too high, and a dead worktree looks alive.

    ## Example
    The task is completed but still registered. Or its branch is merged. Or the entry was made more than `pickup_grace`
    ago, and its worktree doesn't exist and isn't listed by git. The finding is a warning if the run ended more than
    `pickup_grace` ago but the task isn't done. It is also a warning if the worker has been gone for `pickup_grace`, and
    the task is neither ready nor active. broken-worktree reports a worktree that is only broken.

    There is no finding in these cases:

    - A live process holds the entry, or the missing worktree is locked in git.
    - The worktree is on another host, or its parent folder doesn't exist.
    - It is unknown whether the branch is merged.
    - The merged branch or pull request belongs to an earlier run: it landed before the entry was made.

    ## Fix
    Removes the entry and nothing else. The fix is safe if the worker is known to be dead (its process on this host is
    gone, or its end is recorded), if nothing has moved for `in_progress_max_idle`, or if the entry names no worker.
    Until then, it is unsafe and states when it becomes safe.

    The fix is also unsafe in these cases:

    - The worker may be alive: its log was written or a heartbeat was sent within `clock_skew`, or a process is at work
      in its worktree.
    - A process of its number is alive. It began later than recorded, but before the register was last written.
    - A fresh snapshot calls its run running. Or git tracks the register, and the entry names no host.
    - The finding is a warning, nothing else records the pull request, or the task was reopened or got another title.
    - The branch or the worktree says that work is left, the merge may not have been of all of it, or another branch
      of the task, with commits from after the entry was made, hasn't landed.
    - The task is open, and its worktree has commits on no branch, uncommitted code or a rebase, or is a clone.
    - The missing worktree was moved by git, lies in another, or is spelled otherwise; or its branch is checked out.
    - All commits of the merged branch are older than the entry; or the task is done, and work of it isn't on trunk.
    - Root's last commit has the task, though its file isn't on disk.
    - The task may be held by a branch, by a worktree that can't be read, or under a name in another spelling: of a file
      or folder that isn't read as a task, say, or with a number before it.
    - Root has deleted the task's file, and a worktree still has it.
    - A branch, a stash or a submodule may have the file, which root's history never had.
    - The entry is younger than `pickup_grace`, and its task has no file yet.

    There is no fix if several tasks have this id.
    """
    if dispatches.held(entry):
        return
    if entry.doubtful:
        raise Undecided("a part of an entry that may name a live process can't be used")
    where = whereabouts(entry, tasks, copies)
    history_known = checkouts is None or trunk is not None
    may_be = partial(hidden, entry, tasks, checkouts, settings, now)
    outlived = (
        finished_task(entry, where, checkouts, may_be, history_known=history_known)
        or landed_work(entry, checkouts, settings, trunk, pulls)
        or lost_worktree(entry, checkouts, settings, now, processes, tracked)
    )
    if outlived is not None:
        unclear = stands_for_several(entry.task, tasks, copies)
        another = another_branch(entry.task, checkouts, began(entry, settings))
        running = _called_running(entry, rows, dispatches.run_of(entry), settings, now)
        doubt = _doubt(entry, where.task, dispatches, copies, checkouts) or another or running
        yield _orphan(entry, outlived, doubt, unclear=unclear)
        return
    if where.unreadable:
        raise Undecided("a task file that may be an entry's can't be read")
    run = _run_over(entry, where.task, dispatches, now - settings.limits.pickup_grace)
    if run is not None:
        yield _left_over(entry, where, run)
        return
    demand_history(entry, where, checkouts, trunk)


def _doubt(
    entry: Entry, task: Task | None, dispatches: Dispatches, copies: Copies | None, checkouts: Checkouts | None
) -> str:
    """Return why an entry is to stay for now, whatever it has outlived; empty where nothing speaks for it."""
    protection = dispatches.protection(entry) or last_record(entry, task, dispatches, copies)
    left = said_left(entry.task, task, copies, checkouts)
    return protection or left or other_title(dispatches.run_of(entry))


def _called_running(entry: Entry, rows: Rows | None, run: Dispatch | None, settings: Settings, now: datetime) -> str:
    """Return that a fresh snapshot, which is newer than the end of the run, calls it running."""
    fresh = now - settings.limits.snapshot_max_age
    since = max(fresh, ended_at(run) or fresh)
    return called_running(entry.task, rows, since, settings)


def _run_over(entry: Entry, task: Task | None, dispatches: Dispatches, grace: datetime) -> Dispatch | None:
    """Return the run that the entry is part of, when it has ended, or its worker is gone and nobody waits for it.

    A gone worker of a ready or active task is worker-gone's. What moved after the grace began may be ending yet, or its
    manager has yet to see the end.
    """
    run = dispatches.run_of(entry)
    if run is None or is_before(grace, run.moved):
        return None
    if run.state is DispatchState.ENDED:
        return run
    is_waited_for = task is None or task.stage in {Stage.READY, Stage.ACTIVE}
    if entry.is_reservation or is_waited_for or run.state is not DispatchState.GONE:
        return None
    return run if run.moved is not None else None


def _orphan(entry: Entry, outlived: Outlived, doubt: str, *, unclear: bool) -> Finding:
    """Return the finding of an entry that nobody needs; without a repair where its id is that of several tasks."""
    fix = None if unclear else _removal(entry, outlived.doubt or doubt)
    return _finding(entry, outlived, severity=outlived.severity, fix=fix)


def _left_over(entry: Entry, where: Whereabouts, run: Dispatch) -> Finding:
    """Return the warning about an entry whose run is over while its task isn't done."""
    why = f"the task is {where.status}; its manager may still need the entry"
    if run.state is DispatchState.ENDED:
        ended = Evidence(place=run.place, saw="the run has ended")
        outlived = Outlived(reason="its run has ended", evidence=ended)
        return _finding(entry, outlived, severity=Severity.WARNING, fix=_removal(entry, why), kind=("ended",))
    gone = Evidence(place=run.place, saw=run.why)
    outlived = Outlived(reason=f"its worker is gone and the task is {where.status}", evidence=gone)
    return _finding(entry, outlived, severity=Severity.WARNING, fix=_removal(entry, why), kind=("gone",))


def _removal(entry: Entry, why: str = "") -> Fix:
    """Return the fix that takes the entry out of every register that holds it."""
    edits = tuple(DropEntry(place=place) for place in entry.places)
    return Fix.unless(why, title="remove the entry", edits=edits)


def _finding(
    entry: Entry, outlived: Outlived, *, severity: Severity, fix: Fix | None, kind: tuple[str, ...] = ()
) -> Finding:
    """Return what is wrong with an entry."""
    since = phrase(", registered ", minute(entry.registered_at))
    saw = f"in the register of {entry.manager}{since}"
    registered = tuple(Evidence(place=place, saw=saw) for place in entry.places)
    worktree = entry.worktree_path or ""
    return Finding(
        task=entry.task,
        place=entry.place,
        message=f"{entry.task} is still registered by {entry.manager}, but {outlived.reason}",
        expected="no entry in the register",
        evidence=(*registered, outlived.evidence),
        fix=fix,
        severity=severity,
        identity=(entry.manager, worktree, *kind),
    )
