"""duplicate-registration."""

from collections.abc import Iterator

from taskcheck import Checkouts, Dispatches, Entries, Entry, Evidence, Finding, HandEdit, Severity, rule
from taskcheck_rules.wording import SHOWN, listed, phrase


@rule(
    family="register",
    severity=Severity.ERROR,
    stops_dispatch=True,
    remedy=HandEdit("only one of these entries is left"),
)
def duplicate_registration(
    entries: Entries, checkouts: Checkouts | None = None, dispatches: Dispatches | None = None
) -> Iterator[Finding]:
    """Two people have registered the same task, or two register entries name the same worktree.

    ## Why
    Two workers write the same files, and each manager believes that the work is its own.

    ## Example
    The registers of dave-fowler and rj both hold fix-login. Or fix-login and fix-logout both name `.worktrees/fix`. Or
    one register lists fix-login twice, with two processes. A worktree may be reused: if the process of one task is
    alive in it, and the process of the other is known to be dead, the worktree belongs to the first task.

    ## Fix
    None: the two people have to agree who continues.
    """
    for task in sorted({entry.task for entry in entries}):
        yield from _of_several_managers(task, entries.of(task))
    by_folder = _by_folder(entries, checkouts)
    for _, sharing in sorted(by_folder.items()):
        yield from _shared(_without_dead(sharing, dispatches))


def _of_several_managers(task: str, held: tuple[Entry, ...]) -> Iterator[Finding]:
    """Yield that several people have registered a task, where they have."""
    managers = sorted({entry.manager for entry in held})
    if len(managers) > 1:
        yield _registered_by_several(task, held, managers)


def _registered_by_several(task: str, held: tuple[Entry, ...], managers: list[str]) -> Finding:
    """Return the finding that several people have registered a task."""
    evidence = []
    for entry in held:
        for place in entry.places:
            evidence.append(Evidence(place=place, saw=f"registered by {entry.manager}"))
    return Finding(
        task=task,
        place=held[0].place,
        message=f"{task} is registered by {' and '.join(managers)}",
        expected="one manager holds the task",
        evidence=tuple(evidence),
        identity=tuple(managers),
    )


def _by_folder(entries: Entries, checkouts: Checkouts | None) -> dict[str, list[Entry]]:
    """Return the entries by the folder that they name, links and spellings of its path resolved where that is known."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.worktree_path:
            folder = _folder(entry.worktree_path, checkouts)
            found.setdefault(folder, []).append(entry)
    return found


def _folder(path: str, checkouts: Checkouts | None) -> str:
    """Return the folder that a path leads to, as far as git was asked; else the path as it is written."""
    if checkouts is None:
        return path
    recorded = checkouts.recorded.get(path)
    return recorded.real if recorded else path


def _without_dead(sharing: list[Entry], dispatches: Dispatches | None) -> list[Entry]:
    """Return the entries for one folder; where one task alone lives in it, without workers known to be dead."""
    if dispatches is None:
        return sharing
    living = {entry.task for entry in sharing if dispatches.held(entry)}
    if len(living) != 1:
        return sharing
    kept = []
    for entry in sharing:
        if entry.task in living or dispatches.protection(entry):
            kept.append(entry)
    return kept


def _shared(sharing: list[Entry]) -> Iterator[Finding]:
    """Yield a finding for each task with an entry for a folder that another entry is for too."""
    first_of = {entry.task: entry for entry in reversed(sharing)}
    for task, entry in sorted(first_of.items()):
        again = _again(entry, sharing)
        others = [other for name, other in first_of.items() if name != task]
        if again:
            registered = f"registered {len(again) + 1} times by {again[0].manager}"
            yield _one_folder(entry, again, registered)
        elif others:
            registered = f"also registered for {listed([other.task for other in others])}"
            yield _one_folder(entry, others, registered)


def _again(entry: Entry, sharing: list[Entry]) -> list[Entry]:
    """Return the further entries of the same task in the same register."""
    same = []
    for other in sharing:
        one_register = other.place.path == entry.place.path
        if one_register and other.task == entry.task:
            same.append(other)
    return same[1:]


def _one_folder(entry: Entry, others: list[Entry], registered: str) -> Finding:
    """Return the finding that other entries are for the folder of an entry."""
    evidence = []
    for one in (entry, *others[:SHOWN]):
        process = phrase(", process ", one.pid)
        evidence.append(Evidence(place=one.place, saw=f"{one.task} works in {one.worktree_path}{process}"))
    return Finding(
        task=entry.task,
        place=entry.place.at("worktree_path"),
        message=f"worktree {entry.worktree_path} of {entry.task} is {registered}",
        expected="one entry for one worktree",
        evidence=tuple(evidence),
        identity=tuple(sorted(other.task for other in others)),
    )
