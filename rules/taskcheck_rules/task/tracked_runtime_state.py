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
    Who works where is true on one machine for a moment. In a commit it travels: every checkout and every branch brings
    an old state back, over what the manager has written since.

    ## Example
    `git add -A` took `.tasks/task_manager/task-manager-dave.register.json` along, because no `.gitignore` names it.

    ## Fix
    None: `git rm --cached` the file, and name its folder in `.gitignore`. The file itself stays.
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
