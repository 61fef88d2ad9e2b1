"""What git knows of pull requests: the repository that a number speaks of, and whether root has what a merge made."""

import os
from collections.abc import Mapping

from taskcheck.read.allowed import object_id
from taskcheck.read.git import Git, GitError
from taskcheck.read.locate import Location
from taskcheck.read.merges import MergeReader
from taskcheck.read.worktrees import TaskPaths
from taskcheck.settings import Settings
from taskcheck.sources import Merge, PullAddress, Repository


def read_remote(location: Location) -> str | None:
    """The URL of the remote ``origin``; None where there is none."""
    if location.top is None:
        return None
    try:
        return os.fsdecode(Git(location.top).run("remote", "get-url", "origin")).strip() or None
    except GitError:
        return None


def read_landed(
    location: Location, settings: Settings, git: Repository, merges: Mapping[PullAddress, str]
) -> dict[PullAddress, Merge]:
    """The verdict on pull requests that a forge says were merged: whether root's history has them, and has them yet.

    Args:
        location: where the store is.
        settings: which files are task files.
        git: what git answered about root.
        merges: the commit that each merge made; where it is no whole commit id there is no verdict.
    """
    if location.top is None or git.head is None:
        return {}
    paths = TaskPaths.of(settings)
    reader = MergeReader(
        Git(location.top), git.head, git.shallow, is_task=lambda path: paths.match(path, location.prefix)
    )
    return {at: reader.landed(commit, at.number) for at, commit in merges.items() if object_id(commit)}
