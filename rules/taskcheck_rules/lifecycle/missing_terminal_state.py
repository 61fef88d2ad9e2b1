"""missing-terminal-state."""

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
    Place,
    Rows,
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
    stops_dispatch=True,
)
def missing_terminal_state(
    task: Task,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
    rows: Rows | None = None,
    reviews: dict[str, Place] | None = None,
) -> Iterator[Finding]:
    """A dispatch ended, and nothing says in which terminal state.

    ## Why
    A worker that exits in silence after real work leaves a task that looks stalled; nobody can trust `in_progress`.

    ## Example
    The dispatch log ends in `dispatch_exit_code=0`, there is no tombstone, and root and worktree both say
    `in_progress`. Or: the tombstone has no outcome, or one that isn't among the configured ones, or
    `completed_with_pr` while no ledger names a pull request. Once a later commit on root has changed the status,
    somebody has seen to it.

    ## Fix
    None: read the log and the worktree, then say how it ended: `taskcheck finish TASK --outcome OUTCOME`. The evidence
    shows how far it came.
    """
    dispatch = dispatches.of(task.id)
    if task.done or dispatch is None or dispatch.state is not DispatchState.ENDED or dispatch.moved_on:
        return
    if not dispatch.readable:
        raise Undecided("a ledger that may tell of its end can't be read")
    copy = copies.own(task.id) if copies else None
    if dispatch.tombstone is None and copy and copy.task.document is None and task.stage not in FINISHED:
        raise Undecided("a worktree's copy that may name the terminal state can't be read")
    pulls = [
        task.pull_request,
        *(other.task.pull_request for other in (copies.of(task.id) if copies else ())),
        *(entry.pull_request for entry in dispatch.entries),
        *(row.pull_request for row in (rows.of(task.id) if rows else ())),
    ]
    told = _problem(task, dispatch, copy, settings, has_pull=any(pulls))
    if told is None:
        return
    problem, expected = told
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
        expected=expected,
        evidence=tuple(evidence),
        identity=(dispatch.outcome or "",),
    )


def _problem(
    task: Task, dispatch: Dispatch, copy: Copy | None, settings: Settings, *, has_pull: bool
) -> tuple[str, str] | None:
    """How the run ended, as the message says it, and what is expected instead; None when its end is known."""
    expected = f"the end of the run is recorded as one of {', '.join(settings.outcomes)}"
    if dispatch.tombstone is None:
        stages = {task.stage, copy.task.stage if copy else None}
        return None if stages & FINISHED else ("without a terminal state", expected)
    if not dispatch.outcome:
        return "without an outcome", expected
    if dispatch.outcome not in settings.outcomes:
        return f"with the outcome {dispatch.outcome!r}, which isn't a terminal state", expected
    if dispatch.outcome == "completed_with_pr" and not has_pull and dispatch.tombstone.pull_request is None:
        return (
            "as completed_with_pr, and no ledger names its pull request",
            "pr_url or pr_number in the task file, the tombstone or the register",
        )
    return None


def _end(dispatch: Dispatch) -> str:
    if dispatch.tombstone is None:
        return f"ends in dispatch_exit_code={dispatch.exit_code}, and there is no tombstone"
    code = f", exit code {dispatch.exit_code}" if dispatch.exit_code is not None else ""
    outcome = f"outcome is {dispatch.outcome}" if dispatch.outcome else "no outcome"
    return f"state is {dispatch.tombstone.state or 'not told'}, {outcome}{code}"
