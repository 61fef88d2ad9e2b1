"""Walk the history of root and of other tips, by one git process, as far back as they have not all in common."""

from collections.abc import Collection, Iterable

from taskcheck.documents.frozen import field, frozen
from taskcheck.read.git import Git
from taskcheck.read.graph import Commit, Graph
from taskcheck.read.points import cut_short
from taskcheck.read.runner import GitError, GitSilent

MOST_OLDER = 100
"""Commits in a row of root's own line that are dated before what is asked for, and may have newer ones below them: some
clock was behind, or a rebase has kept old dates."""


@frozen
class Walked:
    """The commits of a walk, and the tips whose history git can't tell, each with its words."""

    graph: Graph
    broken: dict[str, str] = field(default_factory=dict)


def walk(git: Git, head: str, tips: Collection[str], since: int | None = None, line: int = 0) -> Walked:
    """Return the commits of root and of some tips.

    Where git can't walk them all, halves of them are tried, down to those that it can't: so one that is damaged costs
    the others nothing.

    Args:
        git: the repository.
        head: root's commit.
        tips: other commits.
        since: root's own line is followed until all is before this time, in seconds since 1970.
        line: so many commits of each tip's own line are listed, if there are.

    Raises:
        GitError: git can't tell root's own history.
    """
    wanted = sorted({*tips} - {head})
    if not wanted and since is None and not line:
        return Walked(Graph.of([Commit(name=head, parents=(), at=0)]))  # nobody asks what is behind it
    try:
        return Walked(_listed(git, head, wanted, since, line))
    except GitSilent:
        raise
    except GitError:
        _listed(git, head, (), since, line)
        broken = dict(_broken(git, head, wanted))
        whole = [tip for tip in wanted if tip not in broken]
        return Walked(_listed(git, head, whole, since, line), broken)


def _broken(git: Git, head: str, tips: list[str]) -> Iterable[tuple[str, str]]:
    """Yield those of some tips whose history git can't tell, with its words."""
    if not tips:
        return
    try:
        _listed(git, head, tips, None, 0)
    except GitSilent:
        raise
    except GitError as error:
        if len(tips) == 1:
            yield tips[0], str(error)
            return
        middle = len(tips) // 2
        yield from _broken(git, head, tips[:middle])
        yield from _broken(git, head, tips[middle:])


def _listed(git: Git, head: str, tips: Collection[str], since: int | None, line: int) -> Graph:
    """Return the commits that git lists, the newest first, until all that are older are common to all tips.

    They are common to some more commits, too, where something is told from those.
    """
    frontier = _Frontier([head, *tips], since, line)
    points: set[str] | None = None
    with git.listing([head, *tips]) as lines:
        for listed in lines:
            frontier.take(_commit(listed))
            if frontier.is_common and points is None:
                points = cut_short(Graph.of(frontier.commits), head, tips)
                frontier = frontier.further(points)
            if frontier.is_common:
                break
    return Graph.of(frontier.commits)


def _commit(line: bytes) -> Commit:
    """Return a commit as git lists it: its time, its name, its parents."""
    at, name, *parents = line.decode().split()
    return Commit(name=name, parents=tuple(parents), at=int(at))


class _Frontier:
    """What a walk has met and what it waits for, with which of the tips lead to each commit, a bit for each tip.

    What all tips lead to is of no interest but where it begins. Where clocks went wrong the walk may end before it
    should, as git's own search for a merge-base may.
    """

    def __init__(self, tips: list[str], since: int | None, line: int) -> None:
        self.commits: list[Commit] = []
        self._asked = (tips, since, line)
        self._all = (1 << len(tips)) - 1
        self._from = {tip: 1 << number for number, tip in enumerate(tips)}
        self._listed: dict[str, Commit] = {}
        self._open = set(tips)
        """What git has yet to list: tips, and parents of what not all tips lead to."""
        self._since = since
        self._mainline: str | None = tips[0]
        """The next commit of root's own line; None where that is older than what is asked for."""
        self._older = 0
        """How many of that line, in a row, were older."""
        self._lines = dict.fromkeys(tips[1:], line) if line else {}
        """How many more commits are wanted of the lines that begin at some."""

    @property
    def is_common(self) -> bool:
        """Whether all tips lead to whatever git would list next."""
        is_far_enough = self._since is None or self._mainline is None
        return is_far_enough and not self._open and not self._lines

    def further(self, points: set[str]) -> "_Frontier":
        """Return one that has met the same commits, for more tips."""
        if not points:
            return self
        tips, since, line = self._asked
        longer = _Frontier([*tips, *sorted(points - set(tips))], since, line)
        for commit in self.commits:
            longer.take(commit)
        return longer

    def take(self, commit: Commit) -> None:
        """Take the next commit that git lists."""
        self.commits.append(commit)
        self._listed[commit.name] = commit
        self._open.discard(commit.name)
        if commit.name == self._mainline:
            self._mainline = self._next_of_line(commit)
        more = self._lines.pop(commit.name, 0) - 1
        if more > 0 and commit.parents:
            self._lines[commit.parents[0]] = max(more, self._lines.get(commit.parents[0], 0))
        self._lead_on(commit)

    def _next_of_line(self, commit: Commit) -> str | None:
        """Return the commit of root's own line after one; None where the line ends, or is older than what is asked."""
        is_older = self._since is not None and commit.at < self._since
        self._older = self._older + 1 if is_older else 0
        if not commit.parents or self._older > MOST_OLDER:
            return None
        return commit.parents[0]

    def _lead_on(self, commit: Commit) -> None:
        """Note that what leads to a commit leads to its parents; they are wanted if not all tips do."""
        if self._from[commit.name] != self._all:
            self._open.update(parent for parent in commit.parents if parent not in self._listed)
        left = [commit]
        while left:
            child = left.pop()
            for parent in child.parents:
                before = self._from.get(parent, 0)
                self._from[parent] = before | self._from[child.name]
                if self._from[parent] != before and parent in self._listed:
                    left.append(self._listed[parent])
