"""dispatch-completed-unreconciled."""

from collections.abc import Iterator

from taskcheck import (
    FINISHED,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    Evidence,
    Finding,
    Fix,
    PullRequest,
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
)
def dispatch_completed_unreconciled(
    task: Task,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
) -> Iterator[Finding]:
    """A worker's run is over and left its result, but root's task file still says what it said before.

    ## Why
    The queue believes root: the task is overdue, or is dispatched a second time.

    ## Example
    The log ends in `dispatch_exit_code=0`, the worktree's copy is `in_progress` with a pull request, root is `ready`.
    Or the tombstone records `blocked`, and root says `in_progress`. Or the worker is gone without a word, and the
    worktree's copy says `in_review`.

    No finding once the run is settled: root has a status that the outcome allows, or the runner left one, or a later
    commit on root changed the status. Whoever moves a task on afterwards is right.

    ## Fix
    Takes the worktree's status, pull request and times when the recorded outcome allows its status, else the
    outcome's first status and the pull request. Safe with a recorded outcome. Unsafe without one: a recorded pull
    request then speaks for `completed_with_pr`, unless the worktree says that the work has stopped. None when neither
    is recorded.
    """
    dispatch = dispatches.of(task.id)
    if task.done or dispatch is None or dispatch.settled:
        return
    copy = copies.own(task.id) if copies else None
    outcome = dispatch.outcome if dispatch.outcome in settings.outcomes else None
    if not _finished(task, dispatch, copy, outcome):
        return
    if task.stage not in {Stage.READY, Stage.ACTIVE} and outcome is None:
        return
    evidence = [
        Evidence(
            place=task.at("status"),
            saw=f"status is {task.status}{_pull(task.pull_request) or ', no pull request'}",
        ),
        Evidence(place=dispatch.place, saw=_end(dispatch)),
    ]
    if copy:
        evidence.append(
            Evidence(
                place=copy.task.at("status"),
                saw=f"status is {copy.task.status}{_pull(copy.task.pull_request)}",
            )
        )
    yield Finding(
        task=task.id,
        place=task.at("status"),
        message=_message(task, dispatch, copy, outcome),
        expected=f"root says {' or '.join(settings.outcomes[outcome])}"
        if outcome
        else "root says what the worktree says, or how the run ended",
        evidence=tuple(evidence),
        fix=_fix(task, dispatch, copy, outcome, settings),
        identity=(outcome or "",),
    )


def _finished(task: Task, dispatch: Dispatch, copy: Copy | None, outcome: str | None) -> bool:
    """Whether the run is over with something recorded: an outcome, a copy that is ahead, or finished work."""
    if dispatch.state is DispatchState.GONE:
        return copy is not None and copy.task.stage in FINISHED
    if dispatch.state is not DispatchState.ENDED:
        return False
    return outcome is not None or (
        dispatch.exit_code == 0 and copy is not None and (_later(task, copy) or _new_pull(task, copy) is not None)
    )


def _later(root: Task, copy: Copy) -> bool:
    """Whether the worktree moved the status to where root has yet to come."""
    return root.stage is not None and root.stage.before(copy.task.stage) and copy.leads


def _new_pull(root: Task, copy: Copy) -> PullRequest | None:
    """The worktree's pull request, when root names none and never did since the worktree left it."""
    seen = (root, *copy.root_versions, *((copy.base,) if copy.base else ()))
    return None if any(task.pull_request for task in seen) else copy.task.pull_request


def _message(task: Task, dispatch: Dispatch, copy: Copy | None, outcome: str | None) -> str:
    how = "is gone" if dispatch.state is DispatchState.GONE else "ended"
    if outcome:
        return f"its worker {how} as {outcome}, but root still says {task.status}"
    left = ""
    if copy and copy.task.status != task.status:
        left = f" and left it {copy.task.status} in {copy.checkout.spoken}"
    elif copy and copy.task.pull_request:
        left = f" and left{_pull(copy.task.pull_request)[1:]}"
        return f"its worker {how}{left}, which root doesn't name"
    return f"its worker {how}{left}, but root still says {task.status}"


def _pull(pull: PullRequest | None) -> str:
    if pull is None:
        return ""
    return f", pull request {f'#{pull.number}' if pull.number is not None else pull.url}"


def _end(dispatch: Dispatch) -> str:
    if dispatch.state is DispatchState.GONE:
        return dispatch.why
    if dispatch.tombstone is None:
        return f"ends in dispatch_exit_code={dispatch.exit_code}"
    code = f", exit code {dispatch.exit_code}" if dispatch.exit_code is not None else ""
    pull = _pull(dispatch.tombstone.pull_request)
    return f"{f'outcome is {dispatch.outcome}' if dispatch.outcome else 'no outcome'}{code}{pull}"


def _fix(task: Task, dispatch: Dispatch, copy: Copy | None, outcome: str | None, settings: Settings) -> Fix | None:
    taken = copy.task if copy else None
    ledgers = (dispatch.tombstone, taken, *dispatch.entries)
    pull = next((ledger.pull_request for ledger in ledgers if ledger and ledger.pull_request), None)
    why = ""
    if outcome is None:
        stopped = taken is not None and taken.stage is Stage.STOPPED
        if pull is None or stopped or "completed_with_pr" not in settings.outcomes:
            return None
        outcome, why = "completed_with_pr", "no outcome is recorded; the pull request speaks for completed_with_pr"
    safety = Safety.UNSAFE if why else Safety.SAFE
    if copy and taken and settings.allows(outcome, taken.status):
        return Fix(
            title=f"set status to {taken.status} and take the worktree's pull request and times",
            safety=safety,
            edits=_edits(task, taken.status or "", pull, copy),
            why=why,
        )
    status = settings.outcomes[outcome][0]
    return Fix(
        title=f"set status to {status}, which {outcome} asks for, and name the pull request"
        if pull
        else f"set status to {status}, which {outcome} asks for",
        safety=safety,
        edits=_edits(task, status, pull, copy if why else None),
        why=why,
    )


def _edits(task: Task, status: str, pull: PullRequest | None, copy: Copy | None) -> tuple[SetKey, ...]:
    """The status, the pull request when root has none, and the pull request and times that a worktree set itself."""
    values = {task.keys["status"]: status}
    if pull is not None and task.pull_request is None:
        values |= {task.keys["pr_url"]: pull.url or ""}
        values |= {task.keys["pr_number"]: str(pull.number) if pull.number is not None else ""}
    if copy:
        pulls = {task.keys["pr_url"], task.keys["pr_number"]}
        for key, value in copy.task.front.items():
            if isinstance(value, str) and (key in pulls or key.endswith("_at")) and _set_there(key, value, task, copy):
                values[key] = value
    return tuple(SetKey(place=task.place.at(key), value=value) for key, value in values.items() if value)


def _set_there(key: str, value: str, task: Task, copy: Copy) -> bool:
    """Whether the worktree itself set a key to a value that root lacks; of two ``updated_at`` the newer one counts."""
    root = task.front.get(key)
    if value == root or (copy.base and copy.base.front.get(key) == value):
        return False
    return key != task.keys["updated_at"] or not isinstance(root, str) or value > root
