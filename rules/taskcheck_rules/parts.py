"""What rules ask of parts of the state that may not be there."""

from datetime import datetime

from taskcheck import (
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    Entries,
    Entry,
    Ledger,
    Manager,
    Pull,
    Pulls,
    Row,
    Rows,
    Settings,
    Snapshot,
    Task,
    Tasks,
    Tie,
    Undecided,
)


def entries_of(entries: Entries | None, task: str) -> tuple[Entry, ...]:
    """Return the register entries of a task; none without registers."""
    if entries is None:
        return ()
    return entries.of(task)


def rows_of(rows: Rows | None, task: str) -> tuple[Row, ...]:
    """Return the rows about a task in the newest snapshots; none without snapshots."""
    if rows is None:
        return ()
    return rows.of(task)


def pulls_of(pulls: Pulls | None, task: str) -> tuple[Pull, ...]:
    """Return the pull requests that ledgers record of a task; none where no forge was asked."""
    if pulls is None:
        return ()
    return pulls.of(task)


def called_open(task: Task, entries: Entries | None, pulls: Pulls | None) -> str:
    """Return that a register calls a pull request of the task open, where no forge says better; else nothing."""
    answered = any(pull.state for pull in pulls_of(pulls, task.id))
    states = {entry.pr_state.casefold() for entry in entries_of(entries, task.id) if entry.pr_state}
    return "a register calls its pull request open" if not answered and states & {"open", "draft"} else ""


def copies_of(copies: Copies | None, task: str) -> tuple[Copy, ...]:
    """Return the copies of a task that differ from root's; none without git."""
    if copies is None:
        return ()
    return copies.of(task)


def own_copy(copies: Copies | None, task: str) -> Copy | None:
    """Return the differing copy in the task's own worktree; None without git."""
    if copies is None:
        return None
    return copies.own(task)


def run_of(dispatches: Dispatches | None, task: str) -> Dispatch | None:
    """Return the newest run of a task; None where no ledger tells of runs."""
    if dispatches is None:
        return None
    return dispatches.of(task)


def names_pull(task: Task, run: Dispatch, copies: Copies | None, rows: Rows | None) -> bool:
    """Return whether any ledger names a pull request of a task."""
    versions = [copy.task for copy in copies_of(copies, task.id)]
    ledgers = (task, *versions, *run.records, *rows_of(rows, task.id))
    return any(ledger.pull_request for ledger in ledgers)


def rows_lost(ledgers: tuple[Ledger, ...] | None) -> bool:
    """Return whether a register has entries that can't be read."""
    return any(ledger.lost_rows for ledger in ledgers or ())


def dated_snapshot(manager: Manager) -> tuple[Snapshot, datetime]:
    """Return the newest snapshot of a manager, and when it says that it was written; undecided where there is none."""
    snapshot = manager.newest_snapshot
    if snapshot is None:
        raise Undecided(f"no snapshot file of {manager.key}")
    if snapshot.generated_at is None:
        raise Undecided(f"no snapshot of {manager.key} says when it was written")
    return snapshot, snapshot.generated_at


def stands_for_several(task: str, tasks: Tasks, copies: Copies | None) -> bool:
    """Return whether an id is that of several tasks, in root or in another checkout: no fix can rest on it."""
    if tasks.ambiguous(task):
        return True
    return copies is not None and copies.has_second(task)


def other_title(run: Dispatch | None) -> str:
    """Return why a run may be another task's than the one whose file has its name; empty where nothing says so."""
    if run is None or run.renamed_from is None:
        return ""
    return f"the file had the title {run.renamed_from!r} then, so it may belong to another task now"


def doubt_of(copy: Copy) -> str:
    """Return why a copy's word doesn't move the task by a safe fix; empty where it does."""
    checkout = copy.checkout.spoken
    if copy.tie is None:
        return f"{checkout} isn't the task's own"
    if copy.tie is Tie.PRESUMED:
        return f"no ledger and no pattern names {checkout} as the task's own"
    if not copy.surely:
        return f"the file in {checkout} has another title: it may be another task"
    if copy.checkout.instead_of:
        return f"{copy.checkout.instead_of} can't be compared, and may say more"
    return ""


def not_the_end(copy: Task, settings: Settings, dispatch: Dispatch | None) -> str:
    """Return that the recorded end of a run doesn't go with the status of a copy; empty where it does.

    Root would have to be set to another one next, and the branch of the copy wouldn't merge with that.
    """
    outcome = dispatch.outcome if dispatch is not None else None
    if outcome not in settings.outcomes:
        return ""
    if settings.allows(outcome, copy.status):
        return ""
    return f"the run ended as {outcome}, which doesn't allow {copy.status}"


def built_on(root: Task, copy: Copy) -> bool:
    """Return whether a copy's branch began with the status that root has, and root had no other since.

    Then the worker started from that status, whenever it was committed: a rebase of root dates its commits anew.
    """
    first = copy.own_versions[-1:]
    began = {version.status for version in (copy.base, *first) if version is not None}
    since = {version.status for version in copy.root_versions}
    return root.status in began and since <= {root.status}


def is_before(one: datetime | None, other: datetime | None) -> bool:
    """Return whether a time is known to be before another one."""
    return one is not None and other is not None and one < other
