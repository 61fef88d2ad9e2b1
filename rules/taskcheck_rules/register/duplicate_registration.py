"""duplicate-registration."""

from collections.abc import Iterator

from taskcheck import Checkouts, Entries, Entry, Evidence, Finding, Severity, rule

SHOWN = 5
"""Other entries that a finding names."""


@rule(family="register", severity=Severity.ERROR, stops_dispatch=True)
def duplicate_registration(entries: Entries, checkouts: Checkouts | None = None) -> Iterator[Finding]:
    """Two people have registered one task, or two entries of a register are for one worktree.

    ## Why
    Two workers write the same files, and each manager believes that the work is its own.

    ## Example
    dave-fowler's and rj's registers both hold fix-login; or fix-login and fix-logout both name `.worktrees/fix`; or one
    register lists fix-login twice, with two processes.

    ## Fix
    None: who goes on is for the two to say.
    """
    for task in sorted({entry.task for entry in entries}):
        held = entries.of(task)
        managers = sorted({entry.manager for entry in held})
        if len(managers) > 1:
            yield Finding(
                task=task,
                place=held[0].place,
                message=f"registered by {' and '.join(managers)}",
                expected="one manager has it",
                evidence=tuple(
                    Evidence(place=place, saw=f"registered by {entry.manager}")
                    for entry in held
                    for place in entry.places
                ),
                identity=tuple(managers),
            )
    for path, sharing in sorted(_by_worktree(entries, checkouts).items()):
        of_task = {entry.task: entry for entry in reversed(sharing)}
        for task, entry in sorted(of_task.items()):
            twice = [other for other in sharing if other.task == task and other.place.path == entry.place.path][1:]
            others = twice or [other for name, other in of_task.items() if name != task]
            if not others:
                continue
            yield Finding(
                task=task,
                place=entry.place.at("worktree_path"),
                message=f"its worktree {entry.worktree_path or path} is {_shared(task, others)}",
                expected="one entry, one worktree",
                evidence=tuple(
                    Evidence(place=one.place, saw=f"{one.task} works in {one.worktree_path}{_process(one)}")
                    for one in (entry, *others[:SHOWN])
                ),
                identity=(path,),
            )


def _shared(task: str, others: list[Entry]) -> str:
    if others[0].task == task:
        return f"registered {len(others) + 1} times by {others[0].manager}"
    named = ", ".join(other.task for other in others[:SHOWN])
    return f"also registered for {named}" + (f" and {len(others) - SHOWN} more" if len(others) > SHOWN else "")


def _process(entry: Entry) -> str:
    return f", process {entry.pid}" if entry.pid is not None else ""


def _by_worktree(entries: Entries, checkouts: Checkouts | None) -> dict[str, list[Entry]]:
    """Entries by the folder that they name, links and spellings of the path resolved where that is known."""
    recorded = checkouts.recorded if checkouts else {}
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.worktree_path:
            known = recorded.get(entry.worktree_path)
            found.setdefault(known.real if known else entry.worktree_path, []).append(entry)
    return found
