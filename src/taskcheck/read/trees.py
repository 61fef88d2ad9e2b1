"""The task files of commits: each commit's are those of root's commit but for what differs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

from taskcheck.documents.frozen import frozen
from taskcheck.read.deltas import RAW, Differ
from taskcheck.read.objects import Objects
from taskcheck.read.rawdiff import Step, raw_files

EMPTY = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without any file, which git always has, by how many hex digits an id has."""


Different = Mapping[str, str | None]
"""The ids of the blobs of regular files, by path in the repository; None where there is no file."""


@frozen(slots=False)
class Listing:
    """The regular files of a commit below some folders."""

    root: "_Root"
    base: Different
    """Where the commit that it is told from isn't as root's."""
    own: Different
    """Where it isn't as that one."""

    def blob(self, path: str) -> str | None:
        """Return the id of a file's blob; None where there is no such file."""
        for files in (self.own, self.base, self.root.files):
            if path in files:
                return files[path]
        return None

    def called(self, name: str) -> list[str]:
        """Return the paths of the files of a name."""
        paths = [*self.root.by_name.get(name, ()), *self._added.get(name, ())]
        return [path for path in paths if self.blob(path) is not None]

    @cached_property
    def _added(self) -> Mapping[str, Sequence[str]]:
        """The paths at which root's commit has no file, by name."""
        return _by_name(path for path in {**self.base, **self.own} if path not in self.root.files)


@frozen
class Link:
    """How a commit was told from another one."""

    before: str
    """The other one."""
    paths: Collection[str]
    """The files in which they differ."""


@frozen(slots=False)
class _Root:
    """The files of root's commit, which all others are told from."""

    files: Mapping[str, str]

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """The paths of its files by name."""
        return _by_name(self.files)


class Trees:
    """Asks git for the files of commits below some folders of the repository."""

    def __init__(self, objects: Objects, folders: Sequence[str], head: str | None, empty: str) -> None:
        """Ask nothing yet.

        Args:
            objects: of the repository.
            folders: in it; none for all.
            head: root's commit; None before the first one.
            empty: the id of the empty tree.
        """
        self.objects = objects
        self._differ = Differ(objects, (*RAW, *(("--", *folders) if folders else ())), raw_files)
        self._head, self._empty = head, empty
        self._read: dict[Step, Different] = {(self.start, self.start): {}}
        self._links = {self.start: Link(self.start, ())}
        """Of commits that were followed."""

    def close(self) -> None:
        """End git's process."""
        self._differ.close()

    def load(self, commits: Iterable[str], bases: Mapping[str, str] | None = None) -> None:
        """Ask for what will be looked at: many commits at a time take less time.

        Args:
            commits: whose files are asked for.
            bases: where the history of some of them left root's, in an order in which neighbours differ in little.
        """
        known = bases or {}
        self.follow(known.values())
        steps = ((commit, known.get(commit, self.start)) for commit in commits)
        self.load_steps(step for step in steps if step[0] != step[1])

    def follow(self, commits: Iterable[str]) -> None:
        """Ask for the files of commits, of each what it has otherwise than the one before; the first than root's.

        So what changed since a thousand commits is told once, and not again for each of them. Where git ends over one
        of them, as in a clone without trees, each is told from root's.
        """
        new = [commit for commit in dict.fromkeys(commits) if commit not in self._links]
        steps = list(zip(new, [self.start, *new], strict=False))
        self._read.update(self._differ.answers_at_once(step for step in steps if step not in self._read))
        self.load_steps((commit, self.start) for commit, before in steps if (commit, before) not in self._read)
        for commit, before in steps:
            self._take(commit, before)

    def _take(self, commit: str, before: str) -> None:
        """Note what a commit has otherwise than root's, by what it has otherwise than the one before.

        Where git can't tell that, or nothing is known of the one before, it is asked about the commit by itself.
        """
        if before not in self._links or (commit, before) not in self._read:
            before = self.start
            self.load_steps([(commit, before)])
        changed = self._read.get((commit, before))
        if changed is not None:
            self._read[commit, self.start] = {**self._read[before, self.start], **changed}
            self._links[commit] = Link(before, changed.keys())

    def link(self, commit: str) -> Link:
        """Return how a commit was told that was followed; others are asked for.

        Raises:
            GitError: git can't tell.
        """
        self.follow([commit])
        self._differ.refuse((commit, self.start))
        return self._links[commit]

    def load_steps(self, steps: Iterable[Step]) -> None:
        """Ask for what is different between commits; many at a time take less time."""
        self._read.update(self._differ.answers(step for step in dict.fromkeys(steps) if step not in self._read))

    def of(self, commit: str, base: str | None = None) -> Listing:
        """Return the files of a commit; where its history left root's, if that is known, they are told from there.

        Raises:
            GitError: git can't tell.
        """
        if base is None or base == self.start:
            return Listing(self.root, {}, self.told((commit, self.start)))
        at_base = self.told((base, self.start))
        own = self.told((commit, base)) if commit != base else {}
        return Listing(self.root, at_base, own)

    def told(self, step: Step) -> Different:
        """Return what is different in the later commit of two.

        Raises:
            GitError: git can't tell.
        """
        self.load_steps([step])
        self._differ.refuse(step)
        return self._read[step]

    @cached_property
    def root(self) -> _Root:
        """The files of root's commit.

        Raises:
            GitError: git can't tell.
        """
        if self._head is None:
            return _Root({})
        found = self.told((self._head, self._empty))
        return _Root({path: blob for path, blob in found.items() if blob is not None})

    @property
    def start(self) -> str:
        """What the files of commits are told from."""
        return self._head or self._empty


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return paths by file name."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(file_name(path), []).append(path)
    return found


def file_name(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]
