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
)
def dispatch_completed_unreconciled(
    task: Task,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
    checkouts: Checkouts | None = None,
) -> Iterator[Finding]:
    """A worker finished and recorded it, but root's task file still says what it said before.

    ## Why
    The queue believes root: the task is overdue, or is dispatched a second time.

    ## Example
    The log ends in `dispatch_exit_code=0`, the worktree's copy is `in_progress` with a pull request, root is `ready`.

    ## Fix
    Takes the worktree's status, pull request and times when the recorded outcome allows its status, else the
    outcome's first status and its pull request. Safe with a recorded outcome. Unsafe without one: a recorded pull
    request then speaks for `completed_with_pr`. None when neither is recorded.
    """
    dispatch = dispatches.of(task.id)
    if task.done or dispatch is None or dispatch.settled:
        return
    copy = copies.own(task.id, checkouts) if copies and checkouts else None
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
        message=f"its worker finished{f' as {outcome}' if outcome else ''}, but root still says {task.status}",
        expected=f"status {' or '.join(settings.outcomes[outcome])}"
        if outcome
        else "root says what the worker recorded",
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
    return outcome is not None or (dispatch.exit_code == 0 and copy is not None and _ahead(task, copy.task))


def _ahead(root: Task, copy: Task) -> bool:
    later = root.stage is not None and root.stage.before(copy.stage)
    return later or (copy.pull_request is not None and root.pull_request is None)


def _pull(pull: PullRequest | None) -> str:
    if pull is None:
        return ""
    return f", pull request {f'#{pull.number}' if pull.number is not None else pull.url}"


def _end(dispatch: Dispatch) -> str:
    if dispatch.state is DispatchState.GONE:
        return dispatch.why
    code = f"dispatch_exit_code={dispatch.exit_code}" if dispatch.exit_code is not None else "no exit code"
    return f"outcome is {dispatch.outcome}, {code}" if dispatch.outcome else f"ends in {code}"


def _fix(task: Task, dispatch: Dispatch, copy: Copy | None, outcome: str | None, settings: Settings) -> Fix | None:
    taken = copy.task if copy else None
    if outcome and taken and settings.allows(outcome, taken.status):
        return Fix(
            title=f"set status to {taken.status} and take the worktree's pull request and times",
            safety=Safety.SAFE,
            edits=_from_copy(task, taken, status=taken.status or ""),
        )
    if outcome:
        status = settings.outcomes[outcome][0]
        pull = dispatch.tombstone.pull_request if dispatch.tombstone else None
        return Fix(
            title=f"set status to {status}, which {outcome} asks for",
            safety=Safety.SAFE,
            edits=(SetKey(place=task.at("status"), value=status), *_pull_edits(task, pull)),
        )
    if taken and taken.pull_request and "completed_with_pr" in settings.outcomes:
        status = settings.outcomes["completed_with_pr"][0]
        return Fix(
            title=f"set status to {status} and take the worktree's pull request and times",
            safety=Safety.UNSAFE,
            edits=_from_copy(task, taken, status=status),
            why="no outcome is recorded; the pull request speaks for completed_with_pr",
        )
    return None


def _from_copy(task: Task, copy: Task, status: str) -> tuple[SetKey, ...]:
    """The status, and of the copy's pull request and ``*_at`` keys those that differ."""
    edits = [SetKey(place=task.at("status"), value=status)]
    wanted = {task.keys.get(name, name) for name in ("pr_url", "pr_number")}
    for key, value in copy.front.items():
        if (key in wanted or key.endswith("_at")) and isinstance(value, str) and task.front.get(key) != value:
            edits.append(SetKey(place=task.place.at(key), value=value))
    return tuple(edits)


def _pull_edits(task: Task, pull: PullRequest | None) -> tuple[SetKey, ...]:
    if pull is None or task.pull_request is not None:
        return ()
    values = {"pr_url": pull.url, "pr_number": str(pull.number) if pull.number is not None else None}
    return tuple(SetKey(place=task.at(name), value=value) for name, value in values.items() if value is not None)
