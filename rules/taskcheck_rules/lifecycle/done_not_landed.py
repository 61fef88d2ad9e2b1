"""done-not-landed."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Copies,
    Dispatch,
    Dispatches,
    Entries,
    Evidence,
    Finding,
    HandEdit,
    Place,
    Pulls,
    Refuted,
    Rows,
    Severity,
    Stage,
    Task,
    rule,
)
from taskcheck_rules.parts import entries_of, names_pull, pulls_of, run_of
from taskcheck_rules.wording import status_of


@rule(
    family="lifecycle",
    severity=Severity.WARNING,
    remedy=HandEdit("the status says what is left to do; or land the work"),
)
def done_not_landed(
    task: Task,
    trunk: str,
    checkouts: Checkouts,
    dispatches: Dispatches | None = None,
    entries: Entries | None = None,
    copies: Copies | None = None,
    rows: Rows | None = None,
    pulls: Pulls | None = None,
) -> Iterator[Finding]:
    """A task is done, but its work isn't on trunk.

    ## Why
    Tasks that wait for this one start without the work that they need, and nobody takes care of the branch.

    ## Example
    fix-login is `completed`. Its tombstone names `task/fix-login`. Two commits of that run on this branch never reached
    main, although main has moved since. Or the pull request was merged, and the merge was reverted after the task was
    done. Or the run ended as `completed_with_pr`, no ledger names a pull request, and a branch that it names still
    exists and hasn't landed.

    A branch counts only if a ledger or the front matter assigns it to the task, and no newer record assigns it to
    another task. A worktree on no branch counts if a record assigns it and names neither a branch nor a pull request,
    and if no branch ends at its commit. There is no finding in these cases:

    - A register or the forge says that the pull request is merged.
    - Git can't prove that the branch hasn't landed, because trunk has changed the same files since.
    - The task was dropped. A dropped task claims no finished work.

    ## Fix
    None: merge the work, or reopen the task.
    """
    if task.stage is not Stage.DONE:
        return
    refuted = checkouts.refutation(task.id)
    if refuted is not None and refuted.reverted:
        yield _reverted(task, refuted, trunk)
        return
    if refuted is not None and not _recorded_as_merged(task, trunk, entries, pulls):
        yield _unmerged(task, refuted, trunk)
        return
    run = run_of(dispatches, task.id)
    if run is None or run.outcome != "completed_with_pr" or names_pull(task, run, copies, rows):
        return
    if not _may_have_landed(run, checkouts):
        yield _without_pull(task, run)


def _recorded_as_merged(task: Task, trunk: str, entries: Entries | None, pulls: Pulls | None) -> bool:
    """Return whether a register or the forge says that a pull request of the task is merged."""
    by_register = any(entry.says_merged for entry in entries_of(entries, task.id))
    return by_register or any(pull.merged_into(trunk) for pull in pulls_of(pulls, task.id))


def _may_have_landed(run: Dispatch, checkouts: Checkouts) -> bool:
    """Return whether a branch of the run may have landed, or is gone: whoever deleted it knew what became of it."""
    for record in run.records:
        if not record.branch:
            continue
        merge = checkouts.merge(record.branch)
        if merge is None or merge.merged is True:
            return True
        has_commits = merge.tip != merge.fork
        if merge.merged is None and has_commits:
            return True
    return False


def _reverted(task: Task, refuted: Refuted, trunk: str) -> Finding:
    """Return the finding that what landed was taken back."""
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} is {task.status}, but {refuted.what} was later reverted on {trunk}",
        expected=f"its work on {trunk}, or a task that isn't done",
        evidence=(status_of(task), Evidence(place=task.place, saw=refuted.proof)),
        identity=("reverted", refuted.what),
    )


def _unmerged(task: Task, refuted: Refuted, trunk: str) -> Finding:
    """Return the finding that a branch never landed."""
    there = Place(path=task.place.path, checkout=refuted.checkout)
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} is {task.status}, but {refuted.what} has commits that never reached {trunk}",
        expected=f"its work on {trunk}, or a task that isn't done",
        evidence=(status_of(task), Evidence(place=there, saw=refuted.proof)),
        identity=("unmerged", refuted.what),
    )


def _without_pull(task: Task, run: Dispatch) -> Finding:
    """Return the finding that the run's outcome speaks of a pull request that nobody knows."""
    ended = Evidence(place=run.place, saw="outcome is completed_with_pr, and no pull request")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} is {task.status} after a run with completed_with_pr, but no ledger names a pull request",
        expected="pr_url or pr_number in the task file, the tombstone or the register",
        evidence=(status_of(task), ended),
        identity=("no pull request",),
    )
