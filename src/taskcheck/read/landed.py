"""What git knows of pull requests: the repository that a number speaks of, and whether root has what a merge made."""

import os
from collections.abc import Iterable

from taskcheck.read.allowed import object_id
from taskcheck.read.git import Git, GitError
from taskcheck.read.locate import Location
from taskcheck.read.merges import MergeReader
from taskcheck.sources import Merge


def read_remote(location: Location) -> str | None:
    """The URL of the remote ``origin``; None where there is none."""
    if location.top is None:
        return None
    try:
        return os.fsdecode(Git(location.top).run("remote", "get-url", "origin")).strip() or None
    except GitError:
        return None


def read_landed(location: Location, head: str | None, *, shallow: bool, commits: Iterable[str]) -> dict[str, Merge]:
    """The verdict on commits that merges made, as their forge says: whether root's history has them, and has them yet.

    Args:
        location: where the store is.
        head: root's HEAD.
        shallow: whether history is cut off.
        commits: whole commit ids; what is none is left out.
    """
    if location.top is None or head is None:
        return {}
    reader = MergeReader(Git(location.top), head, shallow)
    return {commit: reader.landed(commit) for commit in sorted(set(commits)) if object_id(commit)}
