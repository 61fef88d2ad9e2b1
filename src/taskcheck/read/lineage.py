"""Files of root's own line under the names that they had before they were renamed: same bytes, or same id and title."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, takewhile
from posixpath import basename
from typing import TypeVar

from taskcheck.config.pattern import file_name
from taskcheck.documents.frozen import frozen
from taskcheck.model.history import Moved
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.history import History, seen_from_first_parent
from taskcheck.read.rawdiff import Delta
from taskcheck.read.walk import MOST_OLDER

T = TypeVar("T")

MOST_COMMITS = 2_000
"""Commits of root's own line that are looked at."""

MOST_FILES = 100
"""Files that one commit took away or added among which a changed one is looked for; an unchanged one is among all."""

Identity = Callable[[bytes, str], Hashable]
"""Tells what is the same of one task under two names, by the bytes of its file and its path; None where nothing is."""

NameOf = Callable[[str], str]
"""Tells the task that a path in the store is."""

Made = tuple[str, Sequence[Delta]]
"""A commit of root's own line, and the files that it changed."""


@frozen(kw_only=True)
class Lineage:
    """Follows task files through the commits that renamed them."""

    history: History
    identity: Identity
    prefix: str
    """The store's folder in its repository."""

    def line(self, earliest: int | None = None) -> Iterator[Made]:
        """Yield what each commit of root's own line did, seen from its first parent; the newest first.

        Args:
            earliest: from when on, in seconds since 1970; None for as far back as history was read.
        """
        steps = [seen_from_first_parent(self.history.graph, number) for number in self._since(earliest or 0)]
        deltas = self.history.git.deltas
        deltas.load(steps)
        for step in steps:
            yield step[0], deltas.told(step)

    def _since(self, earliest: int) -> list[int]:
        """Return the numbers of the commits of root's own line down to the last one that isn't dated before a time."""
        graph = self.history.graph
        line = takewhile(lambda number: number >= graph.edge, graph.members(self.history.mainline))
        found: list[int] = []
        older: list[int] = []
        for number in islice(line, MOST_COMMITS):
            older.append(number)
            if graph.times[number] >= earliest:
                found += older
                older.clear()
            elif len(older) > MOST_OLDER:
                break
        return found

    def traced(self, paths: Iterable[str], earliest: int | None = None) -> Iterator[tuple[str, Delta]]:
        """Yield what the commits did to some files, each under its present path, whatever it was called then.

        Args:
            paths: in the repository.
            earliest: as in `line`.
        """
        called = {path: {path} for path in paths}
        for commit, made in self.line(earliest):
            told: list[tuple[str, Delta]] = []
            for delta in made:
                paths_then = called.get(delta.path, ())
                told += [(path, delta) for path in sorted(paths_then)]
            for path, delta in told:
                source = self.source(delta, made)
                if source is None:
                    yield commit, delta._replace(path=path)
                    continue
                yield commit, Delta(path, source.before, delta.after)
                called[delta.path].discard(path)
                called.setdefault(source.path, set()).add(path)

    def source(self, added: Delta, made: Sequence[Delta]) -> Delta | None:
        """Return the file that an added one was before, as a commit took it away; None for a new one.

        Args:
            added: what may have been added.
            made: all that the commit did.
        """
        if added.before is not None:
            return None
        found = self._alike(added, made)
        if found is None or self._alike(found, made) != added:
            return None
        return found

    def target(self, taken: Delta, made: Sequence[Delta]) -> Delta | None:
        """Return the file that one became which a commit took away, as it was added; None where it is gone.

        Args:
            taken: what may have been taken away.
            made: all that the commit did.
        """
        if taken.after is not None:
            return None
        found = self._alike(taken, made)
        if found is None or self._alike(found, made) != taken:
            return None
        return found

    def _alike(self, one: Delta, made: Sequence[Delta]) -> Delta | None:
        """Return the only file that came where one went, or went where one came, and that is the same one."""
        ends = filter(partial(_is_other_end, one), made)
        others = [delta for delta in ends if self.history.is_task(delta.path)]
        same = [delta for delta in others if _blob(delta) == _blob(one)]
        if not same and len(others) <= MOST_FILES:
            same = self._like(one, others)
        named_alike = filter(partial(_is_called_alike, one), same)
        return only(same) or only(list(named_alike))

    def _like(self, one: Delta, others: Sequence[Delta]) -> list[Delta]:
        """Return those of some files that have the id and title of one."""
        blobs = {_blob(delta) for delta in (one, *others)}
        contents = self.history.git.objects.blobs(blobs, MAX_TASK_BYTES).contents

        def identity(delta: Delta) -> Hashable:
            data = contents.get(_blob(delta))
            path = delta.path.removeprefix(self.prefix)
            return self.identity(data, path) if data is not None else None

        wanted = identity(one)
        if wanted is None:
            return []
        return [delta for delta in others if identity(delta) == wanted]


def only(found: Sequence[T]) -> T | None:
    """Return the only one of what was found; None where there are several, or none."""
    return found[0] if len(found) == 1 else None


def _is_called_alike(one: Delta, other: Delta) -> bool:
    """Return whether two files have one name, in whatever folders."""
    return basename(one.path) == basename(other.path)


def _is_other_end(one: Delta, other: Delta) -> bool:
    """Return whether one of two files went, and the other one came."""
    if one.before is None:
        return other.after is None
    return other.before is None


def _blob(delta: Delta) -> str:
    """Return the blob of a file that came or went."""
    return delta.after or delta.before or ""


def read_moved(lineage: Lineage, names: Collection[str], name_of: NameOf, earliest: int | None) -> tuple[Moved, ...]:
    """Return the renamings of task files, one after the other where it was several; the newest first.

    Args:
        lineage: follows files.
        names: of tasks that root hasn't any more.
        name_of: tells the task that a path is.
        earliest: from when on, in seconds since 1970; None for as far back as history was read.

    Raises:
        GitError: git can't tell.
    """
    wanted = set(map(file_name, names))

    def name(path: str) -> str:
        return file_name(name_of(path.removeprefix(lineage.prefix)))

    found = []
    for _, made in reversed(list(lineage.line(earliest))):
        gone = [delta for delta in made if delta.after is None and lineage.history.is_task(delta.path)]
        for taken in gone:
            if name(taken.path) not in wanted:
                continue
            became = lineage.target(taken, made)
            if became is None:
                continue
            wanted.add(name(became.path))
            moved = (path.removeprefix(lineage.prefix) for path in (taken.path, became.path))
            found.append(Moved(*moved))
    return tuple(reversed(found))
