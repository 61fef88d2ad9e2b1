"""What git knows of pull requests: the repository that a number speaks of, and whether root has what a merge made."""

import os
from collections.abc import Mapping
from contextlib import closing

from taskcheck.config.settings import Settings
from taskcheck.model.forges import PullAddress
from taskcheck.model.sources import Merge, Repository
from taskcheck.read.allowlist import object_id
from taskcheck.read.deltas import RAW, Differ
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import Git
from taskcheck.read.history import History
from taskcheck.read.locate import Location
from taskcheck.read.merges import REBASED, MergeReader
from taskcheck.read.rawdiff import raw_deltas
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
    made = {at: commit for at, commit in merges.items() if object_id(commit)}
    if not made:
        return {}
    try:
        with Git(location.top) as asked:
            there = asked.objects.infos(made.values())
            history = History.of(
                asked,
                git.head,
                {commit for commit in made.values() if commit in there},
                shallow=git.shallow,
                is_task=lambda path: paths.match(path, location.prefix),
                line=REBASED + 1,
            )
            reader = MergeReader(history)
            return {at: reader.landed(commit, at.number) for at, commit in made.items()}
    except GitError as error:
        return {at: Merge(merged=None, proof=str(error)) for at in made}


def read_since(location: Location, git: Repository, commit: str, path: str) -> tuple[bytes | None, ...]:
    """Return what a task file was in root's history since a commit, newest first; None for when it wasn't there.

    A file that history doesn't have now has no versions, and neither has one that git says nothing about.
    """
    if location.top is None or git.head is None:
        return ()
    full = location.prefix + path
    try:
        with Git(location.top) as asked:
            return _versions(asked, git.head, commit, full)
    except GitError:
        return ()


def _versions(git: Git, head: str, since: str, path: str) -> tuple[bytes | None, ...]:
    """Return what a file was on root's own line since a commit; see `read_since`.

    Raises:
        GitError: git can't tell.
    """
    now = git.tree(head, [path]).get(path)
    if now is None:
        return ()
    with git.listing([head, f"^{since}"], "--first-parent") as lines:
        steps = [tuple(line.decode().split()[1:3]) for line in lines]
    with closing(Differ(git.objects, (*RAW, "--", path), raw_deltas)) as differ:
        made = differ.answers(steps)
        for step in steps:
            differ.refuse(step)
    versions: list[str | None] = [now]
    for step in steps:
        for delta in made[step]:
            versions += [delta.after, delta.before]
    found = git.objects.blobs(filter(None, versions), MAX_TASK_BYTES)
    return tuple(None if blob is None else found.contents.get(blob, b"") for blob in dict.fromkeys(versions))
