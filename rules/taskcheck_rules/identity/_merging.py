"""The merge of all files of one person into one of each kind, and what would be lost by it."""

from datetime import datetime

from taskcheck import Fix, KeepFile, Manager, MergeFile, Place, Processes, Settings, Snapshot, Value
from taskcheck_rules.identity._differing import differing


def merge(manager: Manager, wanted: str, settings: Settings, now: datetime, processes: Processes | None) -> Fix:
    """Return the merge of all registers into one, and of all snapshots the newest."""
    edits: list[MergeFile | KeepFile] = []
    found = differing(manager.registers, settings, processes)
    reasons = [f"the entries of {task} differ in {what}" for task, what in sorted(found.items())]
    if manager.registers:
        edits.append(_merged_registers(manager, settings))
    newest = manager.newest_snapshot
    if newest is not None:
        edits.append(_kept_snapshot(manager, newest, settings))
        reasons.append(_may_not_be_newest(newest, manager, now + settings.limits.clock_skew))
    title = f"merge into {wanted} of {manager.key}"
    return Fix.unless("; ".join(filter(None, reasons)), title=title, edits=tuple(edits))


def _may_not_be_newest(newest: Snapshot, manager: Manager, latest: datetime) -> str:
    """Return why what seems to be the newest of several snapshots may not be; empty where it is, or is the only one.

    What is dated after the latest time that may be now is dated in the future.
    """
    at = newest.generated_at
    if at is None or len(manager.snapshots) == 1:
        return ""
    path = newest.ledger.place.path
    if at > latest:
        return f"{path} is dated in the future, so it may not be the newest snapshot"
    for other in manager.snapshots:
        if other.generated_at == at and _content(other) != _content(newest):
            return f"{path} and {other.ledger.place.path} were written at the same time, and differ"
    return ""


def _content(snapshot: Snapshot) -> dict[str, Value]:
    """Return what a snapshot says beside its owner."""
    values = snapshot.ledger.document.values if snapshot.ledger.document else {}
    return {key: value for key, value in values.items() if key != "owner"}


def _merged_registers(manager: Manager, settings: Settings) -> MergeFile:
    """Return the edit that merges all registers into the one under the person's key."""
    sources = tuple(register.ledger.place for register in manager.registers)
    target = Place(path=settings.paths.register(manager.key))
    return MergeFile(sources=sources, target=target, owner=manager.key)


def _kept_snapshot(manager: Manager, newest: Snapshot, settings: Settings) -> KeepFile:
    """Return the edit that keeps the newest snapshot under the person's key."""
    others = tuple(snapshot.ledger.place for snapshot in manager.snapshots if snapshot is not newest)
    target = Place(path=settings.paths.snapshot(manager.key))
    return KeepFile(source=newest.ledger.place, dropped=others, target=target, owner=manager.key)
