"""waiting-too-long."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from taskcheck import Evidence, Finding, Limits, Settings, Severity, Stage, Task, Waiting, age, rule
from taskcheck_rules.wording import minute


@rule(family="lifecycle", severity=Severity.WARNING)
def waiting_too_long(task: Task, waiting: dict[str, Waiting], settings: Settings, now: datetime) -> Iterator[Finding]:
    """A task has waited for a person for longer than the configuration allows.

    ## Why
    All ledgers agree, so no other rule reports anything while the pull request gets old.

    ## Example
    `[limits] review_max_wait` is `"3d"`, and fix-login has been `in_review` for a week. `stopped_max_wait` applies to
    tasks that are blocked or failed, and `ready_max_wait` to ready tasks that nobody ever picked up. There is no
    finding without these limits, or if no ledger records since when the task has waited.

    ## Fix
    None: review it, unblock it, or set it back.
    """
    waits = waiting.get(task.id)
    if waits is None or waits.since is None:
        return
    longest = _longest(waits.stage, settings.limits)
    waited = now - waits.since
    if longest is not None and waited > longest:
        yield _finding(task, waits, waited, longest)


def _longest(stage: Stage, limits: Limits) -> timedelta | None:
    """Return how long a task of a class may wait; None for as long as it takes."""
    match stage:
        case Stage.REVIEW:
            return limits.review_max_wait
        case Stage.STOPPED:
            return limits.stopped_max_wait
        case _:
            return limits.ready_max_wait


def _finding(task: Task, waits: Waiting, waited: timedelta, longest: timedelta) -> Finding:
    """Return the finding that a task waits."""
    why = f": {waits.reason}" if waits.reason else ""
    since = Evidence(place=task.at("status"), saw=f"{task.status}, last moved {minute(waits.since)}{why}")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} has been {task.status} for {age(waited)} (limit {age(longest)}){why}",
        expected=f"the next step within {age(longest)}",
        evidence=(since,),
    )
