"""What speaks against the end of a run as it is recorded: a snapshot, and the pull requests that are named."""

from datetime import datetime

from taskcheck import Copies, Copy, Dispatch, Rows, Settings, Task
from taskcheck_rules.parts import is_before, names_pull, rows_of
from taskcheck_rules.traces import records_of
from taskcheck_rules.wording import minute


def goes_on(run: Dispatch, rows: Rows | None, settings: Settings) -> str:
    """Return why a run that counts as the last one, and as over, may not be that, by a later snapshot too."""
    return run.may_go_on or called_running(run.task, rows, ended_at(run), settings)


def ended_at(run: Dispatch | None) -> datetime | None:
    """Return the last time that the tombstone of a run records; None without one."""
    if run is None or run.tombstone is None:
        return None
    return run.tombstone.last_sign


def called_running(name: str, rows: Rows | None, since: datetime | None, settings: Settings) -> str:
    """Return that a snapshot calls the run of a task running, after a moment; empty where none does, or without one.

    Args:
        name: of the task.
        rows: of the newest snapshots; None without any.
        since: when the run seems to have been over.
        settings: with how far clocks may differ.
    """
    for row in rows_of(rows, name):
        state = str(row.dispatch_state)
        said_at = row.said_at
        is_later = said_at is not None and is_before(since, said_at - settings.limits.clock_skew)
        if is_later and state.casefold() == "running":
            return f"the snapshot of {row.manager} of {minute(said_at)} calls it running"
    return ""


def unclear_pull(task: Task, run: Dispatch, copy: Copy | None, copies: Copies | None, rows: Rows | None) -> str:
    """Return that ledgers name no pull request that a run says it left, or several; empty where it is clear."""
    needs_one = run.outcome == "completed_with_pr"
    if needs_one and not names_pull(task, run, copies, rows):
        return "no ledger names its pull request"
    return two_pulls(run, copy)


def two_pulls(run: Dispatch | None, copy: Copy | None) -> str:
    """Return that the records of a run and its worktree name several pull requests; empty where they agree."""
    pulls = [record.pull_request for record in records_of(run)]
    if copy is not None:
        pulls.append(copy.task.pull_request)
    numbers = {pull.known_number for pull in filter(None, pulls)}
    numbers.discard(None)
    named = ", ".join(f"#{number}" for number in sorted(filter(None, numbers)))
    several = "the ledgers of its run name several pull requests: "
    return several + named if len(numbers) > 1 else ""
