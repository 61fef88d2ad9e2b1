"""Where a task is worked on: the worktree and branch that are its own, made where they aren't there."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout
from taskcheck.read.git import Git
from taskcheck.read.program import LOCAL_VARIABLES, program
from taskcheck.read.runner import GitError
from taskcheck.store import Store, UsageError


@frozen(kw_only=True)
class Workplace:
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


def workplace(
    store: Store, state: State, task: str, worktree: str | None = None, branch: str | None = None
) -> Workplace:
    """Return the worktree to work on a task in.

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
    if worktree is None:
        own = _own(checkouts.of(task), branch)
        if own is not None:
            return own
    path = _path(store, task, worktree)
    there = next((checkout for checkout in checkouts if checkout.real == str(path)), None)
    if there is not None and there.live:
        return _standing(there, path, worktree or str(path), branch)
    _refuse_occupied(path, there)
    branch = branch or store.settings.new_branch(task)
    _refuse_checked_out(branch, checkouts, there)
    branch_is_there = f"refs/heads/{branch}" in Git(store.location.root).refs().ids
    return Workplace(path=path, branch=branch, exists=False, new_branch=not branch_is_there, stale=there is not None)


def _own(own: Checkout | None, branch: str | None) -> Workplace | None:
    """Return the task's own worktree; None where there is none, or it is on another branch than asked for."""
    if own is None or not own.live or not own.real:
        return None
    if branch is not None and branch != own.branch:
        return None
    return Workplace(path=Path(own.real), branch=own.branch, exists=True)


def _standing(there: Checkout, path: Path, shown: str, branch: str | None) -> Workplace:
    """Return a worktree that stands at a path.

    Raises:
        UsageError: it is on another branch than asked for.
    """
    if branch is not None and branch != there.branch:
        raise UsageError(f"the worktree {shown} is on {there.branch or 'no branch'}, not on {branch}")
    return Workplace(path=path, branch=there.branch, exists=True)


def _refuse_occupied(path: Path, there: Checkout | None) -> None:
    """See that a worktree can be made at a path: git knows none there that may come back, and the folder is empty.

    Raises:
        UsageError: it can't.
    """
    if there is not None and there.locked:
        kept = "missing, and locked in git: its disk may not be there now"
        raise UsageError(f"the worktree {path} is {kept}; see git worktree list")
    if there is not None and there.defect != "missing":
        raise UsageError(f"the worktree {path} can't be used: {there.defect}; see git worktree list")
    if not os.path.lexists(path):
        return
    is_empty_folder = path.is_dir() and not any(path.iterdir())
    if not is_empty_folder:
        raise UsageError(f"there is something at {path}, but it isn't a worktree of this repository")


def _refuse_checked_out(branch: str, checkouts: Checkouts, there: Checkout | None) -> None:
    """See that no worktree has a branch checked out, but for the one that was at the same path.

    Raises:
        UsageError: one has.
    """
    for checkout in checkouts:
        if checkout.branch != branch or not checkout.path:
            continue
        if checkout != there:
            raise UsageError(f"the branch {branch} is checked out in {checkout.path}; name another worktree or branch")
        return


def make(store: Store, workplace: Workplace) -> None:
    """Make the worktree of a workplace that isn't there, and its branch, from root's last commit where it is new.

    Git's own configuration, filters and hooks apply, as they do when a person makes one.

    Raises:
        UsageError: git refuses; nothing is left of it.
    """
    root = str(store.location.root)
    path = str(workplace.path)
    if workplace.stale:
        _git(root, "worktree", "remove", "--force", path)
    branch = ["--", path, str(workplace.branch)]
    if workplace.new_branch:
        branch = [f"-b{workplace.branch}", "--", path, *_beginning(store)]
    try:
        workplace.path.parent.mkdir(parents=True, exist_ok=True)
        _git(root, "worktree", "add", "--quiet", *branch)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    except UsageError as error:
        _take_back(store, workplace)
        cure = "; name another with --branch" if _is_about_branch(str(error)) else ""
        raise UsageError(f"{error}{cure}") from error


