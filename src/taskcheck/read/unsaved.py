"""What of the code in a worktree isn't in its last commit: somebody changed it, or staged it.

It is read off git's index when somebody asks. Git itself would take a process for each worktree, and would run the
filters that the repository names. It is asked where something may be staged, and for files that it doesn't track.
"""

import os
import stat
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.bounded import Busy, Unreadable, read_bounded
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import first_few, phrase
from taskcheck.model.sources import CheckoutSource
from taskcheck.read.files import small_text
from taskcheck.read.git import Git
from taskcheck.read.indexed import Indexed, listing
from taskcheck.read.known import WORD, Index, blob_id
from taskcheck.read.locate import git_dir
from taskcheck.read.objects import Objects
from taskcheck.read.runner import GitError
from taskcheck.read.tasks import TaskPaths

FILTERS = expression(r"filter|ident|working-tree-encoding")
"""The attributes by which git stages something else than a file has (gitattributes(5))."""

_HAS = "has code that isn't committed: "
_MAY_HAVE = "may have code that isn't committed: "
_UNREADABLE = "its git index can't be read"

STASHED = expression(r"\t(?:WIP on|On) ([^ :]+): ")
"""A stash's branch in the log of the stashes; `(no branch)` is none."""

MOST_BYTES = 16 * 1024 * 1024
"""Of a file whose content is compared; of a longer one nobody can tell."""


class _Untold(Exception):
    """Why git's index doesn't tell whether something isn't committed."""


@frozen(slots=False)
class Code:
    """Tells what of a repository is code: all but the store's task files, its board, and the ledgers."""

    settings: Settings
    paths: TaskPaths
    prefix: str
    """The store's folder within the repository."""

    @cached_property
    def ledgers(self) -> Sequence[Pattern]:
        """Where the ledgers and the board lie."""
        paths = self.settings.paths
        patterns = (paths.registers, paths.snapshots, paths.dispatch_logs, paths.tombstones, paths.reviews)
        return [*map(Pattern, filter(None, (*patterns, *self.settings.board)))]

    @cached_property
    def folders(self) -> Sequence[str]:
        """The folders in which task files and ledgers lie, with a slash at the end of each; none for the top."""
        folders = {pattern.folder.rstrip("/") for pattern in (*self.paths.globs.patterns, *self.ledgers)}
        return [f"{folder}/" for folder in filter(None, folders)]

    def has(self, path: str) -> bool:
        """Return whether a path in the repository is that of code; a folder has a slash at its end."""
        if not path.startswith(self.prefix):
            return True
        within = path.removeprefix(self.prefix)
        if within.endswith("/"):
            return not any(within.startswith(folder) or folder.startswith(within) for folder in self.folders)
        return self.paths.globs.name(within) is None and not any(each.match(within) for each in self.ledgers)


def with_unsaved(
    checkouts: Iterable[CheckoutSource], objects: Objects, code: Code, common_dir: Path
) -> list[CheckoutSource]:
    """Return checkouts with what tells of code that isn't committed: in live worktrees, and stashed of any branch.

    Args:
        checkouts: worktrees and branch tips.
        objects: of the repository.
        code: what of it counts.
        common_dir: git's own folder that all worktrees share.

    Raises:
        GitError: git can't tell which trees their last commits have.
    """
    found = list(checkouts)
    stashed = stashed_of(common_dir)
    trees = objects.trees(held.head for held in found if held.is_live_worktree and held.head)
    for number, held in enumerate(found):
        tree = trees.get(held.head or "")
        if held.branch is not None and held.branch in stashed:
            found[number] = replace(held, unsaved=partial(str, stashed[held.branch]))
        elif held.path is not None and tree:
            tracked = cache(partial(unsaved, held.path, tree, code))
            found[number] = replace(held, unsaved=tracked, untracked=partial(untracked, held.path, code))
    return found


def stashed_of(common_dir: Path) -> Mapping[str, str]:
    """Return what is to be said of each branch of which git keeps a stash, by the log of the stashes."""
    log = small_text(common_dir / "logs" / "refs" / "stash", tail=True) or ""
    branches = dict.fromkeys(found[1] for found in map(STASHED.search, log.splitlines()) if found)
    return {branch: f"{_HAS}git stash list has changes of {branch}" for branch in branches}


