"""The task files of commits: each commit's are those of root's commit but for what differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from taskcheck.read.deltas import Deltas
from taskcheck.read.rawdiff import Delta

EMPTY = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without any file, which git always has, by how many hex digits an id has."""


@dataclass(frozen=True)
class Listing:
    """The regular files of a commit below some folders, by path in the repository, with the ids of their blobs."""

    root: "_Root"
    different: Mapping[str, str | None]
    """Where it isn't as root's commit; None where it has no file."""

    def blob(self, path: str) -> str | None:
        """Return the id of a file's blob; None where there is no such file."""
        if path in self.different:
            return self.different[path]
        return self.root.files.get(path)

    def called(self, name: str) -> list[str]:
        """Return the paths of the files of a name."""
        paths = [*self.root.by_name.get(name, ()), *self._added.get(name, ())]
        return [path for path in paths if self.blob(path) is not None]

    @cached_property
    def _added(self) -> Mapping[str, Sequence[str]]:
        """The paths at which root's commit has no file, by name."""
        return _by_name(path for path in self.different if path not in self.root.files)


@dataclass(frozen=True)
class _Root:
    """The files of root's commit, which all others are told from."""

    files: Mapping[str, str]

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """The paths of its files by name."""
        return _by_name(self.files)


@dataclass(frozen=True)
class Trees:
    """Asks git for the files of commits below some folders of the repository."""

    deltas: Deltas
    """Of those folders alone."""
    head: str | None
    """Root's commit; None before the first one."""
    empty: str
    """The id of the empty tree."""

    def load(self, commits: Iterable[str], bases: Mapping[str, str] | None = None) -> None:
        """Ask for what will be looked at: many commits at a time take less time.

        Args:
            commits: whose files are asked for.
            bases: where the history of some of them left root's.
        """
        known = bases or {}
        asked = [(commit, known.get(commit, self._start)) for commit in commits]
        self.deltas.load([*asked, *((base, self._start) for _, base in asked if base != self._start)])

    def of(self, commit: str, base: str | None = None) -> Listing:
        """Return the files of a commit; where its history left root's, if that is known, they are told from there.

        Raises:
            GitError: git can't tell.
        """
        deltas = self.deltas.between(base or self._start, commit)
        different = {delta.path: _regular(delta) for delta in deltas}
        if base is not None and base != self._start:
            different = {**self.of(base).different, **different}
        return Listing(self.root, different)

    @cached_property
    def root(self) -> _Root:
        """The files of root's commit.

        Raises:
            GitError: git can't tell.
        """
        if self.head is None:
            return _Root({})
        files = {}
        for delta in self.deltas.between(self.empty, self.head):
            blob = _regular(delta)
            if blob is not None:
                files[delta.path] = blob
        return _Root(files)

    @property
    def _start(self) -> str:
        """What the files of commits are told from."""
        return self.head or self.empty


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return paths by file name."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(file_name(path), []).append(path)
    return found


def file_name(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def _regular(delta: Delta) -> str | None:
    """Return the id of the blob that a regular file became; None for a link, a submodule, or no file."""
    return delta.after if delta.mode.startswith("100") else None
