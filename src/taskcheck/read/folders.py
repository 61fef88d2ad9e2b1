"""The folders in which a change of a ledger, of a task file or of git's own records would show."""

import os
from collections.abc import Iterator
from pathlib import Path

from taskcheck.model.sources import Repository, Sources
from taskcheck.read.locate import Location, git_dir

Folders = frozenset[tuple[str, int]]
"""Paths, each with what the file system calls the folder: one that was made anew is another one."""


def watched(sources: Sources, location: Location, config: Path | None = None) -> Folders:
    """The folders that were looked into, of each that isn't there the nearest above it; git's, the configuration's."""
    folders = {str(location.root), *sources.folders, *_gits(location)}
    if config is not None:
        folders.add(str(Path(os.path.realpath(config)).parent))
    if isinstance(sources.git, Repository):
        for checkout in sources.git.checkouts:
            folders |= checkout.folders
    return frozenset(filter(None, map(_there, folders)))


def _there(folder: str) -> tuple[str, int] | None:
    for path in (Path(folder), *Path(folder).parents):
        try:
            return str(path), path.stat().st_ino
        except OSError:
            continue
    return None


def _gits(location: Location) -> Iterator[str]:
    """Yield where git writes what is checked out where, and every branch."""
    if location.top is None:
        return
    own = location.top / ".git"
    admin = own if own.is_dir() else git_dir(location.top)
    if admin is None:
        return
    yield str(admin)
    common = admin.parent.parent if admin.parent.name == "worktrees" else admin
    yield str(common)
    for name in ("refs", "worktrees", "reftable"):
        for folder, _, _ in os.walk(common / name):
            yield folder
