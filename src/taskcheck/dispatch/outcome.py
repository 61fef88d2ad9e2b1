"""How a run ended: what the worker said with `finish`, else the status that it left in its worktree; pure."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from taskcheck.dispatch.process.worker import Ended
from taskcheck.dispatch.records import Scalar
from taskcheck.dispatch.settle import Undecided
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import PullRequest, Task

COMPLETED, FAILED = "completed_with_pr", "failed"

SILENT = "silent success"
"""What becomes of a worker that exits 0 and leaves no terminal state (spec 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a run, and the ground for it."""

    name: str
    reason: str | None = None
    pull_request: PullRequest | None = None
    rejected: bool = False
    """Whether the worker's own word for it, or its silence, doesn't count."""


def outcome(state: State, task: str, record: Mapping[str, Scalar], ended: Ended) -> Outcome:
    """The outcome of a run whose worker is gone.

    Args:
        state: the state of the store after the end.
        task: the task's id.
        record: the tombstone so far; `finish` has put its outcome there, where it was called.
        ended: how the worker ended.

    Raises:
        Undecided: its worktree can't be looked at.
    """
    root, copy = state.tasks.get(task), own_copy(state, task)
    said = record.get("outcome")
    if isinstance(said, str) and said in state.settings.outcomes:
        reason = record.get("reason")
        pull = named_pull(state, task, record)
        return Outcome(name=said, reason=reason if isinstance(reason, str) else None, pull_request=pull)
    left = copy or root
    if left is not None and left.document is None:
        why = left.trouble.message if left.trouble else "it can't be read"
        return Outcome(name=FAILED, reason=f"its task file can't be read: {why}", rejected=ended.exit_code == 0)
    status = left.status if left else None
    name = next((name for name in state.settings.outcomes if state.settings.allows(name, status)), None)
    pull = named_pull(state, task, record)
    if name == COMPLETED and pull is None:
        reason = f"left as {status}, and no pull request is named"
        return Outcome(name=FAILED, reason=reason, rejected=ended.exit_code == 0)
    if name is not None:
        return Outcome(name=name, pull_request=pull, reason=f"left as {status}" if name == FAILED else None)
    return Outcome(name=FAILED, reason=_failure(ended), pull_request=pull, rejected=ended.exit_code == 0)


def own_copy(state: State, task: str) -> Task | None:
    """The task's file in its own worktree, where it differs from root's.

    Raises:
        Undecided: worktrees can't be looked at.
    """
    if isinstance(state.copies, Unavailable):
        raise Undecided(f"its worktree can't be looked at: {state.copies.reason}")
    copy = state.copies.own(task)
    return copy.task if copy else None


def named_pull(state: State, task: str, record: Mapping[str, Scalar]) -> PullRequest | None:
    """The pull request of a task that a ledger names: tombstone, worktree, root, register, in this order."""
    url, number = record.get("pr_url"), record.get("pr_number")
    if isinstance(url, str) and url:
        return PullRequest(url=url, number=number) if isinstance(number, int) else PullRequest.at(url)
    entries = () if isinstance(state.entries, Unavailable) else state.entries.of(task)
    root = state.tasks.get(task)
    ledgers = (own_copy(state, task), root, *entries)
    return next((ledger.pull_request for ledger in ledgers if ledger and ledger.pull_request), None)


def _failure(ended: Ended) -> str:
    if ended.trouble:
        return f"it could not be started: {ended.trouble}"
    if ended.stopped_by:
        return "timed out" if ended.stopped_by == "timeout" else f"stopped by {ended.stopped_by}"
    if ended.signal:
        return f"killed by {signal.Signals(ended.signal).name}"
    return f"exit code {ended.exit_code}" if ended.exit_code else SILENT
