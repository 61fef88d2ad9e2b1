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
    """A manager escalates a task, and no finding explains why.

    ## Why
    The manager sees problems that no ledger records: a merge conflict, a full disk, a question. Nobody else reports
    them.

    ## Example
    The newest snapshot of ana has the signal `merge_conflict` with the level `escalation` for fix-login, and the detail
    *PR 12 cannot be merged*. Signals with the level `attention` are shown in the report, but aren't findings. There is
    no finding in these cases:

    - Another finding about the task explains the signal, or a worktree refutes it.
    - The snapshot is older than `snapshot_max_age`.
    - The task is closed.
    - The task's file or the manager's register was written since, or the task's run began or ended since. The next
      heartbeat then drops the signal.

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
        message=f"{signal.manager} escalates task {task.id}: {words}",
        expected="somebody who looks after the task",
        evidence=(given, status_of(task)),
        identity=(signal.manager, signal.kind),
        signal=signal.kind,
    )
