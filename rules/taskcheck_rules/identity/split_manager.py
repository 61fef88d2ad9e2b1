"""split-manager."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from taskcheck import (
    Entry,
    Evidence,
    Finding,
    Fix,
    KeepFile,
    Ledger,
    Manager,
    MergeFile,
    People,
    Place,
    Processes,
    Safety,
    Settings,
    Severity,
    rule,
)


@rule(family="identity", severity=Severity.ERROR, explains=("*",))
def split_manager(
    manager: Manager, people: People, settings: Settings, processes: Processes | None = None
) -> Iterator[Finding]:
    """One person has several registers or snapshots, or one that isn't named after the person's key.

    ## Why
    Runs that spell the owner differently read and write different files: the status page shows the stale one, and
    a worker that stands in one register is missing in the other.

    ## Example
    `task-manager-dave.register.json` beside `task-manager-dave-fowler.register.json`, both of dave-fowler.

    ## Fix
    Merges the entries into the register under the key, keeps the newest snapshot, drops the other files. Safe when
    no task has two entries that differ in worktree, branch or live process; unsafe otherwise. None when a file's
    name and the owner inside it are two people, or a file can't be read.
    """
    if not manager.known:
        return
    registers = [register.ledger for register in manager.registers]
    snapshots = [snapshot.ledger for snapshot in manager.snapshots]
    files = [*registers, *snapshots]
    odd = [ledger for ledger in files if ledger.name != manager.key or (ledger.owner or manager.key) != manager.key]
    if not odd and len(registers) <= 1 and len(snapshots) <= 1:
        return
    strangers = [ledger for ledger in files if _stranger(ledger, manager.key, people)]
    spellings = sorted({spelling for ledger in files for spelling in (ledger.name, ledger.owner) if spelling})
    yield Finding(
        manager=manager.key,
        place=(odd or files)[0].place,
        message=f"{_counted(registers, 'register')} and {_counted(snapshots, 'snapshot')} of one person, "
        f"spelled {', '.join(spellings)}",
        expected=f"one register and one snapshot, named {manager.key}",
        evidence=tuple(_evidence(manager)),
        fix=None
        if strangers or any(ledger.document is None for ledger in files)
        else _fix(manager, settings, processes),
    )


def _counted(ledgers: list[Ledger], noun: str) -> str:
    return f"{len(ledgers)} {noun}{'' if len(ledgers) == 1 else 's'}"


def _stranger(ledger: Ledger, key: str, people: People) -> bool:
    inner = people.person(ledger.owner)
    return ledger.owner is not None and inner != key


def _evidence(manager: Manager) -> Iterator[Evidence]:
    for register in manager.registers:
        when = f", updated {register.updated_at:%Y-%m-%d %H:%M}Z" if register.updated_at else ""
        yield Evidence(
            place=register.ledger.place,
            saw=f"owner is {register.ledger.owner or 'not named'}, {len(register.entries)} entries{when}",
        )
    for snapshot in manager.snapshots:
        when = f", generated {snapshot.generated_at:%Y-%m-%d %H:%M}Z" if snapshot.generated_at else ""
        counts = ", ".join(f"{name} {count}" for name, count in snapshot.counts.items())
        yield Evidence(
            place=snapshot.ledger.place,
            saw=f"owner is {snapshot.ledger.owner or 'not named'}{when}{f', counts {counts}' if counts else ''}",
        )


def _fix(manager: Manager, settings: Settings, processes: Processes | None) -> Fix:
    edits: list[MergeFile | KeepFile] = []
    if manager.registers:
        places = tuple(register.ledger.place for register in manager.registers)
        target = Place(path=settings.paths.register(manager.key))
        edits.append(MergeFile(sources=places, target=target, owner=manager.key))
    newest = manager.newest_snapshot
    if newest:
        dropped = tuple(s.ledger.place for s in manager.snapshots if s is not newest)
        target = Place(path=settings.paths.snapshot(manager.key))
        edits.append(KeepFile(source=newest.ledger.place, dropped=dropped, target=target, owner=manager.key))
    tasks = sorted(_conflicts(manager.entries, processes))
    return Fix(
        title=f"merge into one register and one snapshot of {manager.key}",
        safety=Safety.UNSAFE if tasks else Safety.SAFE,
        edits=tuple(edits),
        why=f"two different entries of {', '.join(tasks)}" if tasks else "",
    )


def _conflicts(entries: Iterable[Entry], processes: Processes | None) -> set[str]:
    """Tasks with two entries that differ in worktree, branch or live process."""
    alive = processes.started if processes else {}

    def differ(one: Entry, other: Entry) -> bool:
        pids = {entry.pid for entry in (one, other) if entry.pid is not None}
        live = len(pids) > 1 and any(pid in alive for pid in pids)
        return (one.worktree_path, one.branch) != (other.worktree_path, other.branch) or live

    return {a.task for a, b in combinations(entries, 2) if a.task == b.task and differ(a, b)}
