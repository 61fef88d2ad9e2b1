"""merged-not-completed."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Entries,
    Evidence,
    Finding,
    Fix,
    Place,
    Pulls,
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
    stops_dispatch=True,
)
def merged_not_completed(
    task: Task,
    checkouts: Checkouts,
    settings: Settings,
    trunk: str,
    entries: Entries | None = None,
    pulls: Pulls | None = None,
) -> Iterator[Finding]:
    """The branch or pull request of a task is merged, and root doesn't say that the task is done.

    ## Why
    The task stays in every list of open work; what waits for it is never started.

    ## Example
    `task/fix-login` was merged into main yesterday, and fix-login is still `in_review`. A branch without commits of
    its own, one that was fast-forwarded, and one whose landing git alone can't prove are silent; what was reverted
    since hasn't landed.

    With `--online` the forge is asked too: a branch that was squashed and deleted has landed when its pull request is
    merged into trunk. A task with another one that is open hasn't.

    ## Fix
    Sets the first status of the done class. Safe where git proves the merge. For a pull request that takes more than
    the forge's word: root's history has the commit that it names, and nobody took that back, not even in part; it is
    of the repository that root's remote `origin` names; root's task file or a register records it, and no other task
    does; the task was neither reopened nor dispatched since; and nothing is open or unknown of another one of its own.
    Else the fix is unsafe, and says why; as it is where only a ledger records the merge.
    """
    if task.done:
        return
    proof = _proof(task, checkouts, settings, trunk, entries) or _told(task, trunk, entries, pulls)
    if proof is None:
        return
    what, evidence, doubt = proof
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
            safety=Safety.UNSAFE if doubt else Safety.SAFE,
            edits=(SetKey(place=place, value=done),),
            why=doubt,
        ),
    )


Proof = tuple[str, Evidence, str] | None
"""What is merged, who says so, and why that doesn't prove it; empty where it does."""


def _proof(task: Task, checkouts: Checkouts, settings: Settings, trunk: str, entries: Entries | None) -> Proof:
    """What git proves."""
    held = entries.of(task.id) if entries else ()
    own = checkouts.of(task.id)
    names = [*(entry.branch for entry in held), own.branch if own else None, settings.branch_of(task.id)]
    for branch in dict.fromkeys(name for name in names if name and name != trunk):
        merge = checkouts.merge(branch)
        if merge is not None and merge.merged is True:
            place = Place(path=task.place.path, checkout=f"branch:{branch}")
            return f"its branch {branch}", Evidence(place=place, saw=merge.proof), ""
    return None


def _told(task: Task, trunk: str, entries: Entries | None, pulls: Pulls | None) -> Proof:
    """What the forge says, or else a ledger."""
    recorded = pulls.of(task.id) if pulls else ()
    if any(pull.state == "open" for pull in recorded):
        return None
    for pull in recorded:
        if pull.merged_into(trunk):
            saw = f"{pull.told}; {pull.landed.proof}" if pull.landed else pull.told
            other = next((one.told for one in recorded if one.state != "closed" and not one.merged_into(trunk)), "")
            doubt = pull.doubt or (other and f"the task has another: {other}")
            return f"its pull request {pull.address}", Evidence(place=pull.place, saw=saw), doubt
    if any(pull.state for pull in recorded):
        return None
    for entry in entries.of(task.id) if entries else ():
        if (entry.pr_state or "").casefold() == "merged":
            place = entry.place.at("pr_state")
            doubt = "only a ledger says so; git can't prove it here"
            return "its pull request", Evidence(place=place, saw="pr_state is merged"), doubt
    return None
