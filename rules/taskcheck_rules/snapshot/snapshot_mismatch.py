"""snapshot-mismatch."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from taskcheck import (
    Copies,
    Dispatches,
    Entry,
    Evidence,
    Finding,
    Manager,
    Place,
    Register,
    Row,
    Settings,
    Severity,
    Signal,
    Snapshot,
    Stage,
    Task,
    Tasks,
    Wait,
    frozen,
    rule,
    whole_number,
)
from taskcheck_rules.parts import dated_snapshot, run_of
from taskcheck_rules.wording import listed, phrase, status_of

WRITING = timedelta(seconds=30)
"""How long a manager may take from what it reads to the heartbeat that it writes (contract 2, point 15)."""


@rule(
    family="snapshot",
    severity=Severity.WARNING,
    remedy=Wait("the next heartbeat of {manager}"),
)
def snapshot_mismatch(
    manager: Manager,
    tasks: Tasks,
    settings: Settings,
    copies: Copies | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A heartbeat contradicts ledgers that are older than it, so the status page is wrong.

    ## Why
    People act on the page. They wait for a task that ended long ago, or look for a worker that never existed.

    ## Example
    In the snapshot, a task is `ready`, but the task file has said `in_review` since before `generated_at`. Or a
    snapshot row is `registered` but the register has no such entry, or the other way round. Or `counts.attention` is 3,
    but neither the signals nor the rows add up to three. Or there is a signal `pickup_overdue`, but the task is in
    progress in a worktree or in root.

    Changes after `generated_at`, or less than 30 s before it (`clock_skew` if that is less), don't count, because a
    manager reads for a while before it writes. Other fields don't count either: only the manager knows
    `dispatch_state`.

    ## Fix
    None: the manager's next heartbeat settles it. If it doesn't, the manager reads the wrong files.
    """
    snapshot, generated_at = dated_snapshot(manager)
    written = snapshot.ledger.written_at or generated_at
    since = min(generated_at, written) - min(WRITING, settings.limits.clock_skew)
    contradictions = [
        *_statuses(snapshot, tasks, since),
        *_registrations(snapshot, manager, since),
        *_counts(snapshot, manager, settings, since),
        *_signals(snapshot, tasks, copies or Copies(), dispatches, since),
    ]
    if contradictions:
        yield _finding(manager, contradictions)


@frozen
class Contradiction:
    """What the snapshot says, and who says otherwise; about a task, or about the counts."""

    task: str | None
    said: Evidence
    otherwise: Evidence


def _finding(manager: Manager, contradictions: list[Contradiction]) -> Finding:
    """Return the one finding that names all contradictions of a heartbeat."""
    evidence = []
    about: dict[str | None, None] = {}
    for contradiction in contradictions:
        evidence += [contradiction.said, contradiction.otherwise]
        about[contradiction.task] = None
    counts = "its counts" if None in about else ""
    tasks = tuple(filter(None, about))
    named = phrase("task " if len(tasks) == 1 else "tasks ", listed(tasks))
    matters = " and ".join(filter(None, (counts, named)))
    return Finding(
        manager=manager.key,
        tasks=() if counts else tasks,
        place=evidence[0].place,
        message=f"heartbeat of {manager.key} contradicts the ledgers about {matters}",
        expected="a heartbeat that says what the ledgers said when it was written",
        evidence=tuple(evidence),
        identity=(counts, *tasks),
    )


def _statuses(snapshot: Snapshot, tasks: Tasks, since: datetime) -> Iterator[Contradiction]:
    """Yield the rows with another status than a task file that hasn't been written since."""
    for row in snapshot.rows:
        task = tasks.get(row.task)
        if task is None or not _before(task.written_at, since):
            continue
        if not _differ(row.status, task.status):
            continue
        said = Evidence(place=row.place.at("status"), saw=f"{row.task} is {row.status}")
        of_root = Evidence(place=task.at("status"), saw=f"status is {task.status}, written before the heartbeat")
        yield Contradiction(row.task, said, of_root)


def _differ(said: str | None, status: str | None) -> bool:
    """Return whether two statuses are given and aren't the same; ``Ready`` and ``ready`` are."""
    if not said or not status:
        return False
    return said.casefold() != status.casefold()


def _registrations(snapshot: Snapshot, manager: Manager, since: datetime) -> Iterator[Contradiction]:
    """Yield the rows that are called registered and aren't, or the other way round."""
    if not manager.registers or not _settled(manager.registers, since):
        return
    register = manager.registers[0].ledger.place
    entries = {entry.task: entry for entry in manager.entries}
    for row in snapshot.rows:
        entry = entries.get(row.task)
        is_registered = entry is not None
        if row.registered is None or row.registered == is_registered:
            continue
        word = "registered" if row.registered else "not registered"
        said = Evidence(place=row.place.at("registered"), saw=f"{row.task} is {word}")
        yield Contradiction(row.task, said, _of_register(row.task, entry, register))


