"""tracked-runtime-state."""

from collections.abc import Iterator

from taskcheck import Command, Evidence, Finding, Ledger, Place, Severity, rule


@rule(
    family="task",
    severity=Severity.ERROR,
    remedy=Command(("git", "rm", "--cached", "--", "{path}"), note="and add its folder to .gitignore"),
)
def tracked_runtime_state(tracked: frozenset[str], ledgers: tuple[Ledger, ...] | None = None) -> Iterator[Finding]:
    """Git tracks a register or a snapshot.

    ## Why
    A register or a snapshot is valid only for a moment on one machine. In a commit, it travels: every checkout and
    every branch restores an old state over newer data from the manager.

    ## Example
    `git add -A` added `.tasks/task_manager/task-manager-dave.register.json`, because no `.gitignore` names it.

    ## Fix
    None: run `git rm --cached` on the file, and add its folder to `.gitignore`. The file itself stays.
    """
    managers = {ledger.place.path: ledger.manager for ledger in ledgers or ()}
    for path in sorted(tracked):
        yield Finding(
            manager=managers.get(path),
            place=Place(path=path),
            message=f"{path} is tracked by git, but describes one machine at one moment",
            expected="runtime files that git ignores: git rm --cached, and a line in .gitignore",
            evidence=(Evidence(place=Place(path=path), saw="in git's index"),),
            identity=(path.rpartition("/")[2],),
        )
