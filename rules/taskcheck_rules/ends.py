"""What speaks against the end of a run as it is recorded: a snapshot, and the pull requests that are named."""

from datetime import UTC, datetime, timedelta

from taskcheck import Copies, Copy, Dispatch, Row, Rows, Settings, Task, age
from taskcheck_rules.parts import is_before, names_pull, rows_of
from taskcheck_rules.traces import records_of


def goes_on(run: Dispatch, rows: Rows | None, settings: Settings, now: datetime) -> str:
    """Return why a run that counts as the last one, and as over, may not be that, by a fresh snapshot too."""
    return run.may_go_on or called_running(run.task, rows, run, settings, now)


def called_running(name: str, rows: Rows | None, run: Dispatch | None, settings: Settings, now: datetime) -> str:
    """Return that a fresh snapshot calls the run of a task running; empty where none does, or since before its end.

    Args:
        name: of the task.
        rows: of the newest snapshots; None without any.
        run: the newest of the task; None where no ledger tells of runs.
        settings: with how old a snapshot may be.
        now: the moment of the check.
    """
    limits = settings.limits
    word = run.tombstone if run is not None else None
    ended = word.last_sign if word is not None else None
    for row in rows_of(rows, name):
        said_at = _running_at(row)
        old = abs(now - said_at)
        earliest = said_at - limits.clock_skew
        is_later = ended is None or is_before(ended, earliest)
        if is_later and old <= limits.snapshot_max_age:
            return f"the snapshot of {row.manager} called it running {age(old)} ago"
    return ""


def _running_at(row: Row) -> datetime:
    """Return when a manager called the dispatch of a task running; long ago where it didn't, or nobody knows."""
    never = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
    state = str(row.dispatch_state)
    is_running = state.casefold() == "running"
    return row.said_at or never if is_running else never


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
