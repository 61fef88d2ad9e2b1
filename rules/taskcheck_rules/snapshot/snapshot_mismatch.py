"""snapshot-mismatch."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from taskcheck import (
    Copies,
    Dispatches,
    Evidence,
    Finding,
    Manager,
    Register,
    Settings,
    Severity,
    Snapshot,
    Stage,
    Tasks,
    Undecided,
    rule,
    whole_number,
)

SHOWN = 5
"""Tasks that the message names."""


@rule(family="snapshot", severity=Severity.WARNING)
def snapshot_mismatch(
    manager: Manager,
    tasks: Tasks,
    settings: Settings,
    copies: Copies | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A heartbeat contradicts ledgers that haven't been written since: the status page shows what isn't so.

    ## Why
    People act on the page: they wait for a task that has long ended, or look for a worker that never was.

    ## Example
    The snapshot says `ready` of a task, and the task file has said `in_review` since before `generated_at`. A row is
    `registered` that the register doesn't have, or the other way round. `counts.attention` is 3, and neither the
    signals nor the rows make three. A signal `pickup_overdue`, and a worktree or root shows the task in progress.

    What was written after `generated_at`, or less than `clock_skew` before it, isn't held against the snapshot. Nor
    are other fields: `dispatch_state` is the manager's own word.

    ## Fix
    None: the manager's next heartbeat does it; where it doesn't, the manager reads something else than it should.
    """
    snapshot = manager.newest_snapshot
    if snapshot is None:
        raise Undecided(f"no snapshot file of {manager.key}")
    if snapshot.generated_at is None:
        raise Undecided(f"no snapshot of {manager.key} tells when it was written")
    written = snapshot.ledger.written_at or snapshot.generated_at
    since = min(snapshot.generated_at, written) - settings.limits.clock_skew
    contradictions = [
        *_statuses(snapshot, tasks, since),
        *_registered(snapshot, manager, since),
        *_counts(snapshot, manager, settings, since),
        *_signals(snapshot, tasks, copies or Copies(), dispatches, since),
    ]
    if not contradictions:
        return
    about = tuple(dict.fromkeys(item.task for item in contradictions if item.task))
    named = ", ".join(about[:SHOWN]) + (f" and {len(about) - SHOWN} more" if len(about) > SHOWN else "")
    counted = "its counts" if any(item.task is None for item in contradictions) else ""
    yield Finding(
        manager=manager.key,
        tasks=() if counted else about,
        place=contradictions[0].evidence[0].place,
        message=f"its heartbeat contradicts the ledgers about {' and '.join(filter(None, (counted, named)))}",
        expected="a heartbeat that says what the ledgers said when it was written",
        evidence=tuple(evidence for item in contradictions for evidence in item.evidence),
        identity=(counted, *about),
    )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the snapshot says, and who says otherwise; about a task, or about the counts."""

    task: str | None
    evidence: tuple[Evidence, Evidence]


def _statuses(snapshot: Snapshot, tasks: Tasks, since: datetime) -> Iterator[Contradiction]:
    for row in snapshot.rows:
        task = tasks.get(row.task)
        if not (row.status and task and task.status) or not _before(task.written_at, since):
            continue
        if row.status.casefold() != task.status.casefold():
            yield Contradiction(
                row.task,
                (
                    Evidence(place=row.place.at("status"), saw=f"{row.task} is {row.status}"),
                    Evidence(place=task.at("status"), saw=f"status is {task.status}, written before the heartbeat"),
                ),
            )


def _registered(snapshot: Snapshot, manager: Manager, since: datetime) -> Iterator[Contradiction]:
    if not _settled(manager.registers, since):
        return
    entries = {entry.task: entry for entry in manager.entries}
    for row in snapshot.rows:
        entry = entries.get(row.task)
        if row.registered is None or row.registered == (entry is not None):
            continue
        place = entry.place if entry else manager.registers[0].ledger.place
        word = "registered" if row.registered else "not registered"
        yield Contradiction(
            row.task,
            (
                Evidence(place=row.place.at("registered"), saw=f"{row.task} is {word}"),
                Evidence(place=place, saw=f"an entry for {row.task}" if entry else f"no entry for {row.task}"),
            ),
        )


def _counts(snapshot: Snapshot, manager: Manager, settings: Settings, since: datetime) -> Iterator[Contradiction]:
    """Counts that no reading of snapshot and register gives; what a manager counts as active isn't laid down.

    What isn't there, or can't be read, gives no reading.
    """
    document = snapshot.ledger.document
    if document is None or snapshot.ledger.troubles:
        return
    rows = snapshot.rows if "tasks" in document.values else None
    signals = snapshot.signals if "escalation" in document.values else None
    readings: dict[str, set[int]] = {"active": set(), "attention": set(), "escalation": set()}
    if rows is not None:
        readings["active"] |= {
            sum(row.held for row in rows),
            sum(row.registered is True for row in rows),
            sum(row.dispatch_state is not None for row in rows),
            sum(row.dispatch_state == "running" for row in rows),
            sum(settings.stage(row.status) is Stage.ACTIVE for row in rows),
        }
        if any(row.needs_attention is not None for row in rows):
            readings["attention"].add(sum(row.needs_attention is True for row in rows))
    if manager.registers:
        settled = _settled(manager.registers, since)
        readings["active"] = readings["active"] | {len({entry.task for entry in manager.entries})} if settled else set()
    if signals is not None:
        for level in ("attention", "escalation"):
            of_level = [signal.task for signal in signals if signal.level == level]
            readings[level] |= {len(of_level), len(set(of_level))}
        readings["attention"].add(len({signal.task for signal in signals}))
    for name, possible in readings.items():
        said = whole_number(snapshot.counts.get(name))
        if said is None or not possible or said in possible:
            continue
        place = snapshot.ledger.place
        counted = " or ".join(map(str, sorted(possible)))
        yield Contradiction(
            None,
            (
                Evidence(place=place.at("counts", name), saw=f"counts.{name} is {said}"),
                Evidence(place=place.at("tasks"), saw=f"by its own rows, signals and register {counted}"),
            ),
        )


def _signals(
    snapshot: Snapshot, tasks: Tasks, copies: Copies, dispatches: Dispatches | None, since: datetime
) -> Iterator[Contradiction]:
    """Signals that root or a worktree refutes; one that was true when it was written, before the work began, isn't."""
    for signal in snapshot.signals:
        root = tasks.get(signal.task or "")
        begun = copies.refute(signal, root if root and _before(root.written_at, since) else None)
        dispatch = dispatches.of(signal.task) if dispatches and signal.task else None
        later = dispatch is not None and dispatch.began is not None and dispatch.began > since
        if begun is not None and not later:
            yield Contradiction(
                signal.task,
                (
                    Evidence(place=signal.place, saw=f"{signal.kind} for {signal.task}"),
                    Evidence(place=begun.at("status"), saw=f"status is {begun.status}"),
                ),
            )


def _settled(registers: tuple[Register, ...], since: datetime) -> bool:
    """Whether there are registers, all of them readable as a whole and none written since."""
    return bool(registers) and all(
        register.ledger.document is not None
        and not register.ledger.troubles
        and _before(register.ledger.written_at, since)
        and (register.updated_at is None or register.updated_at <= since)
        for register in registers
    )


def _before(written: datetime | None, since: datetime) -> bool:
    return written is not None and written <= since
