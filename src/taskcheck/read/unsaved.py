"""What of the code in a worktree isn't in its last commit: somebody changed it, or staged it.

It is read off git's index when somebody asks. Git itself would take a process for each worktree, and would run the
filters that the repository names. It is asked where something may be staged, and for files that it doesn't track.
"""

import os
import stat
import struct
from collections.abc import Iterable, Sequence
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

MOST_BYTES = 16 * 1024 * 1024
"""Of a file whose content is compared; of a longer one nobody can tell."""


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


def with_unsaved(checkouts: Iterable[CheckoutSource], objects: Objects, code: Code) -> list[CheckoutSource]:
    """Return checkouts, the live worktrees among them with what tells of the code in them that isn't committed.

    Raises:
        GitError: git can't tell which trees their last commits have.
    """
    found = list(checkouts)
    trees = objects.trees(held.head for held in found if held.is_live_worktree and held.head)
    for number, held in enumerate(found):
        tree = trees.get(held.head or "")
        if held.path is not None and tree:
            tracked, new = partial(unsaved, held.path, tree, code), partial(untracked, held.path, code)
            found[number] = replace(held, unsaved=cache(tracked), untracked=new)
    return found


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
    admin = git_dir(top)
    index = Index.of(admin, "")
    if index is None:
        has_one = admin is not None and (admin / "index").exists()
        return f"{_MAY_HAVE}{_UNREADABLE}" if has_one else ""
    try:
        held = listing(index, len(tree))
    except (ValueError, IndexError, struct.error):
        return f"{_MAY_HAVE}{_UNREADABLE}"
    if not held.is_whole:
        return f"{_MAY_HAVE}its git index is split (git update-index --no-split-index)"
    disk = Disk(top, index, len(tree), held.files)
    for file in held.files:
        if disk.has_otherwise(file) and code.has(file.path):
            return f"{_HAS}{file.path} is changed"
    return "" if held.tree in {None, tree} else _staged(top, tree, code)


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

    def has_otherwise(self, file: Indexed) -> bool:
        """Return whether a file is known to be otherwise than it was staged."""
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

    def _holds_other(self, path: str, found: os.stat_result, file: Indexed) -> bool:
        """Return whether a file that was written since holds something else; with filters, by its size alone."""
        content = _content(path, found)
        if content is None or file.blob == blob_id(content, self.id_length):
            return False
        if file.blob == blob_id(content.replace(b"\r\n", b"\n"), self.id_length):
            return False  # as git stages a text under `autocrlf`
        has_other_size = file.size not in {0, found.st_size & WORD}
        return has_other_size or not self.is_filtered

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
