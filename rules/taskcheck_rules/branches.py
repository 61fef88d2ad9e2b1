"""Which branches are a task's, and what a copy on another one, or on none for now, is worth."""

from taskcheck import Checkouts, Copy, Dispatch, Entry, Settings, Stage, Task, Tombstone


def own_branches(task: Task, settings: Settings, run: Dispatch | None) -> set[str | None]:
    """Return the branches that the newest run's records or the front matter name the task's; else that of its name."""
    named = {task.text("branch")}
    for record in records_of(run):
        named.add(record.branch or None)
    named.discard(None)
    if named:
        return named
    return {settings.branch_of(task.id)}


def records_of(run: Dispatch | None) -> tuple[Entry | Tombstone, ...]:
    """Return the records of a run; none where there is no run."""
    if run is None:
        return ()
    return run.records


def in_between(
    task: Task, copy: Copy | None, checkouts: Checkouts | None, settings: Settings, run: Dispatch | None
) -> str:
    """Return why a task's file in its own worktree isn't what its branch says; empty where it is.

    Somebody is in the middle of a rebase there, say, or has checked out the branch of another task.
    """
    if copy is None or checkouts is None:
        return ""
    checkout = copy.checkout
    if checkout.under_way is not None:
        return f"{checkout.spoken} is in the middle of a {checkout.under_way}"
    branch = checkout.branch or ""
    whose = checkouts.branch_owners.get(branch, task.id)
    is_own = whose == task.id or branch in own_branches(task, settings, run)
    return "" if is_own else f"{checkout.spoken} has the branch of {whose} checked out"


def unlanded(copy: Copy | None) -> str:
    """Return that a copy calls its task done while its branch hasn't landed; empty where it doesn't, or may have."""
    if copy is None or not copy.checkout.is_to_land:
        return ""
    if copy.task.stage is not Stage.DONE:
        return ""
    return f"{copy.checkout.spoken} says {copy.task.status}, but its branch {copy.checkout.branch} hasn't landed"
