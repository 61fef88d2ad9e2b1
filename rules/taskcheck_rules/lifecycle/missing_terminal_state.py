"""missing-terminal-state."""

from collections.abc import Iterator, Mapping

from taskcheck import (
    FINISHED,
    Command,
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
    frozen,
    rule,
)
from taskcheck_rules.parts import names_pull, own_copy
from taskcheck_rules.remedies import FINISH
from taskcheck_rules.wording import phrase, status_of

NAME_PULL = Command(
    ("taskcheck", "finish", "{task}", "--outcome", "completed_with_pr", "--pr-url", "URL"),
    blanks=(("URL", "the address of its pull request"),),
    needs=("tombstones",),
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
    remedy=FINISH,
)
def missing_terminal_state(
    task: Task,
    dispatches: Dispatches,
    settings: Settings,
    copies: Copies | None = None,
    rows: Rows | None = None,
    reviews: dict[str, Place] | None = None,
) -> Iterator[Finding]:
    """A dispatch has ended, but no ledger records its terminal state.

    ## Why
    If a worker exits silently after real work, its task looks stalled, and nobody can trust `in_progress`.

    ## Example
    The dispatch log ends with `dispatch_exit_code=0`, there is no tombstone, and root and worktree both say
    `in_progress`. Or the tombstone has no outcome, or an outcome that isn't configured. Or the outcome is
    `completed_with_pr`, but no ledger names a pull request. There is no finding once a later commit in root has changed
    the status, because somebody took care of the task.

    ## Fix
    None: read the log and the worktree, then record the outcome: `taskcheck finish TASK --outcome OUTCOME`. The
    evidence shows how far the worker got.
    """
    dispatch = dispatches.of(task.id)
    if dispatch is None or dispatch.state is not DispatchState.ENDED:
        return
    if task.closed or dispatch.moved_on:
        return
    if not dispatch.readable:
        raise Undecided("a ledger that may record its end can't be read")
    copy = own_copy(copies, task.id)
    if _end_unreadable(task, dispatch, copy):
        raise Undecided("a worktree's copy that may name the terminal state can't be read")
    named = names_pull(task, dispatch, copies, rows)
    problem = _problem(task, dispatch, copy, settings, names_pull=named)
    if problem is None:
        return
    yield Finding(
        task=task.id,
        place=dispatch.place,
        message=f"worker of {task.id} ended {problem.ended}",
        expected=problem.expected,
        evidence=tuple(_evidence(task, dispatch, copy, reviews or {})),
        identity=(dispatch.outcome or "",),
        remedy=problem.remedy,
    )


def _evidence(task: Task, dispatch: Dispatch, copy: Copy | None, reviews: Mapping[str, Place]) -> Iterator[Evidence]:
    """Yield what the end of the run, root, the worktree and a review show."""
    yield Evidence(place=dispatch.place, saw=_end(dispatch))
    yield status_of(task)
    if copy:
        yield status_of(copy.task)
    review = reviews.get(task.id)
    if review:
        yield Evidence(place=review, saw="a review happened")


@frozen
class Problem:
    """How a run ended, as the message says it, and what is expected instead."""

    ended: str
    expected: str
    remedy: Command | None = None
    """What settles it; None for what settles most."""


def _end_unreadable(task: Task, dispatch: Dispatch, copy: Copy | None) -> bool:
    """Return whether nothing but a copy that can't be read may name the terminal state."""
    copy_unreadable = copy is not None and copy.task.document is None
    copy_needed = dispatch.tombstone is None and task.stage not in FINISHED
    return copy_needed and copy_unreadable


def _problem(
    task: Task, dispatch: Dispatch, copy: Copy | None, settings: Settings, *, names_pull: bool
) -> Problem | None:
    """Return what is wrong with the end of a run; None when its end is known."""
    outcome = dispatch.outcome
    expected = f"the end of the run is recorded as one of {', '.join(settings.outcomes)}"
    if dispatch.tombstone is None:
        stages = {task.stage, copy.task.stage if copy else None}
        if stages & FINISHED:
            return None
        return Problem("without recording a terminal state", expected)
    if not outcome:
        return Problem("without recording an outcome", expected)
    if outcome not in settings.outcomes:
        return Problem(f"with the outcome {outcome!r}, which isn't a terminal state", expected)
    if outcome == "completed_with_pr" and not names_pull:
        ended = "as completed_with_pr, but no ledger names its pull request"
        return Problem(ended, "pr_url or pr_number in the task file, the tombstone or the register", NAME_PULL)
    return None


def _end(dispatch: Dispatch) -> str:
    """Return what log and tombstone say of the end."""
    if dispatch.tombstone is None:
        return f"ends in dispatch_exit_code={dispatch.exit_code}, and there is no tombstone"
    state = dispatch.tombstone.state or "missing"
    outcome = phrase("outcome is ", dispatch.outcome) or "no outcome"
    code = phrase(", exit code ", dispatch.exit_code)
    return f"state is {state}, {outcome}{code}"
