"""worktree-off-branch."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Checkout,
    Checkouts,
    Command,
    Dispatches,
    Evidence,
    Finding,
    Place,
    Settings,
    Severity,
    Task,
    Tasks,
    age,
    rule,
)
from taskcheck_rules.parts import run_of
from taskcheck_rules.traces import own_branches, records_of
from taskcheck_rules.wording import status_of


@rule(
    family="register",
    severity=Severity.WARNING,
    stops_dispatch=True,
    remedy=Command(
        ("git", "-C", "WORKTREE", "switch", "BRANCH"),
        blanks=(("WORKTREE", "the task's worktree"), ("BRANCH", "the task's own branch")),
    ),
)
def worktree_off_branch(
    task: Task,
    tasks: Tasks,
    checkouts: Checkouts,
    settings: Settings,
    now: datetime,
    trunk: str | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """The worktree of an open task has trunk, or the branch of another task, checked out.

    ## Why
    The worker commits to a wrong branch, and the task file in the worktree is that of another branch.

    ## Example
    The register names `.worktrees/fix-login` and `task/fix-login`, but `.worktrees/fix-login` has had `task/fix-logout`
    checked out for longer than `pickup_grace`. There is no finding for any other branch, or if the newest record
    assigns the worktree to the other task.

    ## Fix
    None: check out the task's branch in the worktree, or correct the record.
    """
    if task.closed:
        return
    own = own_branches(task, settings, run_of(dispatches, task.id))
    for checkout in _worktrees(task, checkouts, settings, dispatches):
        branch = checkout.branch or ""
        if branch in own:
            continue
        whose = _whose(branch, checkout, task, tasks, checkouts, trunk)
        since = now - (checkout.switched_at or now)
        if whose and since > settings.limits.pickup_grace:
            yield _finding(task, checkout, whose, age(since), own)


def _worktrees(
    task: Task, checkouts: Checkouts, settings: Settings, dispatches: Dispatches | None
) -> Iterator[Checkout]:
    """Yield the worktrees at the paths that the newest run's records name, and the one at the path of its name."""
    found: dict[str, Checkout] = {}
    for record in records_of(run_of(dispatches, task.id)):
        checkout = checkouts.at(record.worktree_path)
        if checkout is not None:
            found[checkout.name] = checkout
    own = checkouts.of(task.id)
    if own is not None and own.path == settings.worktree_of(task.id):
        found[own.name] = own
    yield from found.values()


def _whose(branch: str, checkout: Checkout, task: Task, tasks: Tasks, checkouts: Checkouts, trunk: str | None) -> str:
    """Return, in words, what the branch is that a worktree has checked out; empty where it may be any."""
    if branch == trunk:
        return "trunk"
    name = checkouts.branch_owners.get(branch, task.id)
    if name == task.id:
        return ""
    other = tasks.get(name)
    if other is None:
        return ""
    used_again = checkouts.by_record(other.id) == checkout
    if used_again:
        return ""
    return f"the branch of {other.id}"


def _finding(task: Task, checkout: Checkout, whose: str, since: str, own: set[str | None]) -> Finding:
    """Return the finding that a worktree has something else than one of a task's own branches checked out."""
    path, branch = checkout.path or checkout.name, checkout.branch or ""
    there = Evidence(place=Place(path=path), saw=f"{branch} is checked out")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"worktree {path} of {task.id} has had {branch} ({whose}) checked out for {since}",
        expected="the task's own branch in its worktree",
        evidence=(status_of(task), there),
        identity=(checkout.name, branch),
        remedy=_switch(path, own),
    )


def _switch(path: str, own: set[str | None]) -> Command:
    """Return the command that checks out the task's own branch in a worktree; a person says which of several."""
    blank = ("BRANCH", "the task's own branch")
    branch = next(iter(own)) if len(own) == 1 else None
    blanks = () if branch else (blank,)
    return Command(("git", "-C", path, "switch", branch or blank[0]), blanks=blanks)
