"""unregistered-worktree."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Entries,
    Evidence,
    Finding,
    Ledger,
    Place,
    Severity,
    Stage,
    Task,
    Undecided,
    rule,
)


@rule(family="register", severity=Severity.WARNING, stops_dispatch=True)
def unregistered_worktree(
    task: Task, checkouts: Checkouts, entries: Entries, ledgers: tuple[Ledger, ...] | None = None
) -> Iterator[Finding]:
    """An active task has a worktree that no register knows.

    ## Why
    No manager watches what goes on there: a worker that dies in it is missed by nobody.

    ## Example
    `.worktrees/fix-login` is there, fix-login is `in_progress`, and no register has an entry for it.

    ## Fix
    None: its manager has to register it, or somebody has to end the work.
    """
    checkout = checkouts.of(task.id)
    if task.stage is not Stage.ACTIVE or checkout is None or not checkout.live or checkout.path is None:
        return
    elsewhere = [entry for entry in entries.of(task.id) if entry.worktree_path and entry.branch != checkout.branch]
    if len(elsewhere) < len(entries.of(task.id)) or any(checkouts.at(e.worktree_path) == checkout for e in entries):
        return
    if any(ledger.lost_rows for ledger in ledgers or ()):
        raise Undecided("a register that may know its worktree can't be read")
    branch = f" on branch {checkout.branch}" if checkout.branch else ""
    yield Finding(
        task=task.id,
        place=task.at("status"),
        message=f"it is worked on in {checkout.path}, which no register knows",
        expected="an entry in its manager's register",
        evidence=(
            Evidence(place=task.at("status"), saw=f"status is {task.status}"),
            Evidence(place=Place(path=checkout.path), saw=f"a worktree{branch}"),
        ),
        identity=(checkout.name,),
    )