def unsaved(top: Path, tree: str, code: Code) -> str:
    """Return what is to be said of a worktree whose code isn't in its last commit; empty where it is.

    Args:
        top: of the worktree.
        tree: id of the tree of its last commit.
        code: what of it counts.

    Example:
        ``has code that isn't committed: src/login.py is changed``, or ``src/login.py is staged``;
        ``may have code that isn't committed: its git index is split``
    """
    try:
        disk = _disk(top, len(tree))
    except _Untold as why:
        return f"{_MAY_HAVE}{why}"
    if disk is None:
        return ""
    sure, perhaps = _changed(disk, code)
    if sure or disk.tree == tree:
        return sure or perhaps
    return _staged(top, tree, code) or perhaps


def _disk(top: Path, id_length: int) -> "Disk | None":
    """Return the files of a worktree, as they are on disk and in git's index; None where it has no index.

    Raises:
        _Untold: the index doesn't tell.
    """
    admin = git_dir(top)
    index = Index.of(admin, "")
    if index is None:
        if admin is not None and (admin / "index").exists():
            raise _Untold(_UNREADABLE)
        return None
    try:
        held = listing(index, id_length)
    except (ValueError, IndexError, struct.error) as error:
        raise _Untold(_UNREADABLE) from error
    if not held.is_whole:
        raise _Untold("its git index is split (git update-index --no-split-index)")
    return Disk(top, index, id_length, held.files, held.tree)


def _changed(disk: "Disk", code: Code) -> tuple[str, str]:
    """Return what is to be said of code that is changed, and of code that may be; each empty for none."""
    perhaps = ""
    for file in disk.files:
        is_changed = disk.has_otherwise(file)
        if is_changed is False or not code.has(file.path):
            continue
        if is_changed:
            return f"{_HAS}{file.path} is changed", ""
        perhaps = perhaps or f"{_MAY_HAVE}{file.path} was written, and only a filter of git's knows what it holds"
    return "", perhaps


def _staged(top: Path, tree: str, code: Code) -> str:
    """Return what is to be said of code that is staged otherwise than in a tree; empty for none."""
    try:
        staged = next(filter(code.has, Git(top).staged(tree)), None)
    except GitError:
        return f"{_MAY_HAVE}git doesn't tell what is staged"
    return f"{_HAS}{staged} is staged" if staged else ""


def untracked(top: Path, code: Code) -> str:
    """Return what is to be said of code of a worktree that is new, and neither tracked nor ignored; empty for none.

    Example:
        ``has code that isn't committed: git doesn't track src/``, or ``git doesn't track a.py and 2 more``
    """
    try:
        new = list(filter(code.has, Git(top).untracked()))
    except GitError:
        return ""
    return phrase(f"{_HAS}git doesn't track ", first_few(new, 1))


@frozen(slots=False)
class Disk:
    """The files of a worktree as they are on disk, beside its index."""

    top: Path
    index: Index
    id_length: int
    files: Sequence[Indexed]
    tree: str | None
    """The id of the tree that a commit would have now; empty or None where the index doesn't tell it."""

    def has_otherwise(self, file: Indexed) -> bool | None:
        """Return whether a file is otherwise than it was staged; None where a filter alone could tell."""
        if not file.is_compared:
            return file.is_in_conflict
        path = f"{self.top}/{file.path}"
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        if self.index.is_as_noted(file.start, found, racy=True):
            return False
        if stat.S_IFMT(file.mode) != stat.S_IFMT(found.st_mode):
            return True
        return self._holds_other(path, found, file)

    def _holds_other(self, path: str, found: os.stat_result, file: Indexed) -> bool | None:
        """Return whether a file that was written since holds something else; with filters, its size alone tells."""
        content = _content(path, found)
        if content is None or file.blob == blob_id(content, self.id_length):
            return False
        if file.blob == blob_id(content.replace(b"\r\n", b"\n"), self.id_length):
            return False  # as git stages a text under `autocrlf`
        if file.size not in {0, found.st_size & WORD}:
            return True
        return None if self.is_filtered else True

    @cached_property
    def is_filtered(self) -> bool:
        """Whether the repository names filters, by which git stages something else than a file has."""
        named = (file for file in self.files if file.path.rpartition("/")[2] == ".gitattributes")
        texts = (small_text(self.top / file.path) for file in named)
        return any(map(FILTERS.search, filter(None, texts)))


def _content(path: str, found: os.stat_result) -> bytes | None:
    """Return what git would stage of a file or link, but for filters; None where it can't be read."""
    try:
        if stat.S_ISLNK(found.st_mode):
            return os.fsencode(Path(path).readlink())
        return read_bounded(path, MOST_BYTES)[0]
    except (OSError, Busy, Unreadable):
        return None
