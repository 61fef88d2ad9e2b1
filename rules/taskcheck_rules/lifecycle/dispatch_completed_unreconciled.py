"""dispatch-completed-unreconciled."""

from collections.abc import Iterator

from taskcheck import (
    FINISHED,
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    Evidence,
    Finding,
    Fix,
    PullRequest,
    Rows,
    Settings,
    Severity,
    Stage,
    Task,
    Tasks,
    changed_alike,
    frozen,
    rule,
    taking,
)
from taskcheck_rules.ends import goes_on, unclear_pull
from taskcheck_rules.parts import built_on, doubt_of, other_title, own_copy, stands_for_several
from taskcheck_rules.remedies import FINISH
from taskcheck_rules.traces import gone_on_with, in_between, unlanded
from taskcheck_rules.wording import called, phrase


@rule(
    family="lifecycle",
    severity=Severity.ERROR,
    explains=(
        "missing-terminal-state",
        "metadata-drift",
        "stale-in-progress",
        "unregistered-worktree",
        "register-orphan",
        "pickup_overdue",
        "stuck_in_progress",
        "dispatch_worker_gone",
        "dispatch_retry_cooldown",
    ),
    stops_dispatch=True,
    settles_dispatch=True,
    remedy=FINISH,
)
def dispatch_completed_unreconciled(
    task: Task,
    tasks: Tasks,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
    checkouts: Checkouts | None = None,
    rows: Rows | None = None,
) -> Iterator[Finding]:
    """A worker's run has ended with a result, but the task in root is unchanged.

    ## Why
    The queue reads root. It reports the task as overdue, or dispatches it a second time.

    ## Example
    The log ends with `dispatch_exit_code=0`, the worktree's copy is `in_progress` with a pull request, and root is
    `ready`. Or the tombstone records `blocked`, and root is `in_progress`. Or the worker is gone without a recorded
    end, and the worktree's copy is `in_review`.

    There is no finding once the run is settled. A run is settled if root has a status that the outcome allows, if the
    runner set root's status, or if a later commit in root changed it. A person who moves the task on afterwards is
    right.

    ## Fix
    Copies the worktree's status, pull request and times if the recorded outcome allows this status. Otherwise sets the
    first status of the outcome, and the pull request.

    The fix is safe if an outcome is recorded, if a record of the run has a time, if root's status is in progress or was
    committed before the run began, if the worktree's branch merges with root afterwards, and if the title in root is
    the same as at the end of the run. It is unsafe if the worktree says that the task is done, but its branch hasn't
    landed or git can't tell, if both have changed the pull request, or if the branch has newer commits than the end of
    a run that has stopped. A done status is also unsafe if code in the worktree isn't committed. `run` and `finish`
    write the status in any case.

    The fix is also unsafe in these cases:

    - The log was written after the recorded end, a process is at work in the worktree, or a snapshot of after the end
      calls the run running.
    - A newer run may be recorded: in a ledger that can't be read, in an entry without a time, or under another name.
    - Since the end, root got another branch, another owner or a newer `started_at`, or its status isn't `status_after`.
    - The end lies in the future, or the tombstone has the name of another task.
    - The records of the run name several pull requests, or no ledger names one though the outcome says so.

    The fix is unsafe without a recorded outcome. A recorded pull request then counts as `completed_with_pr`, unless the
    worktree says that the work has stopped. There is no fix if neither an outcome nor a pull request is recorded.
    """
    dispatch = dispatches.of(task.id)
    if task.closed or dispatch is None or dispatch.settled:
        return
    outcome = dispatch.outcome if dispatch.outcome in settings.outcomes else None
    waiting = task.stage in {Stage.PARKED, Stage.READY, Stage.ACTIVE}
    if outcome is None and not waiting:
        return
    copy = own_copy(copies, task.id)
    meets = changed_alike(task, checkouts.of(task.id), copy) if checkouts is not None else ""
    aside = in_between(task, copy, checkouts, settings, dispatch)
    taken_up = gone_on_with(task, dispatch, checkouts, settings)
    unclear = goes_on(dispatch, rows, settings) or unclear_pull(task, dispatch, copy, copies, rows)
    run = Run(task, dispatch, copy, outcome, meets, aside, taken_up, unclear)
    if _left_result(run):
        fixable = not stands_for_several(task.id, tasks, copies)
        yield _finding(run, settings, fixable=fixable)


