"""merged-not-completed."""

from collections.abc import Iterator
from dataclasses import dataclass

from taskcheck import (
    Checkouts,
    Entries,
    Evidence,
    Finding,
    Fix,
    Place,
    Pull,
    Pulls,
    SetKey,
    Settings,
    Severity,
    Stage,
    Task,
    rule,
)
from taskcheck_rules.parts import entries_of, pulls_of
from taskcheck_rules.wording import phrase


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
    landed = _proven(task, checkouts, settings, trunk, entries) or _told(task, trunk, entries, pulls)
    if landed is not None:
        yield _finding(task, landed, settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What is merged, and who says so."""

    what: str
    evidence: Evidence
    doubt: str = ""
    """Why that doesn't prove it; empty where it does."""


def _finding(task: Task, landed: Landed, settings: Settings) -> Finding:
    """Return the finding that root doesn't say that the task is done, with the repair."""
    status = task.at("status")
    done = settings.words(Stage.DONE)[0]
    root = Evidence(place=status, saw=f"status is {task.status or 'missing'}")
    edit = SetKey(place=status, value=done)
    return Finding(
        task=task.id,
        place=status,
        message=f"{landed.what} is merged, and root says {task.status or 'nothing'}",
        expected=f"status {done}, or another of a task that is done",
        evidence=(root, landed.evidence),
        fix=Fix.unless(landed.doubt, title=f"set status to {done}", edits=(edit,)),
    )


def _proven(task: Task, checkouts: Checkouts, settings: Settings, trunk: str, entries: Entries | None) -> Landed | None:
    """Return what git proves of a branch of the task."""
    for branch in _branches(task, checkouts, settings, entries):
        merge = checkouts.merge(branch)
        if branch == trunk or merge is None or merge.merged is not True:
            continue
        place = Place(path=task.place.path, checkout=f"branch:{branch}")
        proof = Evidence(place=place, saw=merge.proof)
        return Landed(what=f"its branch {branch}", evidence=proof)
    return None


def _branches(task: Task, checkouts: Checkouts, settings: Settings, entries: Entries | None) -> list[str]:
    """Return the branches that may be the task's: by registers, by its own worktree, by the configured pattern."""
    own = checkouts.of(task.id)
    of_registers = [entry.branch for entry in entries_of(entries, task.id)]
    of_worktree = own.branch if own else None
    of_pattern = settings.branch_of(task.id)
    return [branch for branch in (*of_registers, of_worktree, of_pattern) if branch]


def _told(task: Task, trunk: str, entries: Entries | None, pulls: Pulls | None) -> Landed | None:
    """Return what the forge says, or a register where the forge says nothing."""
    recorded = pulls_of(pulls, task.id)
    states = {pull.state for pull in recorded}
    if "open" in states:
        return None
    for pull in recorded:
        if pull.merged_into(trunk):
            return _merged_pull(pull, recorded, trunk)
    silent = not any(states)
    return _registered(task, entries) if silent else None


def _merged_pull(pull: Pull, recorded: tuple[Pull, ...], trunk: str) -> Landed:
    """Return what the forge says of a merged pull request, in doubt where the task has another one."""
    doubt = pull.doubt or phrase("the task has another: ", _another(recorded, trunk))
    proof = phrase("; ", pull.landed.proof if pull.landed else None)
    of_forge = Evidence(place=pull.place, saw=f"{pull.told}{proof}")
    return Landed(what=f"its pull request {pull.address}", evidence=of_forge, doubt=doubt)


def _another(recorded: tuple[Pull, ...], trunk: str) -> str | None:
    """Return what is told of the first pull request that is neither closed nor merged into trunk."""
    for pull in recorded:
        over = pull.state == "closed" or pull.merged_into(trunk)
        if not over:
            return pull.told
    return None


def _registered(task: Task, entries: Entries | None) -> Landed | None:
    """Return what a register says."""
    for entry in entries_of(entries, task.id):
        if entry.says_merged:
            of_register = Evidence(place=entry.place.at("pr_state"), saw="pr_state is merged")
            doubt = "only a ledger says so; git can't prove it here"
            return Landed(what="its pull request", evidence=of_register, doubt=doubt)
    return None
