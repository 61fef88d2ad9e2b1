"""What lies where in a commit: its trees are read folder by folder, as far as somebody asks."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from taskcheck.read.objects import Objects
from taskcheck.read.runner import GitError

_MOST_TREE = 64 * 1024 * 1024
"""Bytes that a folder's tree may have: more than a million files."""


class _Entry(NamedTuple):
    """What a folder has under a name."""

    name: str
    """Its id."""
    is_folder: bool


class _Lead(NamedTuple):
    """A path of a commit that was followed down to a folder."""

    commit: str
    path: str
    folder: str
    """The id of its tree."""
    names: Sequence[bytes]
    """What is left of the path from there."""


class Places:
    """Tells the ids of what lies at paths.

    Git isn't asked for ``COMMIT:PATH``: it has no answer for a submodule and for a file whose content it lacks, the
    same as for what isn't there; it takes some names for commits, and can't be asked for others.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._trees_read: dict[str, bytes] = {}
        self._folders: dict[str, Mapping[bytes, _Entry]] = {}
        """What is in those of them that have a name which was asked for."""

    def at(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """Return the ids of the files, links and submodules at those of some paths of a commit that have one.

        Raises:
            GitError: git can't tell.
        """
        found = self.at_all((commit, path) for path in paths)
        return {path: name for (_, path), name in found.items()}

    def at_all(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the same of paths of several commits, by commit and path; one by one would take longer.

        Raises:
            GitError: git can't tell.
        """
        asked = list(wanted)
        trees = self._trees({commit for commit, _ in asked})
        left = [_Lead(commit, path, trees[commit], os.fsencode(path).split(b"/")) for commit, path in asked]
        found: dict[tuple[str, str], str] = {}
        while left:
            self._load({each.folder for each in left})
            met = [(each, self._entry(each.folder, each.names[0])) for each in left]
            found.update(_at_end(met))
            left = list(_further_down(met))
        return found

    def _trees(self, commits: set[str]) -> dict[str, str]:
        """Return the ids of the trees of some commits.

        Raises:
            GitError: git hasn't one of them.
        """
        trees = self._objects.trees(commits)
        for commit in sorted(commits - trees.keys()):
            raise GitError(f"git has no commit {commit}; try: git fsck")
        return trees

    def _load(self, folders: set[str]) -> None:
        """Read the trees of some folders.

        Raises:
            GitError: git hasn't one of them.
        """
        read = self._objects.read(folders - self._trees_read.keys(), "tree", _MOST_TREE)
        for tree, why in sorted(read.unread.items()):
            raise GitError(f"tree {tree}: {why}")
        self._trees_read.update(read.contents)

    def _entry(self, folder: str, name: bytes) -> _Entry | None:
        """Return what a folder has under a name; most have nothing, and aren't taken apart to tell.

        Raises:
            GitError: its tree is damaged.
        """
        data = self._trees_read[folder]
        if b" %b\0" % name not in data:
            return None
        if folder not in self._folders:
            self._folders[folder] = dict(_entries(data, len(folder) // 2))
        return self._folders[folder].get(name)


def _at_end(met: Iterable[tuple[_Lead, _Entry | None]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the commits and paths that end where something other than a folder lies, each with its id."""
    for each, entry in met:
        if entry is not None and not entry.is_folder and len(each.names) == 1:
            yield (each.commit, each.path), entry.name


def _further_down(met: Iterable[tuple[_Lead, _Entry | None]]) -> Iterator[_Lead]:
    """Yield the paths that lead on into folders."""
    for each, entry in met:
        if entry is not None and entry.is_folder and len(each.names) > 1:
            yield _Lead(each.commit, each.path, entry.name, each.names[1:])


def _entries(data: bytes, id_size: int) -> Iterator[tuple[bytes, _Entry]]:
    """Yield what a tree holds, by name.

    Raises:
        GitError: it is no tree.
    """
    position = 0
    while position < len(data):
        end = data.find(b"\0", position)
        if end < 0:
            raise GitError("git has a tree that is damaged; try: git fsck")
        mode, _, name = data[position:end].partition(b" ")
        position = end + 1 + id_size
        yield name, _Entry(data[end + 1 : position].hex(), mode.startswith(b"4"))
