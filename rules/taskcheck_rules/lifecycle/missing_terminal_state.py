"""missing-terminal-state."""

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
    Place,
    Settings,
    Severity,
    Task,
    Undecided,
    rule,
)


@rule(
    family="lifecycle",
    severity=Severity.ERROR,
    explains=(
        "stale-in-progress",
        "unregistered-worktree",
        "register-orphan",
        "stuck_in_progress",
        "dispatch_worker_gone",
        "dispatch_retry_cooldown",
    ),
)
def missing_terminal_state(
    task: Task,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
    checkouts: Checkouts | None = None,
    reviews: dict[str, Place] | None = None,
) -> Iterator[Finding]:
    """A dispatch ended, and nothing says in which terminal state.

    ## Why
    A worker that exits in silence after real work leaves a task that looks stalled; nobody can trust `in_progress`.

    ## Example
    The dispatch log ends in `dispatch_exit_code=0`, there is no tombstone, and root and worktree both say
    `in_progress`. Or: the tombstone's outcome is no word of the vocabulary, or is `completed_with_pr` while no
    ledger names a pull request.

    ## Fix
    None: read the log and the worktree, then finish the task by hand. The message says what speaks for which state.
    """
    dispatch = dispatches.of(task.id)
    if task.done or dispatch is None or dispatch.state is not DispatchState.ENDED or dispatch.moved_on:
        return
    if not dispatch.readable:
        raise Undecided(f"the tombstone of {task.id} can't be read")
    copy = copies.own(task.id, checkouts) if copies and checkouts else None
    problem = _problem(task, dispatch, copy, settings)
    if problem is None:
        return
    evidence = [
        Evidence(place=dispatch.place, saw=_end(dispatch)),
        Evidence(place=task.at("status"), saw=f"status is {task.status}"),
    ]
    if copy:
        evidence.append(Evidence(place=copy.task.at("status"), saw=f"status is {copy.task.status}"))
    if reviews and task.id in reviews:
        evidence.append(Evidence(place=reviews[task.id], saw="a review happened"))
    yield Finding(
        task=task.id,
        place=dispatch.place,
        message=f"its worker ended {problem}",
        expected=f"one of {', '.join(settings.outcomes)}",
        evidence=tuple(evidence),
    )


def _problem(task: Task, dispatch: Dispatch, copy: Copy | None, settings: Settings) -> str | None:
    if dispatch.tombstone is None:
        stages = {task.stage, copy.task.stage if copy else None}
        return None if stages & FINISHED else "without a terminal state"
    if dispatch.outcome is None:
        return None if dispatch.settled else "without an outcome"
    if dispatch.outcome not in settings.outcomes:
        return f"with the outcome {dispatch.outcome!r}, which is none of the terminal states"
    if dispatch.outcome == "completed_with_pr":
        recorded = (
            task.pull_request,
            copy.task.pull_request if copy else None,
            dispatch.tombstone.pull_request,
            *(entry.pull_request for entry in dispatch.entries),
        )
        if not any(recorded):
            return "as completed_with_pr, and no ledger names its pull request"
    return None


def _end(dispatch: Dispatch) -> str:
    code = f"dispatch_exit_code={dispatch.exit_code}" if dispatch.exit_code is not None else "no exit code"
    if dispatch.tombstone:
        return f"state is {dispatch.tombstone.state}, outcome is {dispatch.outcome or 'missing'}, {code}"
    return f"ends in {code}, and there is no tombstone"
