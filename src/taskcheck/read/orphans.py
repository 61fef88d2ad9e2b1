"""Finds stores in linked worktrees on an orphan branch, which has no commit in common with the main checkout."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from taskcheck.config.load import DEFAULT_PRESET, ConfigError, find
from taskcheck.config.tables import Preset
from taskcheck.documents.frozen import frozen, replace
from taskcheck.read.files import Folder, Globs
from taskcheck.read.git import Git, WorktreeRecord
from taskcheck.read.history import History
from taskcheck.read.locate import CONFIG_NAME, Location, linked
from taskcheck.read.runner import GitError
from taskcheck.read.tasks import TaskPaths

MOST_WORKTREES = 200
"""Linked worktrees whose history is compared with the main checkout's."""


@frozen
class LinkedWorktree:
    """A linked worktree that is there."""

    path: Path
    """Absolute, with links resolved."""
    branch: str | None
    is_orphan: bool
    """Whether it is known that it has no commit in common with the main checkout."""


def or_orphan(location: Location, start: Path, known: Collection[Preset]) -> Location:
    """Return the store of the main checkout, where it has one, else that of a linked worktree on an orphan branch.

    Such a worktree is no version of the main checkout, so a store in it is one of its own. One that has a commit in
    common with it is never taken for root.

    Args:
        location: as `locate` tells it.
        start: the folder that one stands in.
        known: all presets.
    """
    current = location.current
    if current is None or has_store(location.root, known):
        return location
    orphans = {worktree.path for worktree in linked_worktrees(location) if worktree.is_orphan}
    if current not in orphans:
        return location
    root = _marked(Path(os.path.realpath(start)), current, known)
    return replace(location, root=root, top=current, current=None, code=location.top)


def _marked(start: Path, top: Path, known: Iterable[Preset]) -> Path:
    """Return the nearest folder upward that has a configuration or bears a preset's mark, else the checkout's top."""
    folder = start
    while folder != top:
        is_configured = os.path.lexists(folder / CONFIG_NAME)
        if is_configured or _bears_mark(folder, known):
            return folder
        folder = folder.parent
    return top


def is_of_code(location: Location, top: Path | None) -> bool:
    """Return whether a worktree has the code alone, beside a store on an orphan branch: none of its files is a task."""
    if location.code is None or top is None:
        return False
    return any(worktree.path == top and worktree.is_orphan for worktree in linked_worktrees(location))


def linked_worktrees(location: Location) -> list[LinkedWorktree]:
    """Return the linked worktrees that are there, those of the most 200 first; none where git can't tell."""
    if location.top is None:
        return []
    try:
        return _linked_worktrees(location.top)
    except GitError:
        return []


def _linked_worktrees(top: Path) -> list[LinkedWorktree]:
    """Return the linked worktrees of a main checkout; none of one without a commit.

    Raises:
        GitError: git can't tell.
    """
    with Git(top) as git:
        about = git.repository()
        records = {os.path.realpath(record.path): record for record in git.worktrees()[: MOST_WORKTREES + 1]}
        main = records.pop(str(top), None)
        if main is None or main.head is None:
            return []
        tips = {record.head or "" for record in records.values()} - {""}
        orphans = set() if about.shallow else _without_common_commit(git, main.head, tips)
        born = git.refs().ids
    found = []
    for path, record in records.items():
        if linked(Path(path), about.folder):
            is_orphan = record.head in orphans or _is_unborn(record, born)
            found.append(LinkedWorktree(Path(path), record.branch, is_orphan))
    return found


def _without_common_commit(git: Git, main: str, tips: set[str]) -> set[str]:
    """Return the commits whose history and that of the main checkout's are apart; none that git can't tell of.

    Raises:
        GitError: git can't tell of the main checkout's.
    """
    history = History.of(git, main, tips, shallow=False, is_task=lambda _: False)
    related = history.bases(tips)
    return tips - related.keys() - history.broken.keys()


def _is_unborn(record: WorktreeRecord, born: Collection[str]) -> bool:
    """Return whether the branch that is checked out has no commit yet; a HEAD that can't be read is another thing."""
    is_on_branch = record.head is None and record.branch is not None
    return is_on_branch and f"refs/heads/{record.branch}" not in born


def has_store(root: Path, known: Iterable[Preset]) -> bool:
    """Return whether a folder has a store: a configuration, a preset's mark, or files of tasks where most keep them."""
    if _bears_mark(root, known) or _is_configured(root):
        return True
    usual = next(preset for preset in known if preset.name == DEFAULT_PRESET)
    patterns = Globs.of(*usual.tables["paths"]["tasks"])
    return bool(TaskPaths(patterns).find(Folder(root)))


def _bears_mark(folder: Path, known: Iterable[Preset]) -> bool:
    """Return whether a folder bears the marks of a preset."""
    return any(preset.found_in(folder) for preset in known)


def _is_configured(root: Path) -> bool:
    """Return whether a folder has a configuration; one that can't be read is one."""
    try:
        return find(root) is not None
    except ConfigError:
        return True
