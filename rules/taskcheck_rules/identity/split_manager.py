"""split-manager."""

from collections.abc import Iterable, Iterator, Sequence

from taskcheck import (
    Entry,
    Evidence,
    Finding,
    Fix,
    HandEdit,
    KeepFile,
    Ledger,
    Manager,
    MergeFile,
    People,
    Place,
    Processes,
    Settings,
    Severity,
    Snapshot,
    rule,
)
from taskcheck_rules.traces import number_of
from taskcheck_rules.wording import minute, phrase


@rule(
    family="identity",
    severity=Severity.ERROR,
    explains=("*",),
    remedy=HandEdit("only one file of each kind is left, with {manager} in its name and as its owner"),
)
def split_manager(
    manager: Manager, people: People, settings: Settings, processes: Processes | None = None
) -> Iterator[Finding]:
    """A person has several registers or snapshots, or one that isn't named after the person's key.

    ## Why
    Runs that spell the owner differently read and write different files. The status page then shows the stale file, and
    a worker in one register is missing in the other.

    ## Example
    `task-manager-dave.register.json` and `task-manager-dave-fowler.register.json` both belong to dave-fowler.

    ## Fix
    Merges the entries into the register under the key, keeps the newest snapshot, and deletes the other files. Safe if
    no task has two entries that differ in worktree, branch, live process or pull request. Otherwise unsafe, because
    only one entry can stay.

    There is no fix if a file's name and the owner in it aren't the same person. There is also none if a file or a
    record in it can't be read, because a merge could lose its content.
    """
    if not manager.known:
        return
    several = len(manager.registers) > 1 or len(manager.snapshots) > 1
    odd = [file for file in manager.files if _misnamed(file, manager.key)]
    if not odd and not several:
        return
    strangers = [file for file in manager.files if _stranger(file, manager.key, people)]
    wanted = _wanted(manager)
    mergeable = _mergeable(manager, strangers)
    yield Finding(
        manager=manager.key,
        place=(odd or manager.files)[0].place,
        message=_message(manager, strangers),
        expected=f"{wanted}, with {manager.key} in the path and as the owner",
        evidence=tuple(_evidence(manager)),
        fix=_fix(manager, wanted, settings, processes) if mergeable else None,
    )


def _misnamed(file: Ledger, key: str) -> bool:
    """Return whether a file has another name than the person's key in its path, or inside."""
    owner = file.owner or key
    return file.name != key or owner != key


def _stranger(file: Ledger, key: str, people: People) -> bool:
    """Return whether the owner inside isn't the person, or the file's name is somebody else's."""
    if file.owner is not None and people.person(file.owner) != key:
        return True
    named = people.resolve(file.name)
    return named is not None and named.key != key


def _mergeable(manager: Manager, strangers: list[Ledger]) -> bool:
    """Return whether a merge loses nothing: the files are the person's, and each could be read as a whole."""
    return not strangers and all(file.whole for file in manager.files)


def _wanted(manager: Manager) -> str:
    """Return the files that one person has, in words: one of each kind that is there."""
    kinds = []
    if manager.registers:
        kinds.append("one register")
    if manager.snapshots:
        kinds.append("one snapshot")
    return " and ".join(kinds)


def _message(manager: Manager, strangers: list[Ledger]) -> str:
    """Return how many files of one person there are under which names, and which of them name another owner.

    For example `dave-fowler has 2 registers and 1 snapshot under the names dave, dave-fowler`, or `dave has a register
    under the name dave that says owner rj`; the first part is left out where it would only repeat the second.
    """
    parts = []
    spellings = _spellings(manager.files, strangers)
    tells_more = len(spellings) > 1 or len(manager.files) > len(strangers)
    if tells_more:
        counted = " and ".join(_counted(manager))
        names = "names" if len(spellings) > 1 else "name"
        parts.append(f"{counted} under the {names} {', '.join(sorted(spellings))}")
    for file in strangers:
        parts.append(f"a {file.kind.value} under the name {file.name} that says owner {file.owner}")
    return f"{manager.key} has {', and '.join(parts)}"


