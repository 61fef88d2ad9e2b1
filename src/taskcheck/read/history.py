"""The history of root and of other tips, in memory: what each has beyond the other, and what its commits did."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from taskcheck.documents.frozen import frozen
from taskcheck.model.history import CUT_OFF
from taskcheck.model.sources import Unavailable
from taskcheck.read.changes import Changes
from taskcheck.read.git import Git
from taskcheck.read.graph import Commits, Graph
from taskcheck.read.places import Places
from taskcheck.read.rawdiff import Delta, Step
from taskcheck.read.runner import GitError
from taskcheck.read.walk import walk

_EMPTY = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}
"""The blobs without content, by either hash: a file that is added empty adds none."""


@frozen(slots=False)
class History:
    """What git knows of the commits that root has or that other tips have."""

    git: Git
    head: str
    """Root's commit."""
    shallow: bool
    """Whether it is cut off, so that ancestry can't be trusted."""
    graph: Graph
    broken: dict[str, str]
    """Tips whose history git can't tell, with its words."""
    is_task: Callable[[str], bool]
    """Whether a path in the repository is a task file."""

    @classmethod
    def of(
        cls,
        git: Git,
        head: str,
        tips: Collection[str],
        *,
        shallow: bool,
        is_task: Callable[[str], bool],
        since: int | None = None,
        line: int = 0,
    ) -> "History":
        """Return the history of root and of some tips; see `walk`.

        Raises:
            GitError: git can't tell root's own.
        """
        walked = walk(git, head, tips, since, line)
        return cls(git, head, shallow, walked.graph, walked.broken, is_task)

    @cached_property
    def root(self) -> Commits:
        """All that root has."""
        return self.graph.ancestors(self.head)

    @cached_property
    def mainline(self) -> Commits:
        """What root's branch itself has been at, as far as first parents tell."""
        return self.graph.mainline(self.head)

    @cached_property
    def changes(self) -> Changes:
        """What commits did to files."""
        return Changes(self.graph, self.git.deltas, self.is_task)

    def parting(self, tip: str) -> str | Unavailable:
        """Return the merge-base of root and a tip, or why there is none."""
        try:
            base = self.base(tip)
        except GitError as error:
            return Unavailable(str(error))
        if base is None and self.shallow:
            return Unavailable(CUT_OFF)
        return base or Unavailable("its history and root's have no common commit")

    def at_root(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the ids of what lies at some paths of root's commit, where something does; each is asked for once.

        Raises:
            GitError: git can't tell.
        """
        new = [path for path in dict.fromkeys(paths) if path not in self._asked]
        self._at_root.update(self._places.at(self.head, new))
        self._asked.update(new)
        return self._at_root

    def at(self, commit: str, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the ids of what lies at some paths of a commit, where something does.

        Raises:
            GitError: git can't tell.
        """
        return self._places.at(commit, paths)

    @cached_property
    def _places(self) -> Places:
        return Places(self.git.objects)

    @cached_property
    def _asked(self) -> set[str]:
        """The paths that were asked for."""
        return set()

    @cached_property
    def _at_root(self) -> dict[str, str]:
        """What was found there."""
        return {}

    def base(self, tip: str) -> str | None:
        """Return the merge-base of root and a tip; None for unrelated histories.

        Raises:
            GitError: git can't tell the tip's history.
        """
        if tip in self.broken:
            raise GitError(self.broken[tip])
        if tip not in self._bases:
            self._bases[tip] = self.graph.base(self.head, tip)
        return self._bases[tip]

    @cached_property
    def _bases(self) -> dict[str, str | None]:
        """The merge-bases that were asked for: forks, branches and verdicts all need them."""
        return {}

    def bases(self, tips: Iterable[str]) -> dict[str, str]:
        """Return the merge-bases of root and of those of some tips that have one, by tip; the newest first."""
        found = {}
        for tip in tips:
            base = None if tip in self.broken else self.base(tip)
            if base is not None:
                found[tip] = base
        return dict(sorted(found.items(), key=lambda pair: -self.graph.numbers[pair[1]]))

    def since(self, commit: str) -> Commits:
        """Return what root has beyond a commit."""
        return self.root & ~self.graph.ancestors(commit)

    def brought_by(self, commit: str) -> str:
        """Return the first commit of root's own line that has one of root's commits in its history."""
        graph = self.graph
        number = graph.numbers[commit]
        line = [each for each in graph.members(self.mainline) if each >= number][::-1]
        at = bisect_left(line, 1, key=lambda each: graph.ancestors(graph.names[each]) >> number & 1)
        return graph.names[line[at]]

    def matching(self, *flags: str) -> Commits:
        """Return the listed commits whose message matches a pattern, as flags of ``rev-list`` name it.

        Raises:
            GitError: git can't tell.
        """
        edge = [f"^{name}" for name in self.graph.names[: self.graph.edge]]
        with self.git.listing([self.head, *edge], *flags) as lines:
            return self.graph.set_of(line.split()[1].decode() for line in lines)

    def code(self, one: str, other: str) -> frozenset[str]:
        """Return the files, task files left out, whose content differs between two commits.

        Raises:
            GitError: git can't tell.
        """
        changed = set()
        for delta in self.git.deltas.between(one, other):
            is_empty = {delta.before, delta.after} <= {None, *_EMPTY}
            if not self.is_task(delta.path) and delta.before != delta.after and not is_empty:
                changed.add(delta.path)
        return frozenset(changed)

    def content(self, step: Step) -> list[Delta]:
        """Return the files, task files left out, whose content changes at a step.

        Raises:
            GitError: git can't tell.
        """
        told = self.git.deltas.told(step)
        return [each for each in told if each.before != each.after and not self.is_task(each.path)]

    def touched(self, one: str, other: str) -> frozenset[str]:
        """Return the files, task files left out, in which two commits differ.

        Raises:
            GitError: git can't tell.
        """
        return frozenset(delta.path for delta in self.git.deltas.between(one, other) if not self.is_task(delta.path))


def seen_from_first_parent(graph: Graph, number: int) -> Step:
    """Return the question what a commit changed, of a merge against its first parent alone."""
    name, parents = graph.names[number], graph.parents[number]
    if len(parents) > 1:
        return name, graph.names[parents[0]]
    return (name,)
