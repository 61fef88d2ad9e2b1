"""merged-not-completed."""

from collections.abc import Iterable, Iterator

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
    Rows,
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
from taskcheck_rules.ends import called_running, ended_at
from taskcheck_rules.parts import called_open, copies_of, entries_of, other_title, pulls_of, run_of, stands_for_several
from taskcheck_rules.wording import minute, phrase, said_left, stands


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
    rows: Rows | None = None,
) -> Iterator[Finding]:
    """The branch or pull request of a task is merged, but the task isn't done in root.

    ## Why
    The task stays in every list of open work, and the tasks that wait for it never start.

    ## Example
    `task/fix-login` was merged into main yesterday, but fix-login is still `in_review`. There is no finding for a
    branch without its own commits, for a branch that was fast-forwarded, or if git alone can't prove that the branch
    has landed. A branch that was reverted since hasn't landed.

    With `--online`, taskcheck also queries the forge. If a branch was squashed and deleted, it has landed once its pull
    request is merged into trunk. There is no finding if another pull request of the task is open.

    If the branch is deleted, a commit on the first-parent line of trunk can name the branch or the recorded pull
    request: `(#12)` at the end of its subject, `Merge pull request #12 from ...`, or `Merge branch 'task/fix-login'`.
    Such a commit counts if it is newer than the begin of the newest run and than the last change of the status in root,
    and if it wasn't reverted.

    The finding is information in three cases. In the first, the branch's own copy of the task ends as parked, ready,
    stopped or dropped, or with a status that the store doesn't know. In the second, root's history shows that the task
    was closed after the branch had landed, and was then reopened. In the third, a worker is alive that began more than
    `pickup_grace` after the branch had landed. The finding is a warning if only its name assigns the
    branch to the task, and no ledger does. A branch that landed before the task's file was created belongs to another
    task.

    ## Fix
    Sets the first status of the done class. The fix is safe if git proves the merge of a branch that a ledger or the
    task's front matter names, and if the branch set the task to review or didn't change the status.

    The fix is unsafe if a source says that work is left:

    - On the branch, the task is still active.
    - The worker is alive, its run ended as blocked or failed, or the worktree says so.
    - Another branch of the task hasn't landed, or the branch was fetched with newer commits, from any remote.
    - Another checkout says that the task is active, and has commits from after the branch had landed.
    - The worker may be alive: its log was written or a heartbeat was sent within `clock_skew`, a process is at work in
      its worktree, a later snapshot calls it running, or the recorded process began later than recorded.
    - A register calls a pull request of the task open, and no forge was asked.
    - The task's worktree is on no branch at newer commits, is in the middle of a rebase, say, or is a clone.
    - The branch is also recorded for another task.
    - The merge dropped changes of the branch: a file or a hunk is as trunk had it.
    - Root has no line that the branch added. Or trunk as it was fetched, from any remote, has a file as it was before
      the branch, or was set to commits without the merge.
    - The branch's reflog contains no commit that was made on it, or a merge of another branch brought its tip in.
    - Its only commit, of one file, may be somebody else's: the equal one on trunk has another author or date, and no
      message names the branch or a pull request.
    - A run began, or root's status, owner, branch, worktree or `started_at` was set, after the branch had landed.
    - All commits of the branch are older than the run, and the run hadn't ended when the branch landed.
    - The status in root isn't committed, or history doesn't show when it was set.
    - The title in root was changed since the run.
    - In root, the task is parked, ready or stopped, or has a status outside of the vocabulary.
    - Code in the task's worktree isn't committed.

    There is no fix if another checkout has a different task with the same id. If root has two files with the same id,
    there is no finding for either of them, because nobody knows which of them the branch belongs to.

    For a pull request, a safe fix needs more than the forge's answer. All of these conditions must hold:

    - Root's history contains the commit that the forge names, and no commit reverted any part of it.
    - The pull request belongs to the repository that root's remote `origin` names.
    - Root's task file or a register records the pull request, and no other task does.
    - The task was neither reopened nor dropped since.
    - No other pull request of the task is open or unknown.

    Otherwise the fix is unsafe and states the reason. It is also unsafe if only a ledger records the merge.
    """
    if task.closed or tasks.ambiguous(task.id):
        return
    landing = checkouts.landing(task.id)
    run = run_of(dispatches, task.id)
    merged = (
        _by_git(task, landing, run, settings)
        or _told(task, trunk, entries, pulls)
        or _mentioned(task, checkouts.mention(task.id), pulls)
    )
    if merged is None:
        return
    said = said_left(task.id, task, copies, checkouts) or _called_running(task.id, landing, rows, run, settings)
    doubt = merged.doubt or called_open(task, entries, pulls) or _stopped(run, settings)
    doubt = doubt or _unfinished(task, landing, run, said) or _goes_on(landing, copies_of(copies, task.id))
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
    """What makes it information: ``left``, ``reopened`` or ``again``; empty where the task is to be done."""
    left: str = ""
    """Why it is information, as the message says it after *but*."""


