"""How a run ended: what the worker said with `finish`, else what it left in its worktree; pure."""

import signal
from collections.abc import Mapping
from functools import partial

from taskcheck.dispatch.process.worker import Ended
from taskcheck.dispatch.records import Scalar
from taskcheck.dispatch.settle import EndUnknown
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import PullRequest, Task

COMPLETED, FAILED = "completed_with_pr", "failed"

SILENT = "silent success"
"""What becomes of a worker that exits 0 and leaves no terminal state (spec 4)."""


@frozen(kw_only=True)
class Outcome:
    """The outcome of a run, and the ground for it."""

    name: str
    reason: str | None = None
    pull_request: PullRequest | None = None
    rejected: bool = False
    """Whether the worker's own word for it, or its silence, doesn't count."""


def outcome(state: State, task: str, record: Mapping[str, Scalar], ended: Ended) -> Outcome:
    """Return the outcome of a run whose worker is gone.

    Args:
        state: the state of the store after the end.
        task: the task's id.
        record: the tombstone so far; `finish` has put its outcome there, where it was called.
        ended: how the worker ended.

    Raises:
        EndUnknown: its worktree can't be looked at.
    """
    copy = own_copy(state, task)
    said = _by_finish(state, task, record) or _by_own_tombstone(state, task)
    if said is not None:
        return said
    left = copy or state.tasks.get(task)
    if left is not None and left.document is None:
        why = left.trouble.message if left.trouble else "it can't be read"
        return Outcome(name=FAILED, reason=f"its task file can't be read: {why}", rejected=ended.exit_code == 0)
    return _by_status(state, left.status if left else None, named_pull(state, task, record), ended)


def _by_finish(state: State, task: str, record: Mapping[str, Scalar]) -> Outcome | None:
    """Return the outcome that the worker said with `finish`; None where it said none."""
    said = record.get("outcome")
    reason = record.get("reason")
    if not isinstance(said, str) or said not in state.settings.outcomes:
        return None
    pull = named_pull(state, task, record)
    words = reason if isinstance(reason, str) else None
    return Outcome(name=said, reason=words, pull_request=pull)


def _by_own_tombstone(state: State, task: str) -> Outcome | None:
    """Return the outcome that a tombstone in the task's own worktree records; None where none does.

    That it completed counts where a ledger names the pull request.
    """
    end = state.own_end_of(task)
    if end is None or end.outcome not in state.settings.outcomes:
        return None
    pull = end.pull_request or named_pull(state, task, {})
    is_unfounded = end.outcome == COMPLETED and pull is None
    if is_unfounded:
        return None
    return Outcome(name=str(end.outcome), reason=end.reason, pull_request=pull)


def _by_status(state: State, status: str | None, pull: PullRequest | None, ended: Ended) -> Outcome:
    """Return the outcome of a run by the status that it left; failed, where that is none to end with.

    Completed is a failure too where no pull request is named. Where one status stands for several outcomes, a worker
    that ends with an error has failed.
    """
    allows = partial(state.settings.allows, status=status)
    names = list(filter(allows, state.settings.outcomes))
    name = next(iter(names), None)
    if ended.exit_code and FAILED in names:
        name = FAILED
    if name is None:
        why = _failure(ended)
        return _failed(ended, why, pull)
    if name == COMPLETED and pull is None:
        return _failed(ended, f"left as {status}, and no pull request is named")
    reason = None
    if name == FAILED:
        reason = f"left as {status}"
    return Outcome(name=name, pull_request=pull, reason=reason)


def _failed(ended: Ended, reason: str, pull: PullRequest | None = None) -> Outcome:
    """Return that a run has failed, for some reason, against the word of a worker that ended well."""
    ended_well = ended.exit_code == 0
    return Outcome(name=FAILED, reason=reason, pull_request=pull, rejected=ended_well)


def own_copy(state: State, task: str) -> Task | None:
    """Return the task's file in its own worktree, where it differs from root's.

    Raises:
        EndUnknown: worktrees can't be looked at.
    """
    if isinstance(state.copies, Unavailable):
        raise EndUnknown(f"its worktree can't be looked at: {state.copies.reason}")
    copy = state.copies.own(task)
    return copy.task if copy else None


def named_pull(state: State, task: str, record: Mapping[str, Scalar]) -> PullRequest | None:
    """Return the pull request of a task that a ledger names: tombstone, worktree, root, register, in this order."""
    url, number = record.get("pr_url"), record.get("pr_number")
    if isinstance(url, str) and url:
        return PullRequest(url=url, number=number) if isinstance(number, int) else PullRequest.at(url)
    for ledger in (own_copy(state, task), state.tasks.get(task), *state.entries_of(task)):
        if ledger is not None and ledger.pull_request:
            return ledger.pull_request
    return None


def _failure(ended: Ended) -> str:
    """Return why a worker ended without a terminal state, in words."""
    if ended.trouble:
        return f"it could not be started: {ended.trouble}"
    if ended.stopped_by == "timeout":
        return "timed out"
    if ended.stopped_by:
        return f"stopped by {ended.stopped_by}"
    if ended.signal:
        return f"killed by {signal.Signals(ended.signal).name}"
    if ended.exit_code:
        return f"exit code {ended.exit_code}"
    return SILENT