def _take_back(store: Store, workplace: Workplace) -> None:
    """Take away what a git that failed leaves: the worktree, where a hook fails after it, and the branch.

    What somebody has put into it stays, and a worktree that isn't on the workplace's branch is another one.
    """
    root = str(store.location.root)
    with suppress(UsageError, GitError):
        made = {os.path.realpath(record.path): record.branch for record in Git(store.location.root).worktrees()}
        if made.get(str(workplace.path)) == workplace.branch:
            _git(root, "worktree", "remove", "--", str(workplace.path))
    _forget_branch(root, workplace)


def _is_about_branch(refusal: str) -> bool:
    """Return whether git refuses a branch: that is checked out, or whose name is that of a folder of branches."""
    return "branch" in refusal or "refs/heads/" in refusal


def _beginning(store: Store) -> list[str]:
    """Return the commit where a new branch begins, if it isn't root's: where tasks are apart, that of the code.

    Raises:
        UsageError: the code has no commit yet.
    """
    code = store.location.code
    if code is None:
        return []
    records = Git(store.location.root).worktrees()
    head = next((record.head for record in records if os.path.realpath(record.path) == str(code)), None)
    if head is None:
        raise UsageError(f"{code} has no commit yet, so a worker's branch has no start")
    return [head]


def unmake(store: Store, workplace: Workplace) -> None:
    """Take a worktree that was just made away again, with its branch where that was new; what git refuses stays."""
    root = str(store.location.root)
    with suppress(UsageError):
        _git(root, "worktree", "remove", "--force", "--", str(workplace.path))
    _forget_branch(root, workplace)


def _forget_branch(root: str, workplace: Workplace) -> None:
    if workplace.new_branch:
        with suppress(UsageError):
            _git(root, "branch", "-D", "--", str(workplace.branch))


def environment() -> dict[str, str]:
    """This process's environment, without what a git hook exports: it would speak of another checkout."""
    return {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}


def _path(store: Store, task: str, worktree: str | None) -> Path:
    """Return the absolute path of a worktree, links resolved, where it may be made.

    Raises:
        UsageError: none is configured, or it lies outside of where worktrees may lie.
    """
    root = Path(os.path.realpath(store.location.root))
    if worktree is None:
        worktree = _configured(store.settings, task)
    path = Path(os.path.realpath(root / worktree))
    top = Path(os.path.realpath(store.location.top or root))
    allowed = _allowed(root, top, store.settings.worktree)
    lies_in_allowed = any(path.is_relative_to(folder) for folder in allowed)
    if path in {root, top, *allowed} or not lies_in_allowed:
        where = " or ".join(dict.fromkeys(map(str, allowed)))
        raise UsageError(f"a worktree may lie in {where}, and {worktree} doesn't; see [checkouts] worktree")
    if any(part.casefold() == ".git" for part in path.parts):
        raise UsageError(f"the worktree {worktree} would lie in the repository's own folder")
    return path


def _configured(settings: Settings, task: str) -> str:
    """Return the path that the configured pattern gives the worktree of a task.

    Raises:
        UsageError: it gives none.
    """
    worktree = settings.new_worktree(task)
    if worktree is None:
        raise UsageError("[checkouts] worktree names no folder for a task; name one with --worktree")
    return worktree


def _allowed(root: Path, top: Path, pattern: str) -> list[Path]:
    """Return the folders that worktrees may lie in: the checkout, and that of the configured pattern."""
    allowed = [top]
    folder = Pattern(pattern).folder
    if folder:
        allowed.append(Path(os.path.realpath(root / folder)))
    return allowed


def _git(folder: str, *arguments: str) -> None:
    """Run git in a folder.

    Raises:
        UsageError: it can't be started, or fails; the message has its words.
    """
    variables = {**environment(), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    found = program("git")
    if found is None:
        raise UsageError("git can't be started: no absolute folder in PATH has it")
    try:
        done = subprocess.run(  # noqa: S603 - git, by what is on PATH
            [found, "-C", folder, *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise UsageError(f"git can't be started: {error.strerror}") from error
    if done.returncode:
        why = _complaint(done.stderr.decode("utf-8", "replace")) or f"exit status {done.returncode}"
        raise UsageError(f"git {arguments[0]} {arguments[1]}: {why}")


def _complaint(said: str) -> str:
    """Return what git says is wrong: its first fatal or error line, else its last line; empty where it said nothing."""
    lines = said.strip().splitlines()
    for line in lines:
        if line.startswith(("fatal:", "error:")):
            return line
    return lines[-1] if lines else ""