def _spellings(files: Sequence[Ledger], strangers: list[Ledger]) -> set[str]:
    """Return the names that the person has in paths and inside of files; an owner who is somebody else isn't one."""
    spellings = set()
    for file in files:
        spellings.add(file.name)
        if file.owner and file not in strangers:
            spellings.add(file.owner)
    return spellings


def _counted(manager: Manager) -> Iterator[str]:
    """Yield how many files of each kind there are: `2 registers`, `1 snapshot`."""
    for noun, files in (("register", manager.registers), ("snapshot", manager.snapshots)):
        if files:
            plural = "" if len(files) == 1 else "s"
            yield f"{len(files)} {noun}{plural}"


def _evidence(manager: Manager) -> Iterator[Evidence]:
    """Yield what stands in each of the files."""
    for register in manager.registers:
        owner = register.ledger.owner or "missing"
        updated = phrase(", updated ", minute(register.updated_at))
        saw = f"owner is {owner}, entries: {len(register.entries)}{updated}"
        yield Evidence(place=register.ledger.place, saw=saw)
    for snapshot in manager.snapshots:
        owner = snapshot.ledger.owner or "missing"
        generated = phrase(", generated ", minute(snapshot.generated_at))
        counts = ", ".join(f"{name} {count}" for name, count in snapshot.counts.items())
        counted = phrase(", counts ", counts)
        yield Evidence(place=snapshot.ledger.place, saw=f"owner is {owner}{generated}{counted}")


def _fix(manager: Manager, wanted: str, settings: Settings, processes: Processes | None) -> Fix:
    """Return the merge of all registers into one, and of all snapshots the newest."""
    edits: list[MergeFile | KeepFile] = []
    if manager.registers:
        edits.append(_merged_registers(manager, settings))
    newest = manager.newest_snapshot
    if newest is not None:
        edits.append(_kept_snapshot(manager, newest, settings))
    differing = _differing(manager.entries, settings, processes)
    why = "; ".join(f"the entries of {task} differ in {what}" for task, what in sorted(differing.items()))
    title = f"merge into {wanted} of {manager.key}"
    return Fix.unless(why, title=title, edits=tuple(edits))


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


def _differing(entries: Iterable[Entry], settings: Settings, processes: Processes | None) -> dict[str, str]:
    """Return the tasks of which two entries differ, each with what the first such two differ in."""
    first: dict[str, Entry] = {}
    found: dict[str, str] = {}
    for entry in entries:
        known = first.setdefault(entry.task, entry)
        what = _difference(known, entry, settings, processes)
        if what is not None:
            found.setdefault(entry.task, what)
    return found


def _difference(one: Entry, other: Entry, settings: Settings, processes: Processes | None) -> str | None:
    """Return in what two entries of a task differ, so that only one of them can stay."""
    if one.worktree_path != other.worktree_path:
        return "worktree"
    if one.branch != other.branch:
        return "branch"
    if _may_live(one, settings, processes) != _may_live(other, settings, processes):
        return "process"
    return "pull request" if _would_forget(one, other) else None


def _may_live(entry: Entry, settings: Settings, processes: Processes | None) -> tuple[int, str] | None:
    """Return the process of an entry and its host, unless it is known not to live; that of this host has no name."""
    if entry.pid is None:
        return None
    process = (entry.pid, (entry.host or "").casefold())
    if processes is None:
        return process
    if processes.is_host(entry.host):
        process = (entry.pid, "")
    lives = processes.lives(entry.pid, entry.host, entry.launched, settings.limits.clock_skew)
    return None if lives is False else process


def _would_forget(one: Entry, other: Entry) -> bool:
    """Return whether two entries record two pull requests, or one of two runs does: only one entry stays."""
    pulls = {number_of(entry.pull_request) for entry in (one, other)}
    are_of_one_run = (one.pid, one.host) == (other.pid, other.host)
    if are_of_one_run:
        pulls.discard(None)
    return len(pulls) > 1
