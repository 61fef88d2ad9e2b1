"""unregistered-worktree."""

from collections.abc import Iterator

from taskcheck import (
    Checkout,
    Checkouts,
    Dispatch,
    Dispatches,
    Entries,
    Entry,
    Evidence,
    Finding,
    Fork,
    Ledger,
    Place,
    Severity,
    Stage,
    Task,
    Undecided,
    rule,
)
from taskcheck_rules.parts import rows_lost, run_of
from taskcheck_rules.remedies import FINISH
from taskcheck_rules.wording import phrase, status_of


@rule(
    family="register",
    severity=Severity.WARNING,
    stops_dispatch=True,
    remedy=FINISH,
)
def unregistered_worktree(
    task: Task,
    checkouts: Checkouts,
    entries: Entries,
    ledgers: tuple[Ledger, ...] | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """An active task has a worktree, but no register has an entry for it.

    ## Why
    No manager watches this worktree, so nobody notices if its worker dies.

    ## Example
    `.worktrees/fix-login` exists, fix-login is `in_progress`, and no register has an entry for it. Or the entry names
    another worktree, but `.worktrees/fix-login`, which belongs to the task by its name, has commits from after the
    start of the run: somebody is working on the task a second time.

    ## Fix
    None: the manager has to register the worktree, or somebody has to end the work.
    """
    if task.stage is not Stage.ACTIVE:
        return
    run = run_of(dispatches, task.id)
    for checkout in (checkouts.of(task.id), _second_attempt(task, checkouts, run)):
        if checkout is None or checkout.path is None or not checkout.live:
            continue
        if _registered(task, checkout, checkouts, entries):
            continue
        if rows_lost(ledgers):
            raise Undecided("a register that may know its worktree can't be read")
        yield _finding(task, checkout, checkout.path)


def _second_attempt(task: Task, checkouts: Checkouts, run: Dispatch | None) -> Checkout | None:
    """Return the task's checkout by its name, beside a recorded one, with commits that were made since a run began."""
    attempt = checkouts.attempts.get(task.id)
    if attempt is None or not isinstance(attempt.fork, Fork):
        return None
    newest = attempt.fork.newest_commit_at
    began = run.began if run is not None else None
    if newest is None or began is None or newest <= began:
        return None
    return attempt


def _registered(task: Task, checkout: Checkout, checkouts: Checkouts, entries: Entries) -> bool:
    """Return whether an entry of the task may be for the worktree, or any entry names its folder."""
    if any(not _elsewhere(entry, checkout) for entry in entries.of(task.id)):
        return True
    return checkout.name in checkouts.registered


def _elsewhere(entry: Entry, checkout: Checkout) -> bool:
    """Return whether an entry names a folder of its own, and not the worktree's branch."""
    names_folder = bool(entry.worktree_path)
    other_branch = entry.branch != checkout.branch
    return names_folder and other_branch


def _finding(task: Task, checkout: Checkout, path: str) -> Finding:
    """Return the finding that no register knows the worktree at a path."""
    branch = phrase(" on branch ", checkout.branch)
    worktree = Evidence(place=Place(path=path), saw=f"a worktree{branch}")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} is {task.status} in worktree {path}, which no register names",
        expected="an entry in the register of its manager",
        evidence=(status_of(task), worktree),
        identity=(checkout.name,),
    )
