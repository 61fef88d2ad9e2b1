"""duplicate-registration."""

from collections.abc import Iterator

from taskcheck import Checkouts, Entries, Entry, Evidence, Finding, Severity, rule


@rule(family="register", severity=Severity.ERROR)
def duplicate_registration(entries: Entries, checkouts: Checkouts | None = None) -> Iterator[Finding]:
    """Two people have registered one task, or two tasks are registered in one worktree.

    ## Why
    Two workers write the same files, and each manager believes that the work is its own.

    ## Example
    dave-fowler's and rj's registers both hold fix-login; or fix-login and fix-logout both name `.worktrees/fix`.

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
        tasks = sorted({entry.task for entry in sharing})
        for entry in sharing if len(tasks) > 1 else ():
            others = [task for task in tasks if task != entry.task]
            yield Finding(
                task=entry.task,
                place=entry.place.at("worktree_path"),
                message=f"its worktree {entry.worktree_path or path} is also registered for {', '.join(others)}",
                expected="one task, one worktree",
                evidence=tuple(
                    Evidence(place=other.place, saw=f"{other.task} works in {other.worktree_path}") for other in sharing
                ),
                identity=tuple(tasks),
            )


def _by_worktree(entries: Entries, checkouts: Checkouts | None) -> dict[str, list[Entry]]:
    """Entries by the folder that they name, links and spellings of the path resolved where that is known."""
    recorded = checkouts.recorded if checkouts else {}
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.worktree_path:
            known = recorded.get(entry.worktree_path)
            found.setdefault(known.real if known else entry.worktree_path, []).append(entry)
    return found
