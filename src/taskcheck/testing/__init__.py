"""For tests of rules: build a repository from a folder, run a rule on it, hold it to the laws of all rules.

`build` turns a fixture, a plain folder, into a real git repository with real linked worktrees; `run_rule` gives what a
rule finds there; `assert_laws` tries a rule on a folder of fixtures. docs/writing-rules.md shows them at work.

A fixture has these parts, of which only `repo.toml` must be there:

    repo.toml                       the settings below
    base/                           files of main's first commit
    history/<NN>/                   files laid over them, a commit each, in name order
    root/                           files laid over those: main's last commit
    worktrees/<NAME>/               files laid over a worktree's starting commit: its commit
    worktree-history/<NAME>/<NN>/   earlier commits of it
    branches/<FOLDER>/              the commit of a branch without a worktree

    now = "2026-03-24T18:00:00Z"    # required: the moment at which the repository is looked at
    at = "2026-03-23T18:00:00Z"     # date of main's commits (default: a day before now);
                                    # [base], [history.NN] and [root] may each have their own
    [history.NN]
    message = "Fix the login (#12)" # of the commit; default: the part's name; [root] may have one too
    git = true                      # false: a plain folder, no repository
    branch = "main"
    host = "mac-1"                  # what this host is called in the check; default: its real name
    remote = "https://github.com/acme/shop.git"  # what its remote "origin" is; default: it has none
    [processes]                     # what lives: pid = start time or ""; without the table, what really lives
    4242 = "2026-03-24T17:00:00Z"
    [pull_requests."https://github.com/acme/shop/pull/12"]  # what its forge says, as with --online
    state = "merged"                # or "open", "closed"
    into = "main"
    commit = "main"                 # the commit that the merge made: an id, or a revision of the built repository
    at = "2026-03-24T17:00:00Z"
    [mtimes]                        # of files in the root; the others are as new as the build
    "tasks/logs/dispatch-x.log" = "2026-03-24T17:30:00Z"
    [root]
    drop = ["old.md"]               # files or folders that main's last commit removes
    commit = false                  # its changes stay uncommitted
    [worktrees.NAME]                # only what differs; a folder in worktrees/ needs no table
    branch = "task/NAME"
    path = ".worktrees/NAME"
    from = "base"                   # or "root": main's last commit before merges; or a branch that comes before it:
                                    # worktrees in the order of their names, then branches; or "nothing"
    at = "2026-03-23T18:00:00Z"     # default: main's
    commit = true                   # false: its last changes stay uncommitted
    drop = []
    merged = "no-ff"                # or "squash", "ff": merged into main in the end; in a conflict it wins
    state = "missing"               # its folder is deleted behind git's back; "broken": its .git file points
                                    # nowhere; "locked"; "detached": on no branch
    locked = true                   # locked in git, in whatever state
    [branches."task/x"]             # from, at, drop, merged, folder (default "task--x")
    [branches."origin/main"]        # the first such branch is the remote's HEAD
    fetched = true                  # a remote-tracking branch, and no local one

Files that .gitignore matches are placed, never committed; a fixture that brings none gets one for `.tasks/`,
`.worktrees/` and `tasks/logs/`. What changes no tracked file makes no commit. The same fixture gives the same
commit ids. With an argument `now`, every timestamp `YYYY-MM-DDTHH:MM:SSZ` in a text file of the fixture moves
by the whole seconds from the fixture's `now` to it; plain dates stay.

An `overlay` is a second such folder: its files are laid over those of the same part, its tables are merged
over the settings, and `drop = [...]` at the top of its repo.toml names files or folders of the fixture to
leave out.
"""

from typing import TYPE_CHECKING, Any

from taskcheck.testing.fixture import (
    Built as Built,
    FixtureError as FixtureError,
    build as build,
    incidents_fixture as incidents_fixture,
)

if TYPE_CHECKING:
    from taskcheck.testing.laws import assert_laws as assert_laws, run_rule as run_rule

__all__ = ["Built", "FixtureError", "assert_laws", "build", "incidents_fixture", "run_rule"]


def __getattr__(name: str) -> Any:
    """Import what needs the checker when it is asked for: the demo only builds."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from taskcheck.testing import laws

    return getattr(laws, name)
