"""What the ledgers of a manager say happened, by whichever spelling of the name they lie there; in no order."""

from collections.abc import Iterator

from taskcheck.documents.values import counted
from taskcheck.model.managers import Manager
from taskcheck.model.runtime import Entry, Register, Snapshot
from taskcheck.model.state import State
from taskcheck.model.timeline import Event


def manager_events(manager: Manager, state: State) -> Iterator[Event]:
    """Yield what a manager's registers, heartbeats and signals about itself say."""
    for register in manager.registers:
        yield _written(register)
        yield from map(_registered, register.entries)
    for snapshot in manager.snapshots:
        yield _heard(snapshot)
    for signal in state.signals:
        if signal.manager == manager.key and signal.task is None:
            at = signal.at or signal.heard_at
            yield Event(what=f"{signal.kind}: {signal.detail or ''}", source="heartbeat", at=at, place=signal.place)


def _written(register: Register) -> Event:
    """Return when a register was written, under which spelling, and how many entries it has."""
    what = f"register of {register.ledger.name} written, {counted(len(register.entries), 'entry')}"
    at = register.updated_at or register.ledger.written_at
    return Event(what=what, source="register", at=at, place=register.ledger.place)


def _registered(entry: Entry) -> Event:
    """Return when a task was registered."""
    return Event(what=f"registers {entry.task}", source="register", at=entry.began, place=entry.place)


def _heard(snapshot: Snapshot) -> Event:
    """Return when a heartbeat was written, under which spelling, and how many tasks it shows."""
    what = f"heartbeat of {snapshot.ledger.name}, {counted(len(snapshot.rows), 'task')}"
    return Event(what=what, source="heartbeat", at=snapshot.generated_at, place=snapshot.ledger.place)
