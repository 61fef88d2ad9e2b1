"""Where a task is worked on: the worktree and branch that are its own, made where they aren't there."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.read.git import LOCAL_VARIABLES, Git
from taskcheck.store import Store, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A worktree, there or yet to be made."""

    path: Path
    """Absolute."""
    branch: str | None
    """None for a worktree that is there and is on no branch."""
    exists: bool
    new_branch: bool = False
    stale: bool = False
    """Whether git still has the record of a worktree there whose folder was removed."""

    def shown(self, root: Path) -> str:
        """As ledgers name it: relative to the root checkout where it lies in it."""
        real = Path(os.path.realpath(root))
        return self.path.relative_to(real).as_posix() if self.path.is_relative_to(real) else str(self.path)


def site(store: Store, state: State, task: str, worktree: str | None = None, branch: str | None = None) -> Site:
    """The worktree to work on a task in.

    It is the one that is asked for, else the task's own, else what the ``[checkouts]`` patterns say. It lies below the
    root checkout, or in the folder of the configured pattern.

    Args:
        store: the opened store.
        state: its state.
        task: the task's id.
        worktree: path of the worktree, relative to the root checkout.
        branch: the branch that it is to be on.

    Raises:
        UsageError: there is no such place, or what is there is something else.
    """
    checkouts = state.checkouts
    if isinstance(checkouts, Unavailable):
        raise UsageError(f"worktrees need git: {checkouts.reason}")
    own = checkouts.of(task)
    if worktree is None and own and own.live and own.real and (branch is None or branch == own.branch):
        return Site(path=Path(own.real), branch=own.branch, exists=True)
    path = _path(store, task, worktree)
    there = next((checkout for checkout in checkouts if checkout.real == str(path)), None)
    if there and there.live:
        if branch is not None and branch != there.branch:
            raise UsageError(f"the worktree {worktree or path} is on {there.branch or 'no branch'}, not on {branch}")
        return Site(path=path, branch=there.branch, exists=True)
    if there and (there.defect != "missing" or there.locked):
        kept = "missing, and locked in git: its disk may not be there now" if there.locked else there.defect
        raise UsageError(f"the worktree {path} is {kept}; see git worktree list")
    if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
        raise UsageError(f"there is something at {path}, and it is no worktree of this repository")
    branch = branch or store.settings.branch_of(task) or f"task/{task}"
    holder = next((checkout for checkout in checkouts if checkout.branch == branch and checkout.path), None)
    if holder and holder != there:
        raise UsageError(f"the branch {branch} is checked out in {holder.path}; name another worktree or branch")
    return Site(
        path=path,
        branch=branch,
        exists=False,
        new_branch=f"refs/heads/{branch}" not in Git(store.location.root).refs(),
        stale=there is not None,
    )


def make(store: Store, site: Site) -> None:
    """Make the worktree of a site that isn't there, and its branch, from root's last commit where it is new.

    Git's own configuration, filters and hooks apply, as they do when a person makes one.

    Raises:
        UsageError: git refuses; nothing is left of it.
    """
    root = str(store.location.root)
    path = str(site.path)
    if site.stale:
        _git(root, "worktree", "remove", "--force", path)
    branch = [f"-b{site.branch}", "--", path] if site.new_branch else ["--", path, str(site.branch)]
    try:
        site.path.parent.mkdir(parents=True, exist_ok=True)
        _git(root, "worktree", "add", "--quiet", *branch)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    except UsageError as error:
        _forget_branch(root, site)  # git makes the branch first, and leaves it where the checkout fails
        cure = "; name another with --branch" if "branch" in str(error) else ""
        raise UsageError(f"{error}{cure}") from error


def unmake(store: Store, site: Site) -> None:
    """Take a worktree that was just made away again, with its branch where that was new; what git refuses stays."""
    root = str(store.location.root)
    with suppress(UsageError):
        _git(root, "worktree", "remove", "--force", "--", str(site.path))
    _forget_branch(root, site)


def _forget_branch(root: str, site: Site) -> None:
    if site.new_branch:
        with suppress(UsageError):
            _git(root, "branch", "-D", "--", str(site.branch))


def environment() -> dict[str, str]:
    """This process's environment, without what a git hook exports: it would speak of another checkout."""
    return {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}


def _path(store: Store, task: str, worktree: str | None) -> Path:
    """The absolute path of a worktree, links resolved, where it may be made.

    Raises:
        UsageError: none is configured, or it lies outside of where worktrees may lie.
    """
    root = Path(os.path.realpath(store.location.root))
    pattern = store.settings.worktree
    if worktree is None:
        worktree = Pattern(pattern).fill(task=task)
        if not pattern or "*" in pattern or "?" in pattern:
            raise UsageError("[checkouts] worktree names no folder for a task; name one with --worktree")
    path = Path(os.path.realpath(root / worktree))
    top = Path(os.path.realpath(store.location.top or root))
    allowed = [top]
    if pattern and Pattern(pattern).folder:
        allowed.append(Path(os.path.realpath(root / Pattern(pattern).folder)))
    if path in {root, top, *allowed} or not any(path.is_relative_to(folder) for folder in allowed):
        where = " or ".join(dict.fromkeys(map(str, allowed)))
        raise UsageError(f"a worktree may lie in {where}, and {worktree} doesn't; see [checkouts] worktree")
    if any(part.casefold() == ".git" for part in path.parts):
        raise UsageError(f"the worktree {worktree} would lie in the repository's own folder")
    return path


def _git(folder: str, *arguments: str) -> None:
    variables = {**environment(), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - git, by what is on PATH
            ["git", "-C", folder, *arguments],  # noqa: S607 - as above
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise UsageError(f"git can't be started: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        named = next((line for line in said if line.startswith(("fatal:", "error:"))), said[-1] if said else "")
        raise UsageError(f"git {arguments[0]} {arguments[1]}: {named or f'exit status {done.returncode}'}")
