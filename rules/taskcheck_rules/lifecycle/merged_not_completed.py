"""merged-not-completed."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    End,
    Entries,
    Evidence,
    Finding,
    Fix,
    HandEdit,
    Landing,
    Mention,
    Place,
    Pull,
    Pulls,
    SetKey,
    Settings,
    Severity,
    Stage,
    Task,
    Tasks,
    Tie,
    Wait,
    frozen,
    replace,
    rule,
)
from taskcheck_rules.parts import entries_of, other_title, own_copy, pulls_of, run_of, stands_for_several, work_left
from taskcheck_rules.wording import minute, phrase, stands


@rule(
    family="lifecycle",
    severity=Severity.ERROR,
    explains=("lifecycle", "drift", "register", "dispatch_worker_gone", "dispatch_retry_cooldown", "stuck_in_progress"),
    stops_dispatch=True,
    remedy=HandEdit("the status is a done one, or says what is left to do"),
)
def merged_not_completed(
    task: Task,
    tasks: Tasks,
    checkouts: Checkouts,
    settings: Settings,
    trunk: str,
    entries: Entries | None = None,
    pulls: Pulls | None = None,
    copies: Copies | None = None,
    dispatches: Dispatches | None = None,
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

    Where the branch is deleted, a commit of trunk's first-parent line may name it, or the recorded pull request:
    `(#12)` at the end of its subject, `Merge pull request #12 from ...`, `Merge branch 'task/fix-login'`. That counts
    when it is newer than the newest run's begin and than root's last change of the status, and wasn't reverted.

    How the branch itself left the task counts too. Where its own copy ends parked, ready, stopped, dropped or in a word
    that the store doesn't know, the branch doesn't call it done: that is information. So is a task that root's history
    called closed after the branch had landed, and opened again. Where the branch is the task's by its name alone, and
    no ledger names it, it is a warning. A branch that had landed before the task's file was made is another task's.

    ## Fix
    Sets the first status of the done class. Safe where git proves the merge of a branch that a ledger or the task's
    front matter names, and the branch left the task in review, or its status alone. Unsafe where something says
    that work is left: the branch left the task in work; its worker lives, or its worktree says so; another branch
    of it hasn't landed; the branch is recorded for another task, too; a run began, or root's status was set, after
    the branch had landed; the status isn't committed, or history doesn't tell since when it stands; root has given
    the file another title since the run; or root says that it is parked, ready or stopped. None where another
    checkout has another task of the id. Where root itself has two files of one id, nothing is said of either:
    nobody knows which of them the branch meant.

    For a pull request safe takes more than the forge's word: root's history has the commit that it names, and nobody
    took that back, not even in part; it is of the repository that root's remote `origin` names; root's task file or a
    register records it, and no other task does; the task was neither reopened nor dropped since; and nothing is open
    or unknown of another one of its own. Else the fix is unsafe, and says why; as it is where only a ledger records
    the merge.
    """
    if task.closed or tasks.ambiguous(task.id):
        return
    landing = checkouts.landing(task.id)
    merged = (
        _by_git(task, landing)
        or _told(task, trunk, entries, pulls)
        or _mentioned(task, checkouts.mention(task.id), pulls)
    )
    if merged is None:
        return
    doubt = merged.doubt or _unfinished(task, landing, run_of(dispatches, task.id), own_copy(copies, task.id))
    merged = replace(merged, doubt=doubt)
    fixable = not stands_for_several(task.id, tasks, copies)
    yield _finding(task, merged, settings, fixable=fixable)


@frozen(kw_only=True)
class Merged:
    """What is merged, who says so, and what that is worth."""

    what: str
    evidence: tuple[Evidence, ...]
    doubt: str = ""
    """Why that doesn't prove that the task is done; empty where it does."""
    severity: Severity = Severity.ERROR
    kind: str = ""
    """What makes it information: ``left`` or ``reopened``; empty where the task is to be done."""
    left: str = ""
    """Why it is information, as the message says it after *but*."""


def _unfinished(task: Task, landing: Landing | None, run: Dispatch | None, own: Copy | None) -> str:
    """Return what speaks for work that is left though something has landed; empty where nothing does."""
    if run is not None and run.state is DispatchState.RUNNING:
        return "its worker still lives: what landed may be only a part"
    left = work_left(task, own) or other_title(run)
    if left or landing is None:
        return left
    if landing.pending:
        return f"another branch of the task, {landing.pending}, hasn't landed"
    if landing.sharer:
        return f"the branch is also recorded for {landing.sharer}"
    if landing.doubt:
        return landing.doubt
    if task.stage in {Stage.PARKED, Stage.READY, Stage.STOPPED}:
        return f"root says {task.status}: the task may have been reopened later, or never begun"
    return ""


