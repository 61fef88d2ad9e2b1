"""merged-not-completed."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Entries,
    Evidence,
    Finding,
    Fix,
    Place,
    Safety,
    SetKey,
    Settings,
    Severity,
    Stage,
    Task,
    rule,
)


@rule(
    family="lifecycle",
    severity=Severity.ERROR,
    explains=("lifecycle", "drift", "register", "dispatch_worker_gone", "dispatch_retry_cooldown", "stuck_in_progress"),
)
def merged_not_completed(
    task: Task, checkouts: Checkouts, settings: Settings, trunk: str, entries: Entries | None = None
) -> Iterator[Finding]:
    """The branch or pull request of a task is merged, and root doesn't say that the task is done.

    ## Why
    The task stays in every list of open work; what waits for it is never started.

    ## Example
    `task/fix-login` was merged into main yesterday, and fix-login is still `in_review`. A branch without commits of
    its own, one that was fast-forwarded, and one whose landing git alone can't prove are silent; what was reverted
    since hasn't landed.

    ## Fix
    Sets the first status of the done class. Safe where git proves the merge, unsafe where only a ledger records it.
    """
    if task.done:
        return
    proof = _proof(task, checkouts, settings, trunk, entries)
    if proof is None:
        return
    what, evidence, local = proof
    done = settings.words(Stage.DONE)[0]
    place = task.at("status")
    yield Finding(
        task=task.id,
        place=place,
        message=f"{what} is merged, and root says {task.status or 'nothing'}",
        expected=f"status {done}, or another of a task that is done",
        evidence=(Evidence(place=place, saw=f"status is {task.status or 'missing'}"), evidence),
        fix=Fix(
            title=f"set status to {done}",
            safety=Safety.SAFE if local else Safety.UNSAFE,
            edits=(SetKey(place=place, value=done),),
            why="" if local else "only a ledger says so; git can't prove it here",
        ),
    )


def _proof(
    task: Task, checkouts: Checkouts, settings: Settings, trunk: str, entries: Entries | None
) -> tuple[str, Evidence, bool] | None:
    """What is merged, who says so, and whether git itself proves it."""
    held = entries.of(task.id) if entries else ()
    own = checkouts.of(task.id)
    names = [*(entry.branch for entry in held), own.branch if own else None, settings.branch_of(task.id)]
    for branch in dict.fromkeys(name for name in names if name and name != trunk):
        merge = checkouts.merge(branch)
        if merge is not None and merge.merged is True:
            place = Place(path=task.place.path, checkout=f"branch:{branch}")
            return f"its branch {branch}", Evidence(place=place, saw=merge.proof), True
    for entry in held:
        if (entry.pr_state or "").casefold() == "merged":
            place = entry.place.at("pr_state")
            return "its pull request", Evidence(place=place, saw="pr_state is merged"), False
    return None
