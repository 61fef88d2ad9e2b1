"""snapshot-stale."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from taskcheck import (
    Dispatches,
    Evidence,
    Finding,
    Manager,
    People,
    Settings,
    Severity,
    Snapshot,
    Stage,
    Task,
    Tasks,
    Wait,
    age,
    rule,
)
from taskcheck_rules.parts import dated_snapshot


@rule(
    family="snapshot",
    severity=Severity.WARNING,
    remedy=Wait("the next heartbeat of {manager}; or start that manager if it doesn't run"),
)
def snapshot_stale(
    manager: Manager,
    tasks: Tasks,
    settings: Settings,
    now: datetime,
    managers: tuple[Manager, ...],
    people: People | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """The heartbeat of a manager with work is overdue or dated in the future.

    ## Why
    The status page shows the snapshot. If the snapshot is old, everything on the page is old.

    ## Example
    `generated_at` is 25 hours old, `snapshot_max_age` is 10 minutes, and the register holds entries. There is no
    finding for a manager without entries and ready tasks, because it may be idle. If a person has several snapshots,
    the newest one counts.

    A time more than `clock_skew` in the future is a finding too, because such a snapshot would look fresh until then. A
    manager without any heartbeat is information if a worker of it is alive, and other managers of the store have a
    heartbeat.

    ## Fix
    None: start the manager again, or set its clock.
    """
    silent = _silent(manager, managers, dispatches)
    if silent is not None:
        yield silent
        return
    snapshot, generated_at = dated_snapshot(manager)
    work = _work(manager, tasks, people)
    if not work:
        return
    old = now - generated_at
    if old > settings.limits.snapshot_max_age:
        yield _late(manager, snapshot, work, old, settings)
    elif -old > settings.limits.clock_skew:
        yield _early(manager, snapshot, work, -old, settings)


def _silent(manager: Manager, managers: tuple[Manager, ...], dispatches: Dispatches | None) -> Finding | None:
    """Return the remark that a manager at work writes no heartbeat, where others do."""
    if manager.snapshots or dispatches is None or not any(other.snapshots for other in managers):
        return None
    live = [entry for entry in manager.entries if dispatches.held(entry)]
    if not live:
        return None
    return Finding(
        manager=manager.key,
        tasks=tuple(dict.fromkeys(entry.task for entry in live)),
        place=live[0].place,
        message=f"{manager.key} has a live worker on {live[0].task}, but writes no heartbeat as other managers do",
        expected="a snapshot file, as the store's other managers have",
        evidence=tuple(
            Evidence(place=entry.place, saw=f"{entry.task} is registered, and its worker is alive") for entry in live
        ),
        severity=Severity.INFO,
        identity=("silent",),
    )


def _late(manager: Manager, snapshot: Snapshot, work: str, old: timedelta, settings: Settings) -> Finding:
    """Return the finding that the heartbeat is old."""
    message = f"heartbeat of {manager.key} is {age(old)} old while the manager has {work}"
    expected = f"a snapshot not older than {age(settings.limits.snapshot_max_age)}"
    return _finding(manager, snapshot, message, expected, kind="late")


def _early(manager: Manager, snapshot: Snapshot, work: str, ahead: timedelta, settings: Settings) -> Finding:
    """Return the finding that the heartbeat is dated in the future."""
    message = f"heartbeat of {manager.key} is dated {age(ahead)} in the future while the manager has {work}"
    expected = f"a snapshot at most {age(settings.limits.clock_skew)} ahead of this clock"
    return _finding(manager, snapshot, message, expected, kind="early")


def _finding(manager: Manager, snapshot: Snapshot, message: str, expected: str, *, kind: str) -> Finding:
    """Return the finding about the time at which the heartbeat was written."""
    place = snapshot.ledger.place.at("generated_at")
    written = Evidence(place=place, saw=f"generated_at is {snapshot.generated_at:%Y-%m-%d %H:%M:%S}Z")
    return Finding(
        manager=manager.key,
        place=place,
        message=message,
        expected=expected,
        evidence=(written,),
        identity=(kind,),
    )


def _work(manager: Manager, tasks: Tasks, people: People | None) -> str:
    """Return what the manager has to do: `2 registered and 1 ready task`; nothing where it may be at rest."""
    registered = len({entry.task for entry in manager.entries})
    ready = sum(_waits_for(manager, task, people) for task in tasks)
    parts = []
    if registered:
        parts.append(f"{registered} registered")
    if ready:
        parts.append(f"{ready} ready")
    if not parts:
        return ""
    last_named = ready or registered
    noun = "tasks" if last_named > 1 else "task"
    return f"{' and '.join(parts)} {noun}"


def _waits_for(manager: Manager, task: Task, people: People | None) -> bool:
    """Return whether a task is ready and the manager's to start."""
    if task.stage is not Stage.READY:
        return False
    owners = [owner for _, owner in task.owners]
    if people is None:
        return manager.key in owners
    return any(people.route(owner).person == manager.key for owner in owners)
