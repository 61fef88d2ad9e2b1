"""What git knows of pull requests: the repository that a number speaks of, and whether root has what a merge made."""

import os
from collections.abc import Mapping

from taskcheck.config.settings import Settings
from taskcheck.model.sources import Merge, PullAddress, Repository
from taskcheck.read.allowlist import object_id
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import Git
from taskcheck.read.locate import Location
from taskcheck.read.merges import MergeReader
from taskcheck.read.runner import GitError
from taskcheck.read.tasks import TaskPaths


def read_remote(location: Location) -> str | None:
    """Return the URL of the remote ``origin``; None where there is none."""
    if location.top is None:
        return None
    try:
        return os.fsdecode(Git(location.top).run("remote", "get-url", "origin")).strip() or None
    except GitError:
        return None


def read_landed(
    location: Location, settings: Settings, git: Repository, merges: Mapping[PullAddress, str]
) -> dict[PullAddress, Merge]:
    """Return the verdict on pull requests that a forge says were merged: whether root's history has them, and still.

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
    landed = {}
    for at, commit in merges.items():
        if object_id(commit):
            landed[at] = reader.landed(commit, at.number)
    return landed


def read_since(location: Location, git: Repository, commit: str, path: str) -> tuple[bytes | None, ...]:
    """Return what a task file was in root's history since a commit, newest first; None for when it wasn't there.

    A file that history doesn't have now has no versions, and neither has one that git says nothing about.
    """
    if location.top is None or git.head is None:
        return ()
    asked, full = Git(location.top), location.prefix + path
    try:
        now = asked.tree(git.head, [full]).get(full)
        if now is None:
            return ()
        versions: list[str | None] = [now]
        for change in asked.changes(git.head, commit, [full], first_parent=True):
            versions += [change.after, change.before]
        found = asked.blobs(filter(None, versions), MAX_TASK_BYTES)
    except GitError:
        return ()
    return tuple(None if blob is None else found.contents.get(blob, b"") for blob in dict.fromkeys(versions))
