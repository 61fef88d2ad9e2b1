"""unexplained-escalation."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Copies,
    Evidence,
    Finding,
    Settings,
    Severity,
    Signal,
    Task,
    Tasks,
    Wait,
    rule,
)
from taskcheck_rules.wording import status_of

LONGEST = 300
"""Characters of a manager's own words that a message repeats."""


@rule(
    family="snapshot",
    severity=Severity.WARNING,
    remedy=Wait("the manager's next heartbeat after somebody has done what it asks for"),
)
def unexplained_escalation(
    signals: tuple[Signal, ...], tasks: Tasks, settings: Settings, now: datetime, copies: Copies | None = None
) -> Iterator[Finding]:
    """A manager escalates a task, and nothing that taskcheck knows explains why.

    ## Why
    The manager sees what no ledger shows: a merge conflict, a full disk, a question. Nobody else will say it.

    ## Example
    The newest snapshot of ana has the signal `merge_conflict` of the level `escalation` for fix-login, with the detail
    *PR 12 cannot be merged*. Silent where another finding of the task explains the signal, or a worktree refutes it;
    where the snapshot is older than `snapshot_max_age`; where the task is closed; and where its file or the manager's
    register was written since, or its run began or ended since: then the signal goes with the next heartbeat. Signals
    of the level `attention` are shown, and are no finding.

    ## Fix
    None: do what the manager asks for.
    """
    for signal in signals:
        task = tasks.get(signal.task or "")
        if task is None or task.closed:
            continue
        if _is_loud(signal, settings, now) and not _is_refuted(signal, task, copies):
            yield _finding(task, signal)


def _is_refuted(signal: Signal, task: Task, copies: Copies | None) -> bool:
    """Return whether root or a worktree says otherwise than a signal."""
    known = copies or Copies()
    return known.refute(signal, task) is not None


def _is_loud(signal: Signal, settings: Settings, now: datetime) -> bool:
    """Return whether a signal is an escalation of a fresh snapshot that nothing has answered."""
    level = signal.level or ""
    if level.lower() != "escalation":
        return False
    if signal.answered or signal.heard_at is None:
        return False
    limits = settings.limits
    return -limits.clock_skew <= now - signal.heard_at <= limits.snapshot_max_age


def _finding(task: Task, signal: Signal) -> Finding:
    """Return the finding that passes an escalation on."""
    detail = " ".join((signal.detail or "").split())[:LONGEST]
    words = f"{signal.kind}: {detail}" if detail else signal.kind
    given = Evidence(place=signal.place, saw=f"{words} (escalation)")
    return Finding(
        task=task.id,
        place=signal.place,
        message=f"{signal.manager} escalates {task.id}: {words}",
        expected="somebody who looks after the task",
        evidence=(given, status_of(task)),
        identity=(signal.manager, signal.kind),
        signal=signal.kind,
    )
