"""What of the code in a worktree isn't in its last commit: somebody changed it, or staged it.

It is read off git's index when somebody asks. Git itself would take a process for each worktree, and would run the
filters that the repository names. It is asked for files that it doesn't track, where somebody wants to know.
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
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import first_few
from taskcheck.model.sources import CheckoutSource
from taskcheck.read.git import Git
from taskcheck.read.indexed import Indexed, listing
from taskcheck.read.known import Index, blob_id
from taskcheck.read.locate import git_dir
from taskcheck.read.objects import Objects
from taskcheck.read.runner import GitError
from taskcheck.read.tasks import TaskPaths

MOST_BYTES = 16 * 1024 * 1024
"""Of a file whose content is compared; of a longer one nobody can tell."""


@frozen(slots=False)
class Code:
    """Tells what of a repository is code: all but the store's task files, registers, snapshots and records of runs."""

    settings: Settings
    paths: TaskPaths
    prefix: str
    """The store's folder within the repository."""

    @cached_property
    def ledgers(self) -> Sequence[Pattern]:
        """Where the ledgers lie."""
        paths = self.settings.paths
        patterns = (paths.registers, paths.snapshots, paths.dispatch_logs, paths.tombstones, paths.reviews)
        return [*map(Pattern, filter(None, patterns))]

    def has(self, path: str) -> bool:
        """Return whether a path in the repository is that of code."""
        if not path.startswith(self.prefix):
            return True
        within = path.removeprefix(self.prefix)
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
        if held.path is not None and held.is_live_worktree and tree:
            tracked, new = partial(unsaved, held.path, tree, code), partial(untracked, held.path, code)
            found[number] = replace(held, unsaved=cache(tracked), untracked=new)
    return found


def unsaved(top: Path, tree: str, code: Code) -> str:
    """Return what of a worktree's code isn't in its last commit; empty where nothing is, or where nobody can tell.

    Args:
        top: of the worktree.
        tree: id of the tree of its last commit.
        code: what of it counts.

    Example:
        ``src/login.py is changed``, ``something is staged``; ``perhaps something is staged`` after a `git add`, also if
        what was added was then taken back: git tells it by the trees that it keeps in the index
    """
    index = Index.of(git_dir(top), "")
    if index is None:
        return ""
    try:
        held = listing(index, len(tree))
    except (ValueError, struct.error):
        return ""
    if not held.is_whole:
        return ""
    for file in held.files:
        if code.has(file.path) and _is_changed(top, file, index, len(tree)):
            return f"{file.path} is changed"
    if held.tree in {None, tree}:
        return ""
    return "something is staged" if held.tree else "perhaps something is staged"


def untracked(top: Path, code: Code) -> str:
    """Return which code of a worktree is new, and neither tracked nor ignored; empty where git can't tell.

    Example:
        ``git doesn't track src/``, ``git doesn't track a.py and 2 more``
    """
    try:
        new = list(filter(code.has, Git(top).untracked()))
    except GitError:
        return ""
    return f"git doesn't track {first_few(new, 1)}" if new else ""


def _is_changed(top: Path, file: Indexed, index: Index, id_length: int) -> bool:
    """Return whether a file is known to be otherwise on disk than it was staged."""
    if file.is_in_conflict:
        return True
    if not file.is_compared:
        return False
    path = f"{top}/{file.path}"
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    if index.is_as_noted(file.start, found):
        return False
    if stat.S_IFMT(file.mode) != stat.S_IFMT(found.st_mode):
        return True
    content = _content(path, found)
    if content is None or file.blob == blob_id(content, id_length):
        return False
    return file.blob != blob_id(content.replace(b"\r\n", b"\n"), id_length)  # as git stages a text under `autocrlf`


def _content(path: str, found: os.stat_result) -> bytes | None:
    """Return what git would stage of a file or link, but for filters; None where it can't be read."""
    try:
        if stat.S_ISLNK(found.st_mode):
            return os.fsencode(Path(path).readlink())
        return read_bounded(path, MOST_BYTES)[0]
    except (OSError, Busy, Unreadable):
        return None
