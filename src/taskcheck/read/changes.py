"""What commits did to files, in memory: who touched what, and which versions of a task file there were."""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain

from taskcheck.read.deltas import Deltas
from taskcheck.read.graph import Commits, Graph
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.trees import Trees


class Changes:
    """The files that commits changed, as far as they were asked for: task files apart from all others."""

    def __init__(self, graph: Graph, deltas: Deltas, is_task: Callable[[str], bool]) -> None:
        """Ask for nothing yet.

        Args:
            graph: the commits.
            deltas: asks git what they changed.
            is_task: whether a path in the repository is a task file.
        """
        self._graph = graph
        self._deltas = deltas
        self._is_task = cache(is_task)  # the same paths come again with every commit
        self.by_files: dict[frozenset[str], Commits] = {}
        """The commits, merges left out, that touched just these files."""
        self.by_file: dict[str, Commits] = {}
        """The commits, merges left out, that touched a file."""
        self._files: dict[int, frozenset[str]] = {}
        self._versions: dict[str, list[tuple[int, str | None]]] = {}
        """By path of a task file: what commits made of it, the newest first."""
        self._removed: dict[int, list[str]] = {}
        """The task files that commits took away."""
        self._removing: Commits = 0
        """Those commits."""
        self._indexed: Commits = 0
        self._merges: Commits = 0
        """Commits of which it is known what those that are merges made of task files."""
        self._noted: Commits = 0
        """Other commits of which it is known what they made of task files."""
        self._unread: dict[int, str] = {}
        """Commits that git can't read, in its words."""

    def index(self, commits: Commits) -> None:
        """Ask for what some commits did, merges left out; many at a time take less time."""
        names = self._graph.names
        numbers = self._single(commits & ~self._indexed)
        self._deltas.load((names[number],) for number in numbers)
        self._take(numbers, self._index)
        self._indexed |= commits

    def index_versions(self, commits: Commits, trees: Trees) -> None:
        """Ask for what some commits made of task files alone, merges left out: git tells it in a third of the time."""
        names = self._graph.names
        new = commits & ~self._indexed & ~self._noted
        numbers = self._single(new)
        trees.load_steps((names[number],) for number in numbers)
        self._take(numbers, lambda number: self._note(number, trees.told((names[number],))))
        self._noted |= new

    def index_merges(self, commits: Commits, trees: Trees) -> None:
        """Ask for what merges made of task files, seen from each of their parents; other commits are left out.

        One that takes a file as one of them has it sets it back in the history of the other.
        """
        asked = {
            number: [(self._graph.names[number], self._graph.names[parent]) for parent in self._graph.parents[number]]
            for number in self._graph.members(commits & ~self._merges)
            if len(self._graph.parents[number]) > 1
        }
        trees.load_steps(chain.from_iterable(asked.values()))

        def note(number: int) -> None:
            self._note(number, dict(chain.from_iterable(trees.told(step).items() for step in asked[number])))

        self._take(asked, note)
        self._merges |= commits

    def _single(self, commits: Commits) -> list[int]:
        """Return the numbers of those of some commits that are no merges."""
        return [number for number in self._graph.members(commits) if len(self._graph.parents[number]) < 2]

    def _take(self, numbers: Iterable[int], take: Callable[[int], None]) -> None:
        """Take what commits did that git was asked about; of those that it can't read, its words.

        Raises:
            GitSilent: it gives no answer at all.
        """
        for number in numbers:
            try:
                take(number)
            except GitSilent:
                raise
            except GitError as error:
                self._unread[number] = str(error)

    def require(self, commits: Commits) -> None:
        """See that it is known what some commits did.

        Raises:
            GitError: git can't read one of them.
        """
        self.index(commits)
        self.refuse(commits)

    def refuse(self, commits: Commits) -> None:
        """Say why it isn't known what one of some commits did that were asked for.

        Raises:
            GitError: it isn't.
        """
        for number, why in self._unread.items():
            if commits >> number & 1:
                raise GitError(why)

    def files(self, number: int) -> frozenset[str]:
        """Return which files, task files left out, a commit touches that was asked for; none for a merge."""
        return self._files.get(number, frozenset())

    def versions(self, path: str, commits: Commits) -> Iterator[str]:
        """Yield what some commits, which were asked for, made of a task file: ids of blobs, the newest first.

        Each is told once.
        """
        made = (blob for place, blob in self._versions.get(path, ()) if commits >> -place & 1)
        yield from filter(None, dict.fromkeys(made))

    def blobs(self) -> set[str]:
        """Return the ids of all versions of task files."""
        return {blob for versions in self._versions.values() for _, blob in versions if blob is not None}

    def paths(self) -> list[str]:
        """Return the task files that commits which were asked for changed."""
        return sorted(self._versions)

    def changed(self, path: str, commits: Commits) -> bool:
        """Return whether some commits, which were asked for, made something of a task file."""
        return any(commits >> -place & 1 for place, _ in self._versions.get(path, ()))

    def removed(self, commits: Commits) -> Iterator[str]:
        """Yield the task files that some commits, which were asked for, took away."""
        for number in self._graph.members(commits & self._removing):
            yield from self._removed[number]

    def _index(self, number: int) -> None:
        """Take what one commit did."""
        deltas = self._deltas.told((self._graph.names[number],))
        if not self._noted >> number & 1:
            self._note(number, {delta.path: delta.after for delta in deltas})
        touched = frozenset(delta.path for delta in deltas if not self._is_task(delta.path))
        self._files[number] = touched
        bit = 1 << number
        self.by_files[touched] = self.by_files.get(touched, 0) | bit
        for path in touched:
            self.by_file[path] = self.by_file.get(path, 0) | bit

    def _note(self, number: int, files: Mapping[str, str | None]) -> None:
        """Note what one commit made of the task files among some files."""
        for path, blob in files.items():
            if self._is_task(path):
                insort(self._versions.setdefault(path, []), (-number, blob), key=_place)
                if blob is None:
                    self._removed.setdefault(number, []).append(path)
                    self._removing |= 1 << number


def _place(version: tuple[int, str | None]) -> int:
    """Return the key that sorts versions."""
    return version[0]
