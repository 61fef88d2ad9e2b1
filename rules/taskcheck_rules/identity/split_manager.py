"""split-manager."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from taskcheck import (
    Entry,
    Evidence,
    Finding,
    HandEdit,
    Ledger,
    Manager,
    People,
    Processes,
    Settings,
    Severity,
    Wait,
    rule,
)
from taskcheck_rules.wording import minute, phrase


@rule(
    family="identity",
    severity=Severity.ERROR,
    explains=("*",),
    remedy=HandEdit("only one file of each kind is left, with {manager} in its name and as its owner"),
)
def split_manager(
    manager: Manager, people: People, settings: Settings, now: datetime, processes: Processes | None = None
) -> Iterator[Finding]:
    """A person has several registers or snapshots, or one that isn't named after the person's key.

    ## Why
    Runs that spell the owner differently read and write different files. The status page then shows the stale file, and
    a worker in one register is missing in the other.

    ## Example
    `task-manager-dave.register.json` and `task-manager-dave-fowler.register.json` both belong to dave-fowler.

    ## Fix
    Merges the entries into the register under the key, keeps the newest snapshot, and deletes the other files. The fix
    is unsafe in these cases, because only one entry of a task and one snapshot can stay:

    - Two entries of a task differ in worktree, branch, live process, host or pull request, or in a key that taskcheck
      doesn't know and that isn't a time (`…_at`).
    - It is unknown which snapshot is the newest: one is dated in the future, or two that differ have the same time.

    There is no fix if a file's name and the owner in it aren't the same person. There is also none if a file or a
    record in it can't be read, because a merge could lose its content; or if two live processes have entries of one
    task.
    """
    if not manager.known:
        return
    several = max(len(manager.registers), len(manager.snapshots)) > 1
    odd = [file for file in manager.files if _misnamed(file, manager.key)]
    if not odd and not several:
        return
    from taskcheck_rules.identity._merging import merge

    strangers = [file for file in manager.files if _stranger(file, manager.key, people)]
    wanted = _wanted(manager)
    held = _held_twice(manager.entries, settings, processes)
    mergeable = _mergeable(manager, strangers, held)
    yield Finding(
        manager=manager.key,
        place=(odd or manager.files)[0].place,
        message=_message(manager, strangers),
        expected=f"{wanted}, with {manager.key} in the path and as the owner",
        evidence=tuple(_evidence(manager)),
        fix=merge(manager, wanted, settings, now, processes) if mergeable else None,
        remedy=_wait(held),
    )


def _misnamed(file: Ledger, key: str) -> bool:
    """Return whether a file has another name than the person's key in its path, or inside."""
    names = {file.name, file.owner or key}
    return names != {key}


def _stranger(file: Ledger, key: str, people: People) -> bool:
    """Return whether the owner inside isn't the person, or the file's name is somebody else's."""
    if file.owner is not None and people.person(file.owner) != key:
        return True
    named = people.resolve(file.name)
    return named is not None and named.key != key


def _mergeable(manager: Manager, strangers: list[Ledger], held: str) -> bool:
    """Return whether a merge loses nothing: the files are the person's, each is whole, and no task has two workers."""
    return not any([strangers, held]) and all(file.whole for file in manager.files)


def _held_twice(entries: Iterable[Entry], settings: Settings, processes: Processes | None) -> str:
    """Return the first task of which two entries name live processes, so that neither can go; empty for none."""
    held: dict[str, int | None] = {}
    for entry in entries:
        if _lives(entry, settings, processes) and held.setdefault(entry.task, entry.pid) != entry.pid:
            return entry.task
    return ""


def _lives(entry: Entry, settings: Settings, processes: Processes | None) -> bool | None:
    """Return whether the process of an entry lives; None where this host can't know."""
    skew = settings.limits.clock_skew
    return processes.lives(entry.pid, entry.host, entry.launched, skew) if processes is not None else None


def _wait(held: str) -> Wait | None:
    """Return what is to be waited for, where a task has two workers."""
    return Wait(f"one of the workers of {held} to end: two live processes have it") if held else None


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
        updated = phrase(", updated ", minute(register.updated_at))
        saw = f"{_owned(register.ledger)}, entries: {len(register.entries)}{updated}"
        yield Evidence(place=register.ledger.place, saw=saw)
    for snapshot in manager.snapshots:
        generated = phrase(", generated ", minute(snapshot.generated_at))
        counts = ", ".join(f"{name} {count}" for name, count in snapshot.counts.items())
        counted = phrase(", counts ", counts)
        yield Evidence(place=snapshot.ledger.place, saw=f"{_owned(snapshot.ledger)}{generated}{counted}")


def _owned(file: Ledger) -> str:
    """Return whose a file is by its own word, in words."""
    owner = file.owner or "missing"
    return f"owner is {owner}"