@frozen
class Run:
    """A run as root, the ledgers and the worktree tell it."""

    root: Task
    dispatch: Dispatch
    copy: Copy | None
    """The task in its own worktree, where that differs from root."""
    outcome: str | None
    """As recorded; None where it is none of the configured ones."""
    meets: str
    """Why its branch wouldn't merge afterwards, though it has the file as root has; empty where it would."""
    aside: str
    """Why the copy isn't what its branch says; empty where it is."""
    taken_up: str
    """Why somebody may go on with the work since; empty where nothing says so."""
    unclear: str
    """Why its end, or its pull request, may be another one; empty where nothing says so."""


def _left_result(run: Run) -> bool:
    """Return whether the run is over and left something: an outcome, a copy that is ahead, or finished work."""
    state, copy = run.dispatch.state, run.copy
    if state is DispatchState.GONE:
        return copy is not None and copy.task.stage in FINISHED
    if state is not DispatchState.ENDED:
        return False
    if run.outcome is not None:
        return True
    if copy is None or run.dispatch.exit_code != 0:
        return False
    return _further(run.root, copy) or _new_pull(run.root, copy) is not None


def _further(root: Task, copy: Copy) -> bool:
    """Return whether the worktree moved the status to where root has yet to come."""
    if root.stage is None:
        return False
    return copy.leads and root.stage.before(copy.task.stage)


def _new_pull(root: Task, copy: Copy) -> PullRequest | None:
    """Return the worktree's pull request, when root names none and never did since the worktree left it."""
    versions = [root, *copy.root_versions]
    if copy.base:
        versions.append(copy.base)
    if any(version.pull_request for version in versions):
        return None
    return copy.task.pull_request


def _finding(run: Run, settings: Settings, *, fixable: bool) -> Finding:
    """Return the finding that root still says what it said before the run."""
    status = run.root.at("status")
    expected = "root says what the worktree says, or how the run ended"
    if run.outcome:
        expected = f"root says {' or '.join(settings.outcomes[run.outcome])}"
    fix = _fix(run, settings) if fixable else None
    if fix is not None:
        fix = fix.unless_said(run.unclear)
    return Finding(
        task=run.root.id,
        place=status,
        message=_message(run),
        expected=expected,
        evidence=tuple(_evidence(run)),
        fix=fix,
        identity=(run.outcome or "",),
    )


def _evidence(run: Run) -> Iterator[Evidence]:
    """Yield what root says, how the run ended, and what the worktree says."""
    root = run.root
    pull = _pull(root.pull_request) or ", no pull request"
    yield Evidence(place=root.at("status"), saw=f"status is {root.status}{pull}")
    yield Evidence(place=run.dispatch.place, saw=_end(run.dispatch))
    if run.copy:
        left = run.copy.task
        yield Evidence(place=left.at("status"), saw=f"status is {left.status}{_pull(left.pull_request)}")


def _message(run: Run) -> str:
    """Return how the worker ended, what it left, and what root says to that.

    With an outcome: `worker of fix ended as blocked, but root still says ready`; with another status in its worktree:
    `worker of fix is gone and left status in_review in its worktree, but root still says ready`; with a pull request
    alone: `worker of fix ended and left pull request #12, which root doesn't name`.
    """
    gone = run.dispatch.state is DispatchState.GONE
    ended = f"worker of {run.root.id} {'is gone' if gone else 'ended'}"
    behind = f"but root still says {run.root.status}"
    copy = run.copy
    if run.outcome or copy is None:
        return f"{ended} as {run.outcome}, {behind}"
    if copy.task.status != run.root.status:
        return f"{ended} and left status {copy.task.status} in {called(copy.checkout, run.root.id)}, {behind}"
    pull = _pull(copy.task.pull_request).removeprefix(",")
    return f"{ended} and left{pull}, which root doesn't name"


def _pull(pull: PullRequest | None) -> str:
    """Return a pull request as a part of a sentence: `, pull request #12`; nothing where there is none."""
    if pull is None:
        return ""
    named = pull.url if pull.number is None else f"#{pull.number}"
    return f", pull request {named}"


def _end(dispatch: Dispatch) -> str:
    """Return what the ledgers say of the end of the run."""
    if dispatch.state is DispatchState.GONE:
        return dispatch.why
    if dispatch.tombstone is None:
        return f"ends in dispatch_exit_code={dispatch.exit_code}"
    outcome = phrase("outcome is ", dispatch.outcome) or "no outcome"
    code = phrase(", exit code ", dispatch.exit_code)
    pull = _pull(dispatch.tombstone.pull_request)
    return f"{outcome}{code}{pull}"


