"""snapshot-stale."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Evidence,
    Finding,
    Manager,
    People,
    Settings,
    Severity,
    Stage,
    Tasks,
    Undecided,
    age,
    rule,
)


@rule(family="snapshot", severity=Severity.WARNING)
def snapshot_stale(
    manager: Manager, tasks: Tasks, settings: Settings, now: datetime, people: People | None = None
) -> Iterator[Finding]:
    """A manager with work to do hasn't written its heartbeat in time, or dates it in the future.

    ## Why
    The status page shows the snapshot: when it is old, everything on the page is.

    ## Example
    `generated_at` is 25 hours old, `snapshot_max_age` is 10 minutes, and the register holds entries. A manager
    without entries and ready tasks may be at rest. Of several snapshots of one person the newest is judged. In the
    future counts from `clock_skew` on: such a snapshot would look fresh for as long as it is ahead.

    ## Fix
    None: start the manager again, or set its clock.
    """
    snapshot = manager.newest_snapshot
    if snapshot is None:
        raise Undecided(f"no snapshot file of {manager.key}")
    if snapshot.generated_at is None:
        raise Undecided(f"no snapshot of {manager.key} tells when it was written")
    old = now - snapshot.generated_at
    late = old > settings.limits.snapshot_max_age
    early = -old > settings.limits.clock_skew
    work = _work(manager, tasks, people)
    if not work or not (late or early):
        return
    place = snapshot.ledger.place.at("generated_at")
    message = f"its heartbeat is {age(old)} old" if late else f"its heartbeat is dated {age(-old)} in the future"
    yield Finding(
        manager=manager.key,
        place=place,
        message=f"{message}, and it has {work}",
        expected=f"a snapshot not older than {age(settings.limits.snapshot_max_age)}"
        if late
        else f"a snapshot at most {age(settings.limits.clock_skew)} ahead of this clock",
        evidence=(Evidence(place=place, saw=f"generated_at is {snapshot.generated_at:%Y-%m-%d %H:%M:%S}Z"),),
        identity=("late" if late else "early",),
    )


def _work(manager: Manager, tasks: Tasks, people: People | None) -> str:
    """What the manager has to do, in words; empty for nothing."""

    def whose(owner: str) -> str | None:
        return people.route(owner).person if people else owner

    entries = len({entry.task for entry in manager.entries})
    ready = sum(
        task.stage is Stage.READY and any(whose(owner) == manager.key for _, owner in task.owners) for task in tasks
    )
    parts = [f"{entries} registered"] * bool(entries) + [f"{ready} ready"] * bool(ready)
    return f"{' and '.join(parts)} task{'s' if (ready or entries) > 1 else ''}" if parts else ""
