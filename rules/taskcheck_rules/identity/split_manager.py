"""split-manager."""

from collections.abc import Iterable, Iterator

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
    no task has two entries that differ in worktree, branch or live process; unsafe otherwise, because only one entry
    can stay. None when a file's name and the owner inside it aren't one person, or when a file or a record in it
    can't be read: it may hold what a merge would lose.
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
    kinds = " and ".join(["one register"] * bool(registers) + ["one snapshot"] * bool(snapshots))
    yield Finding(
        manager=manager.key,
        place=(odd or files)[0].place,
        message=_message(manager.key, registers, snapshots, strangers),
        expected=f"{kinds}, with {manager.key} in the path and as the owner inside",
        evidence=tuple(_evidence(manager)),
        fix=None
        if strangers or any(ledger.document is None or ledger.troubles for ledger in files)
        else _fix(manager, settings, processes, f"merge into {kinds} of {manager.key}"),
    )


def _message(key: str, registers: list[Ledger], snapshots: list[Ledger], strangers: list[Ledger]) -> str:
    files = [*registers, *snapshots]
    spellings = {ledger.name for ledger in files}
    spellings |= {ledger.owner for ledger in files if ledger.owner and ledger not in strangers}
    counts = {"register": len(registers), "snapshot": len(snapshots)}
    told = [
        f"the {ledger.kind.value} named {ledger.name} says that its owner is {ledger.owner}" for ledger in strangers
    ]
    if len(spellings) > 1 or len(files) > len(told):
        counted = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count]
        instead = "" if key in spellings else f", not {key}"
        told.insert(0, f"{' and '.join(counted)} of one person, spelled {', '.join(sorted(spellings))}{instead}")
    return "; ".join(told)


def _stranger(ledger: Ledger, key: str, people: People) -> bool:
    """Whether the owner inside isn't the person, or the file's name is somebody else's."""
    named = people.resolve(ledger.name)
    return (ledger.owner is not None and people.person(ledger.owner) != key) or (named is not None and named.key != key)


def _evidence(manager: Manager) -> Iterator[Evidence]:
    for register in manager.registers:
        when = f", updated {register.updated_at:%Y-%m-%d %H:%M}Z" if register.updated_at else ""
        yield Evidence(
            place=register.ledger.place,
            saw=f"owner is {register.ledger.owner or 'not named'}, entries: {len(register.entries)}{when}",
        )
    for snapshot in manager.snapshots:
        when = f", generated {snapshot.generated_at:%Y-%m-%d %H:%M}Z" if snapshot.generated_at else ""
        counts = ", ".join(f"{name} {count}" for name, count in snapshot.counts.items())
        yield Evidence(
            place=snapshot.ledger.place,
            saw=f"owner is {snapshot.ledger.owner or 'not named'}{when}{f', counts {counts}' if counts else ''}",
        )


def _fix(manager: Manager, settings: Settings, processes: Processes | None, title: str) -> Fix:
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
    tasks = _conflicts(manager.entries, settings, processes)
    return Fix(
        title=title,
        safety=Safety.UNSAFE if tasks else Safety.SAFE,
        edits=tuple(edits),
        why="; ".join(f"the entries of {task} differ in {what}" for task, what in sorted(tasks.items())),
    )


def _conflicts(entries: Iterable[Entry], settings: Settings, processes: Processes | None) -> dict[str, str]:
    """Tasks with two entries that differ in worktree, branch or live process, and in what they do."""

    def may_live(entry: Entry) -> int | None:
        """The process, unless it is known not to live."""
        skew = settings.limits.clock_skew
        known = processes.lives(entry.pid, entry.host, entry.launched, skew) if processes else None
        return None if known is False else entry.pid

    def differ(one: Entry, other: Entry) -> str | None:
        if one.worktree_path != other.worktree_path:
            return "worktree"
        if one.branch != other.branch:
            return "branch"
        return "process" if may_live(one) != may_live(other) else None

    first: dict[str, Entry] = {}
    found: dict[str, str] = {}
    for entry in entries:
        what = differ(first.setdefault(entry.task, entry), entry)
        if what:
            found.setdefault(entry.task, what)
    return found
