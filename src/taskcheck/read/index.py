"""What git's index holds of some files: which are tracked, in conflict, or staged other than they are on disk."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from taskcheck.documents.frozen import frozen
from taskcheck.read.git import Git
from taskcheck.read.known import blob_id
from taskcheck.read.locate import Location


@frozen
class Staging:
    """Files by path, relative to the store; all empty without a repository."""

    tracked: frozenset[str] = frozenset()
    unmerged: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    """Staged otherwise than in the last commit, and on disk otherwise again."""
    unedited: frozenset[str] = frozenset()
    """As in the last commit, staged and on disk."""


def read_staging(location: Location, files: Mapping[str, bytes]) -> Staging:
    """Return how git's index stands to some files as they are on disk.

    Raises:
        GitError: git can't answer.
    """
    if location.top is None or not files:
        return Staging()
    git = Git(location.top)
    folders = _folders(location.prefix, files)
    index = git.index(folders)
    head = _head(git, location.top)
    committed = git.tree(head, folders) if head else {}
    tracked = set()
    unmerged = set()
    partial = set()
    unedited = set()
    for path, data in files.items():
        full = location.prefix + path
        if full not in index:
            continue
        tracked.add(path)
        staged = index[full]
        if staged is None:
            unmerged.add(path)
        elif staged != committed.get(full) and staged != blob_id(data, len(staged)):
            partial.add(path)
        elif staged == committed.get(full) == blob_id(data, len(staged)):
            unedited.add(path)
    return Staging(
        tracked=frozenset(tracked),
        unmerged=frozenset(unmerged),
        partial=frozenset(partial),
        unedited=frozenset(unedited),
    )


def _folders(prefix: str, paths: Iterable[str]) -> list[str]:
    """Return the folders in the repository that files lie in; none where one lies at its top, for the whole of it."""
    folders = {f"{prefix}{path}".rpartition("/")[0] for path in paths}
    return [] if "" in folders else sorted(folders)


def _head(git: Git, top: Path) -> str | None:
    """Return the commit of the checkout at a path; None before the first one."""
    real = os.path.realpath(top)
    for record in git.worktrees():
        if os.path.realpath(record.path) == real:
            return record.head
    return None