def _fix(run: Run, settings: Settings) -> Fix | None:
    """Return the repair that makes root say how the run ended; None where nothing recorded speaks for an end."""
    pull = _recorded_pull(run)
    if run.outcome is not None:
        is_stop = settings.stage(settings.outcome_status(run.outcome)) is Stage.STOPPED
        why = _doubt(run) or (run.taken_up if is_stop else "")
        return _settlement(run, run.outcome, pull, why, settings)
    stopped = run.copy is not None and run.copy.task.stage is Stage.STOPPED
    if pull is None or stopped or "completed_with_pr" not in settings.outcomes:
        return None
    why = "no outcome is recorded; the pull request suggests completed_with_pr"
    return _settlement(run, "completed_with_pr", pull, why, settings)


def _doubt(run: Run) -> str:
    """Return why the recorded end of a run doesn't move its task by a safe fix; empty where it does."""
    dispatch = run.dispatch
    began_with_root = run.copy is not None and built_on(run.root, run.copy)
    if dispatch.doubt and not began_with_root:
        return dispatch.doubt
    if not dispatch.is_presumed:
        return other_title(dispatch)
    return f"no ledger and no pattern names {dispatch.place.checkout.replace(':', ' ', 1)} as the task's own"


def _recorded_pull(run: Run) -> PullRequest | None:
    """Return the first pull request that is named by the tombstone, the worktree, or an entry of the run."""
    left = run.copy.task if run.copy else None
    for ledger in (*run.dispatch.tombstones, left, *run.dispatch.entries):
        if ledger and ledger.pull_request:
            return ledger.pull_request
    return None


def _settlement(run: Run, outcome: str, pull: PullRequest | None, why: str, settings: Settings) -> Fix | None:
    """Return the repair for an outcome: the worktree's status where the outcome allows it, else its first status.

    None where the store's own list of statuses doesn't have that.
    """
    copy = run.copy
    status = settings.outcome_status(outcome)
    if status is None:
        return None
    if copy and copy.task.status and _may_take(copy.task.status, outcome, settings):
        status = copy.task.status
        why = why or run.aside or doubt_of(copy) or _two_pulls(run.root, copy)
        title = f"set status to {status} and take the worktree's pull request and times"
        made = _made(why, title, run, _values(run.root, status, pull, copy), settings)
        return made.unless_said(unlanded(copy))
    naming = ", and name the pull request" if pull else ""
    title = f"set status to {status} for outcome {outcome}{naming}"
    taken = copy if why else None
    return _made(why, title, run, _values(run.root, status, pull, taken), settings)


def _may_take(status: str, outcome: str, settings: Settings) -> bool:
    """Return whether root may get a status of a worktree: the outcome allows it, and it is one of the store's."""
    return settings.allows(outcome, status) and settings.may_write(status)


def _made(why: str, title: str, run: Run, values: dict[str, str], settings: Settings) -> Fix:
    """Return the repair that gives root some values, in the worktree's lines where it says the same."""
    made = taking(run.root, run.copy, values, settings)
    return Fix.unless(why, title=title, edits=made.edits, meets=made.meets or run.meets)


def _values(root: Task, status: str, pull: PullRequest | None, copy: Copy | None) -> dict[str, str]:
    """Return what root is to say: the status, the pull request when root has none, and what a worktree set itself."""
    values: dict[str, str | int | None] = {root.keys["status"]: status}
    if pull is not None and root.pull_request is None:
        values[root.keys["pr_url"]] = pull.url
        values[root.keys["pr_number"]] = pull.number
    if copy is not None:
        values |= _set_there(root, copy)
    return {key: str(value) for key, value in values.items() if value not in {None, ""}}


def _two_pulls(root: Task, copy: Copy) -> str:
    """Return that root has another pull request than a copy, set since the copy's base; empty where it hasn't."""
    ours, theirs = root.pull_request, copy.task.pull_request
    at_base = copy.base.pull_request if copy.base else None
    is_alike = ours in (None, at_base, theirs)
    return "" if is_alike or theirs is None else "both sides changed the pull request"


def _set_there(root: Task, copy: Copy) -> dict[str, str]:
    """Return the keys of a pull request and of times that the worktree itself set to what root lacks."""
    pulls = {root.keys["pr_url"], root.keys["pr_number"]}
    found = {}
    for key, value in copy.task.front.items():
        taken_over = key in pulls or key.endswith("_at")
        if not taken_over or not isinstance(value, str):
            continue
        base = copy.base.front.get(key) if copy.base else None
        if value != base and _lacks(root, key, value):
            found[key] = value
    return found


def _lacks(root: Task, key: str, value: str) -> bool:
    """Return whether root has something else under a key; of two `updated_at` the newer one counts."""
    own = root.front.get(key)
    if key == root.keys["updated_at"] and isinstance(own, str):
        return value > own
    return value != own