def _of_register(task: str, entry: Entry | None, register: Place) -> Evidence:
    """Return what the register says of a task: its entry, or that there is none."""
    if entry is None:
        return Evidence(place=register, saw=f"no entry for {task}")
    return Evidence(place=entry.place, saw=f"an entry for {task}")


def _counts(snapshot: Snapshot, manager: Manager, settings: Settings, since: datetime) -> Iterator[Contradiction]:
    """Yield the counts that no reading of snapshot and register gives.

    What a manager counts isn't laid down, so each count has several readings. What isn't there, or can't be read, gives
    none; and a count without a reading can't be contradicted.
    """
    if not snapshot.ledger.whole:
        return
    place = snapshot.ledger.place
    for name, possible in _readings(snapshot, manager, settings, since).items():
        count = whole_number(snapshot.counts.get(name))
        if count is None or not possible or count in possible:
            continue
        counted = " or ".join(str(number) for number in sorted(possible))
        said = Evidence(place=place.at("counts", name), saw=f"counts.{name} is {count}")
        own = Evidence(place=place.at("tasks"), saw=f"its rows, signals and register count {counted}")
        yield Contradiction(None, said, own)


def _readings(snapshot: Snapshot, manager: Manager, settings: Settings, since: datetime) -> dict[str, set[int]]:
    """Return by the name of each count the numbers that it may be, as far as snapshot and registers tell.

    A register that was written since held another number of tasks then, which nobody knows now: with it no number of
    active tasks is impossible, and there is no reading of that count.
    """
    readings: dict[str, set[int]] = {"active": set(), "attention": set(), "escalation": set()}
    told = snapshot.ledger.document.values if snapshot.ledger.document else {}
    if "tasks" in told:
        readings["active"] |= _active_rows(snapshot.rows, settings)
        readings["attention"] |= _needing_attention(snapshot.rows)
    if "escalation" in told:
        readings["attention"] |= _of_level("attention", snapshot.signals)
        readings["attention"].add(len({signal.task for signal in snapshot.signals}))
        readings["escalation"] |= _of_level("escalation", snapshot.signals)
    if not manager.registers:
        return readings
    if _settled(manager.registers, since):
        readings["active"].add(len({entry.task for entry in manager.entries}))
    else:
        readings["active"].clear()
    return readings


def _active_rows(rows: tuple[Row, ...], settings: Settings) -> set[int]:
    """Return how many rows may be called active: held, registered, dispatched, running, or of an active status."""
    held = sum(row.held for row in rows)
    registered = sum(row.registered is True for row in rows)
    dispatched = sum(row.dispatch_state is not None for row in rows)
    running = sum(row.dispatch_state == "running" for row in rows)
    of_status = sum(settings.stage(row.status) is Stage.ACTIVE for row in rows)
    return {held, registered, dispatched, running, of_status}


def _needing_attention(rows: tuple[Row, ...]) -> set[int]:
    """Return how many rows need attention, where any of them tells."""
    told = [row.needs_attention for row in rows if row.needs_attention is not None]
    return {told.count(True)} if told else set()


def _of_level(level: str, signals: tuple[Signal, ...]) -> set[int]:
    """Return how many signals are of a level, and on how many tasks."""
    tasks = [signal.task for signal in signals if signal.level == level]
    return {len(tasks), len(set(tasks))}


def _signals(
    snapshot: Snapshot, tasks: Tasks, copies: Copies, dispatches: Dispatches | None, since: datetime
) -> Iterator[Contradiction]:
    """Yield the signals that root or a worktree refutes.

    One that was true when it was written, before the work began, isn't refuted.
    """
    for signal in snapshot.signals:
        begun = copies.refute(signal, _unwritten(signal, tasks, since))
        if begun is None or _began_after(signal, dispatches, since):
            continue
        said = Evidence(place=signal.place, saw=f"{signal.kind} for {signal.task}")
        yield Contradiction(signal.task, said, status_of(begun))


def _unwritten(signal: Signal, tasks: Tasks, since: datetime) -> Task | None:
    """Return root's task that a signal is about, unless its file was written since."""
    task = tasks.get(signal.task or "")
    if task is None or not _before(task.written_at, since):
        return None
    return task


def _began_after(signal: Signal, dispatches: Dispatches | None, since: datetime) -> bool:
    """Return whether the task of a signal was dispatched only since."""
    run = run_of(dispatches, signal.task or "")
    if run is None or run.began is None:
        return False
    return run.began > since


def _settled(registers: tuple[Register, ...], since: datetime) -> bool:
    """Return whether all registers could be read as a whole, and none was written since."""
    for register in registers:
        if not register.ledger.whole:
            return False
        if not _before(register.ledger.written_at, since):
            return False
        if register.updated_at is not None and register.updated_at > since:
            return False
    return True


def _before(written: datetime | None, since: datetime) -> bool:
    """Return whether it is known that something was written before."""
    return written is not None and written <= since
