"""What git's index holds of some files: which are tracked, in conflict, or staged other than they are on disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from taskcheck.read.git import Git, blob_id
from taskcheck.read.locate import Location


@dataclass(frozen=True, slots=True)
class Staging:
    """Files by path, relative to the store; all empty without a repository."""

    tracked: frozenset[str] = frozenset()
    unmerged: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    """Staged otherwise than in the last commit, and on disk otherwise again."""


def read_staging(location: Location, files: Mapping[str, bytes]) -> Staging:
    """How git's index stands to some files as they are on disk.

    Raises:
        GitError: git can't answer.
    """
    if location.top is None or not files:
        return Staging()
    git = Git(location.top)
    folders = sorted({f"{location.prefix}{path}".rpartition("/")[0] for path in files})
    named = [] if "" in folders else folders
    index = git.index(named)
    real = os.path.realpath(location.top)
    head = next((record.head for record in git.worktrees() if os.path.realpath(record.path) == real), None)
    committed = git.tree(head, named) if head else {}
    states = {path: index[location.prefix + path] for path in files if location.prefix + path in index}
    return Staging(
        tracked=frozenset(states),
        unmerged=frozenset(path for path, blob in states.items() if blob is None),
        partial=frozenset(
            path
            for path, blob in states.items()
            if blob is not None
            and blob != committed.get(location.prefix + path)
            and blob != blob_id(files[path], len(blob))
        ),
    )
