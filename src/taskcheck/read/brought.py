"""What root's own line says that it brought in: the branches and pull requests that its commits' subjects name."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.model.history import Brought
from taskcheck.read.history import History
from taskcheck.read.reverts import MERGED, SUFFIX, RevertReader

LOOK_BACK = timedelta(days=30)
"""How long before root's last commit a subject is still looked at."""

_QUOTED = expression(r"\AMerge[^']*'([^']+)'")
_OF_FORK = expression(r"\AMerge[^']* from [^\s/]+/(\S+)")
_LONGEST = 500
"""Characters of a subject that are looked at."""

_OF_BITBUCKET = expression(r"\AMerged in (\S+)")


@frozen
class Subject:
    """What the first line of a commit's message names."""

    text: str

    @property
    def number(self) -> int | None:
        """The pull request: of ``Fix login (#12)`` and of ``Merge pull request #12 from ana/fix-login`` it is 12."""
        found = MERGED.match(self.text) or SUFFIX.search(self.text)
        return int(found[1]) if found else None

    @property
    def branches(self) -> frozenset[str]:
        """Names that may be those of the merged branch: of ``Merge branch 'fix-login' into main`` it is fix-login."""
        source = self.text.partition(" into ")[0]
        found = (_QUOTED.match(source), _OF_FORK.match(source), _OF_BITBUCKET.match(source))
        names = {match[1] for match in found if match}
        return frozenset(names | {name.removeprefix("origin/") for name in names})


def read_brought(
    history: History, reverts: RevertReader, branches: Collection[str], numbers: Collection[int]
) -> tuple[Brought, ...]:
    """Return the commits of root's own line that say they brought in one of some branches or pull requests.

    Args:
        history: of root, as far back as `LOOK_BACK`.
        reverts: what commits on root took back.
        branches: names of branches.
        numbers: of pull requests.

    Raises:
        GitError: git can't tell.
    """
    if not branches and not numbers:
        return ()
    return tuple(_brought(history, reverts, frozenset(branches), frozenset(numbers)))


def _brought(
    history: History, reverts: RevertReader, branches: frozenset[str], numbers: frozenset[int]
) -> Iterator[Brought]:
    graph = history.graph
    line = list(_lately(history))
    messages = history.git.objects.messages(graph.names[number] for number in line)
    for number in line:
        commit = graph.names[number]
        subject = Subject(messages[commit].partition("\n")[0].strip()[:_LONGEST])
        named = subject.branches & branches
        if not named and subject.number not in numbers:
            continue
        taken = reverts.taken_back(_with_merged(history, number), commit)
        yield Brought(
            made=graph.moment(commit),
            subject=subject.text,
            branches=named,
            number=subject.number,
            reverted=graph.moment(taken.by) if taken.by else None,
            perhaps_reverted=taken.vague is not None,
        )


def _lately(history: History) -> Iterator[int]:
    """Yield the commits of root's own line that aren't older than `LOOK_BACK`, the newest first."""
    graph = history.graph
    newest = graph.times[graph.numbers[history.head]]
    for number in graph.members(history.mainline):
        if number < graph.edge:
            return
        if newest - graph.times[number] <= LOOK_BACK.total_seconds():
            yield number


def _with_merged(history: History, number: int) -> int:
    """Return the set of a commit and, of a merge, of what it brought in."""
    graph = history.graph
    commit = graph.names[number]
    made = graph.set_of([commit])
    parents = graph.parents_of(commit)
    return made | graph.between(parents[0], commit) if len(parents) > 1 else made