def _finding(task: Task, merged: Merged, settings: Settings, *, fixable: bool) -> Finding:
    """Return the finding that root doesn't say that the task is done, with the repair."""
    status = task.at("status")
    done = settings.word(Stage.DONE)
    root = Evidence(place=status, saw=f"status is {task.status or 'missing'}")
    about = Finding(
        task=task.id,
        place=status,
        message=f"{task.id} is {stands(task)} in root, but {merged.what} is merged",
        expected=f"status {done or settings.words(Stage.DONE)[0]}, or another done status",
        evidence=(root, *merged.evidence),
        severity=merged.severity,
    )
    if merged.kind:
        message = f"{task.id} is {stands(task)} in root: {merged.what} is merged, but {merged.left}"
        expected = "nothing to do here, or another branch for what is left"
        remedy = Wait("another branch with what is left, or set the task to done")
        return replace(about, message=message, expected=expected, identity=(merged.kind,), remedy=remedy)
    if not fixable or done is None:
        return about
    edit = SetKey(place=status, value=done)
    return replace(about, fix=Fix.unless(merged.doubt, title=f"set status to {done}", edits=(edit,)))


def _by_git(task: Task, landing: Landing | None) -> Merged | None:
    """Return what git proves of a branch of the task, and what the branch itself says of it."""
    if landing is None:
        return None
    place = Place(path=task.place.path, checkout=f"branch:{landing.branch}")
    what = f"its branch {landing.branch}"
    proof = Evidence(place=place, saw=landing.proof)
    if landing.end is End.UNCHANGED:
        evidence: tuple[Evidence, ...] = (proof,)
    else:
        evidence = (proof, Evidence(place=place, saw=f"left it {landing.said}"))
    if landing.end is End.LEFT:
        left = f"the branch itself left the task {landing.said or 'without status'}"
        return Merged(what=what, evidence=evidence, severity=Severity.INFO, kind="left", left=left)
    if landing.reopened:
        left = "the task was reopened later"
        return Merged(what=what, evidence=evidence, severity=Severity.INFO, kind="reopened", left=left)
    if landing.tie is not Tie.RECORD:
        doubt = "no ledger names the branch: it is the task's by its name alone"
        return Merged(what=what, evidence=evidence, severity=Severity.WARNING, doubt=doubt)
    doubt = f"the branch itself left the task {landing.said}" if landing.end is End.ACTIVE else ""
    return Merged(what=what, evidence=evidence, doubt=doubt)


def _mentioned(task: Task, mention: Mention | None, pulls: Pulls | None) -> Merged | None:
    """Return what the subject of a commit of trunk says, where no forge has answered."""
    answered = any(pull.state for pull in pulls_of(pulls, task.id))
    if mention is None or answered:
        return None
    commit = mention.commit[:9]
    proof = Evidence(place=task.place, saw=f"trunk's {commit} of {minute(mention.at)} says: {mention.subject}")
    doubt = f"only the subject of {commit} says so: the branch is gone, and git can't prove it"
    return Merged(what=mention.what, evidence=(proof,), doubt=doubt)


def _told(task: Task, trunk: str, entries: Entries | None, pulls: Pulls | None) -> Merged | None:
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


def _merged_pull(pull: Pull, recorded: tuple[Pull, ...], trunk: str) -> Merged:
    """Return what the forge says of a merged pull request, in doubt where the task has another one."""
    doubt = pull.doubt or phrase("the task has another: ", _another(recorded, trunk))
    proof = phrase("; ", pull.landed.proof if pull.landed else None)
    of_forge = Evidence(place=pull.place, saw=f"{pull.told}{proof}")
    return Merged(what=f"its pull request {pull.address}", evidence=(of_forge,), doubt=doubt)


def _another(recorded: tuple[Pull, ...], trunk: str) -> str | None:
    """Return what is told of the first pull request that is neither closed nor merged into trunk."""
    for pull in recorded:
        over = pull.state == "closed" or pull.merged_into(trunk)
        if not over:
            return pull.told
    return None


def _registered(task: Task, entries: Entries | None) -> Merged | None:
    """Return what a register says."""
    for entry in entries_of(entries, task.id):
        if entry.says_merged:
            of_register = Evidence(place=entry.place.at("pr_state"), saw="pr_state is merged")
            doubt = "only a ledger says so; git can't prove it here"
            return Merged(what="its pull request", evidence=(of_register,), doubt=doubt)
    return None
