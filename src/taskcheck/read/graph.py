"""The commits of a history and what can be reached from each: sets of commits as numbers, a bit for each commit."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush

from taskcheck.documents.frozen import field, frozen
from taskcheck.documents.values import from_epoch
from taskcheck.model.history import Moment

Commits = int
"""A set of commits: the bit at a commit's number is set. So union is ``|``, and what one has beyond another ``& ~``."""


@frozen(kw_only=True)
class Commit:
    """A commit as git lists it."""

    name: str
    """Its object id."""
    parents: tuple[str, ...]
    at: int
    """When it was committed, in seconds since 1970."""


@frozen
class Graph:
    """Commits by number. The number of a commit is greater than those of all its ancestors.

    Of those at the edge, which are parents of others and weren't listed, nothing is known but their names.
    """

    names: Sequence[str]
    """Object ids by number."""
    numbers: Mapping[str, int]
    parents: Sequence[Sequence[int]]
    times: Sequence[int]
    """Seconds since 1970; 0 for those at the edge."""
    edge: int
    """How many there are at the edge: they have the smallest numbers."""
    _ancestors: dict[int, Commits] = field(default_factory=dict)
    """What was asked for; a walk ends at what another one has found."""

    @classmethod
    def of(cls, commits: Sequence[Commit]) -> "Graph":
        """Return the graph of commits as git lists them, the newest first."""
        ordered = [commit.name for commit in reversed(_children_first(commits))]
        by_name = {commit.name: commit for commit in commits}
        edge = dict.fromkeys(parent for commit in commits for parent in commit.parents if parent not in by_name)
        names = [*edge, *ordered]
        numbers = {name: number for number, name in enumerate(names)}
        parents: list[Sequence[int]] = [()] * len(edge)
        times = [0] * len(edge)
        for name in ordered:
            commit = by_name[name]
            parents.append([numbers[parent] for parent in commit.parents])
            times.append(commit.at)
        return cls(names=names, numbers=numbers, parents=parents, times=times, edge=len(edge))

    @property
    def unlisted(self) -> Commits:
        """Those at the edge, behind which there may be any number of others."""
        return (1 << self.edge) - 1

    def moment(self, name: str) -> Moment:
        """Return a commit that is in the graph with when it was made."""
        number = self.numbers[name]
        return Moment(commit=name, at=from_epoch(self.times[number]), rank=number + 1)

    def rank(self, name: str) -> int:
        """Return a number that is greater than those of all ancestors of a commit; 0 for one that wasn't listed."""
        number = self.numbers.get(name, -1)
        return number + 1 if number >= self.edge else 0

    def set_of(self, names: Iterable[str]) -> Commits:
        """Return those of some commits that are in the graph."""
        return _joined(self.numbers[name] for name in names if name in self.numbers)

    def parents_of(self, name: str) -> list[str]:
        """Return the parents of a commit that is in the graph, the first first."""
        return [self.names[parent] for parent in self.parents[self.numbers[name]]]

    def members(self, commits: Commits) -> Iterator[int]:
        """Yield the numbers of the commits in a set, children before their parents."""
        text = bin(commits)
        last = len(text) - 1
        at = text.find("1", 2)
        while at != -1:
            yield last - at
            at = text.find("1", at + 1)

    def without_merges(self, commits: Commits) -> Commits:
        """Return those of a set that have one parent at the most."""
        return _joined(number for number in self.members(commits) if len(self.parents[number]) <= 1)

    def newest(self, commits: Commits) -> str | None:
        """Return a commit of a set that is no ancestor of another in it; None for the empty set."""
        return self.names[commits.bit_length() - 1] if commits else None

    def newest_of(self, commits: Commits, most: int) -> Commits:
        """Return so many commits of a set at the most, the newest."""
        if commits.bit_count() <= most:
            return commits
        cut = bisect_left(range(commits.bit_length()), -most, key=lambda cut: -(commits >> cut).bit_count())
        return commits >> cut << cut

    def ancestors(self, name: str) -> Commits:
        """Return a commit with all that can be reached from it; the empty set for one that isn't in the graph."""
        number = self.numbers.get(name)
        if number is None:
            return 0
        if number not in self._ancestors:
            self._ancestors[number] = self._reached(number)
        return self._ancestors[number]

    def know(self, names: Iterable[str]) -> None:
        """Find the ancestors of some commits, the oldest first: so each walk ends where an earlier one began."""
        known = [name for name in names if name in self.numbers]
        for name in sorted(known, key=self.numbers.__getitem__):
            self.ancestors(name)

    def beyond(self, known: Commits, name: str) -> tuple[Commits, Commits]:
        """Return what a commit has beyond some that are known, with their ancestors; and where those that are begin."""
        number = self.numbers.get(name)
        if number is None:
            return 0, 0
        own = []
        edge = set()
        seen = {number}
        left = [number]
        while left:
            commit = left.pop()
            if known >> commit & 1:
                edge.add(commit)
                continue
            own.append(commit)
            new = [parent for parent in self.parents[commit] if parent not in seen]
            seen.update(new)
            left += new
        return _joined(own), _joined(edge)

    def between(self, earlier: str, later: str) -> Commits:
        """Return what a commit has beyond another one: ``earlier..later``."""
        return self.beyond(self.ancestors(earlier), later)[0]

    def base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, of several the newest; None for unrelated histories."""
        _, edge = self.beyond(self.ancestors(one), other)
        return self.newest(edge)

    def mainline(self, name: str) -> Commits:
        """Return a commit, its first parent, the first parent of that, and so on."""
        line = []
        number = self.numbers.get(name)
        while number is not None:
            line.append(number)
            parents = self.parents[number]
            number = parents[0] if parents else None
        return _joined(line)

    def _reached(self, start: int) -> Commits:
        """Return a commit with all that can be reached from it.

        The newest come first: what was found for another commit then stands for all that is older.
        """
        found = 0
        walked = []
        left = [-start]
        seen = {start}
        while left:
            number = -heappop(left)
            if found >> number & 1:
                continue
            known = self._ancestors.get(number)
            if known is not None:
                found |= known
                continue
            walked.append(number)
            for parent in self.parents[number]:
                if parent not in seen:
                    seen.add(parent)
                    heappush(left, -parent)
        return found | _joined(walked)


def _children_first(commits: Sequence[Commit]) -> Sequence[Commit]:
    """Return commits in git's order where no clock went wrong; else in one in which children come before parents."""
    listed: set[str] = set()
    for commit in commits:
        if not listed.isdisjoint(commit.parents):
            break
        listed.add(commit.name)
    else:
        return commits
    from graphlib import TopologicalSorter

    by_name = {commit.name: commit for commit in commits}
    parents = {commit.name: [parent for parent in commit.parents if parent in by_name] for commit in commits}
    ordered = [by_name[name] for name in TopologicalSorter(parents).static_order()]
    return ordered[::-1]


def _joined(numbers: Iterable[int]) -> Commits:
    """Return a set of commits by their numbers."""
    found = list(numbers)
    if len(found) < 8:
        joined = 0
        for number in found:
            joined |= 1 << number
        return joined
    bits = bytearray(max(found) // 8 + 1)
    for number in found:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")