def _unfinished(task: Task, landing: Landing | None, run: Dispatch | None, said: str) -> str:
    """Return what speaks for work that is left though something has landed; empty where nothing does."""
    left = _at_work(run) or said or other_title(run)
    if left or landing is None:
        return left
    if landing.pending:
        return landing.rest
    if landing.beyond:
        return landing.beyond
    if landing.sharer:
        return f"the branch is also recorded for {landing.sharer}"
    if landing.doubt:
        return landing.doubt
    return _put_aside(task)


def _put_aside(task: Task) -> str:
    """Return that root doesn't have the task in work or in review; empty where it has, or says nothing."""
    if task.stage in {Stage.PARKED, Stage.READY, Stage.STOPPED}:
        return f"root says {task.status}: the task may have been reopened later, or never begun"
    if task.stage is None and task.status:
        return f"root says {task.status}, which isn't in the vocabulary"
    return ""


def _goes_on(landing: Landing | None, copies: Iterable[Copy]) -> str:
    """Return that a checkout calls the task in work, in commits from after the landing; empty where none does."""
    if landing is None:
        return ""
    for copy in copies:
        newest = copy.checkout.newest_commit_at
        is_newer = newest is not None and newest > landing.landed.at
        if is_newer and copy.task.stage is Stage.ACTIVE and copy.leads:
            return f"{copy.checkout.spoken} says {copy.task.status}, in newer commits"
    return ""


def _called_running(
    name: str, landing: Landing | None, rows: Rows | None, run: Dispatch | None, settings: Settings
) -> str:
    """Return that a snapshot of after the landing, and after the end of the run, calls the run running."""
    landed = landing.landed.at if landing is not None else None
    since = max(filter(None, (landed, ended_at(run))), default=None)
    return called_running(name, rows, since, settings)


def _at_work(run: Dispatch | None) -> str:
    """Return that a worker is still at it, or may be; empty where nothing says so."""
    if run is None:
        return ""
    return "its worker is still alive, so more work may follow" if run.state is DispatchState.RUNNING else run.at_work


def _stopped(run: Dispatch | None, settings: Settings) -> str:
    """Return that a run ended before its work was done, and that root doesn't know yet; empty where it didn't."""
    outcome = run.outcome if run is not None and not run.settled else None
    if outcome is None or outcome not in settings.outcomes:
        return ""
    is_done = settings.stage(settings.outcome_status(outcome)) in {None, Stage.REVIEW, Stage.DONE}
    return "" if is_done else f"its run ended as {outcome}"


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
        expected = "nothing to do, or another branch for the remaining work"
        remedy = Wait("another branch with the remaining work; or set the task to done")
        return replace(about, message=message, expected=expected, identity=(merged.kind,), remedy=remedy)
    if not fixable or done is None:
        return about
    edit = SetKey(place=status, value=done)
    return replace(about, fix=Fix.unless(merged.doubt, title=f"set status to {done}", edits=(edit,)))


def _by_git(task: Task, landing: Landing | None, run: Dispatch | None, settings: Settings) -> Merged | None:
    """Return what git proves of a branch of the task, and what the branch itself says of it."""
    if landing is None:
        return None
    place = Place(path=task.place.path, checkout=f"branch:{landing.branch}")
    what = f"its branch {landing.branch}"
    proof = Evidence(place=place, saw=landing.proof)
    if landing.end is End.UNCHANGED:
        evidence: tuple[Evidence, ...] = (proof,)
    else:
        evidence = (proof, Evidence(place=place, saw=f"left the task {landing.said}"))
    if landing.end is End.LEFT:
        left = f"the branch itself left the task {landing.said or 'without status'}"
        return Merged(what=what, evidence=evidence, severity=Severity.INFO, kind="left", left=left)
    if landing.reopened:
        left = "the task was reopened later"
        return Merged(what=what, evidence=evidence, severity=Severity.INFO, kind="reopened", left=left)
    if _given_again(landing, run, settings):
        left = "a worker began later, and is alive"
        return Merged(what=what, evidence=evidence, severity=Severity.INFO, kind="again", left=left)
    if landing.tie is not Tie.RECORD:
        doubt = "no ledger names the branch: only its name links it to the task"
        return Merged(what=what, evidence=evidence, severity=Severity.WARNING, doubt=doubt)
    doubt = f"the branch itself left the task {landing.said}" if landing.end is End.ACTIVE else ""
    return Merged(what=what, evidence=evidence, doubt=doubt)


def _given_again(landing: Landing, run: Dispatch | None, settings: Settings) -> bool:
    """Return whether a live worker was given the task again, well after the branch had landed."""
    if run is None or run.began is None or run.state is not DispatchState.RUNNING:
        return False
    return run.began > landing.landed.at + settings.limits.pickup_grace


def _mentioned(task: Task, mention: Mention | None, pulls: Pulls | None) -> Merged | None:
    """Return what the subject of a commit of trunk says, where no forge has answered."""
    answered = any(pull.state for pull in pulls_of(pulls, task.id))
    if mention is None or answered:
        return None
    commit = mention.commit[:9]
    proof = Evidence(place=task.place, saw=f"commit {commit} on trunk, {minute(mention.at)}: {mention.subject}")
    doubt = f"only the subject of {commit} says so: the branch is deleted, so git can't prove it"
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
