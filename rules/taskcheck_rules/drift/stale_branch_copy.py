"""stale-branch-copy."""

from collections.abc import Iterator

from taskcheck import Copies, Copy, Dispatches, Evidence, Finding, Fork, Severity, Stage, Task, Undecided, rule


@rule(family="drift", severity=Severity.WARNING)
def stale_branch_copy(
    task: Task,
    copies: Copies,
    trunk: str,  # noqa: ARG001 - without root on trunk, nothing is known of what a merge would bring
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A branch changed a task's status to an earlier one, and its merge would set root back.

    ## Why
    Such a merge is clean: nobody is asked, and a task that was done is dispatched again.

    ## Example
    Root has said `completed` since before the branch began; on the branch the task says `ready`. Where root changed
    the status since, git reports a conflict, and where the branch left it alone, root's stays: neither is told here.
    Nor is work that a worker has taken up again, `needs_review_fix` to `in_progress`, until its dispatch is over.

    ## Fix
    None: take the change out of the branch, or set root back on purpose.
    """
    unknown = []
    for copy in copies.of(task.id):
        if copy.task.document is None:
            continue
        if not isinstance(copy.checkout.fork, Fork):
            unknown.append(f"{copy.checkout.name.replace(':', ' ', 1)}: {copy.checkout.fork.reason}")
        elif _sets_back(task, copy, dispatches):
            where = copy.checkout.name.replace(":", " ", 1)
            yield Finding(
                task=task.id,
                place=task.at("status"),
                message=f"a merge of {where} would set its status back from {task.status} to {copy.task.status}",
                expected=f"{where} leaves the status alone, or root has moved on",
                evidence=(
                    Evidence(place=task.at("status"), saw=f"status is {task.status}, as where the branch began"),
                    Evidence(place=copy.task.at("status"), saw=f"status is {copy.task.status}"),
                ),
                identity=(copy.checkout.name,),
            )
    if unknown:
        raise Undecided("; ".join(unknown))


def _sets_back(root: Task, copy: Copy, dispatches: Dispatches | None) -> bool:
    stage = copy.task.stage
    if copy.base is None or copy.base.status != root.status or stage is None or not stage.before(root.stage):
        return False
    dispatch = dispatches.of(root.id) if dispatches else None
    again = root.stage in {Stage.REVIEW, Stage.STOPPED} and stage is Stage.ACTIVE
    return not again or (dispatch is not None and dispatch.over)
