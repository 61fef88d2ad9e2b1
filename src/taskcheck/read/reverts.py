"""What commits take back of what landed: by their word or by a patch that is the reverse.

Their word is a commit's id, a title, or the number of a pull request.
"""

import re
from collections.abc import Container, Iterable
from functools import cached_property

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Merge
from taskcheck.read.graph import Commits
from taskcheck.read.history import History
from taskcheck.read.patches import PatchReader

DEPTH = 2_000
"""Commits since the fork that are searched for an equal patch; beyond that the verdict is unknown."""

PATTERNS = ("--grep=[Rr]evert", "--grep=Reapply ")
"""Flags for ``rev-list`` that let through whatever may be a revert."""

_COMMITS = expression(r"This reverts commit ([0-9a-f]{40,64})")
_NUMBERS = expression(
    r"^(?:This )?[Rr]everts (?:([\w.-]+/[\w.-]+)#|#|(?:merge|pull) request [!#])(\d+)\b", re.MULTILINE
)
_SUBJECT = expression(r'Revert "(.*)"')
_REAPPLIED = expression(r'Reapply "(.*)"')
SUFFIX = expression(r" \(#(\d{1,18})\)\Z")
"""How GitHub ends the title of what it squashed: with the pull request's number."""

MERGED = expression(r"Merge pull request #(\d{1,18}) ")
"""How GitHub begins the title of a merge."""


class Reverts:
    """What was taken back, and not brought again since: each with the commit that says so."""

    def __init__(self) -> None:
        self.commits: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.vague: str | None = None
        """A commit that takes back what it only gives a title of."""

    @classmethod
    def of(
        cls, messages: Iterable[tuple[str, str]], known: Container[str], home: tuple[str, str] | None = None
    ) -> "Reverts":
        """Return the reverts among commits, newest first, each with its message.

        Args:
            messages: of the commits.
            known: ids of all commits of root's history.
            home: host and name of the repository; None where nobody knows.
        """
        found = cls()
        for commit, message in messages:
            names = subject_names(message)
            if commit in found.commits or not names.isdisjoint(found.titles.keys() | found.numbers.keys()):
                continue  # it was itself reverted
            found._add(commit, message, known, home)
        return found

    def _add(self, commit: str, message: str, known: Container[str], home: tuple[str, str] | None) -> None:
        named = _COMMITS.findall(message)
        self.commits |= dict.fromkeys(named, commit)
        numbers = [number for repository, number in _NUMBERS.findall(message) if _is_of(repository, home)]
        self.numbers |= dict.fromkeys(numbers, commit)
        if any(each in known for each in named):
            return  # a title is that of others, too
        reapplied, reverted = _REAPPLIED.match(message), _SUBJECT.match(message)
        title = f'Revert "{reapplied[1]}"' if reapplied else reverted and reverted[1]
        if title:
            self.titles[title_of(title)] = commit
            if not named and not numbers:
                self.vague = commit


def _is_of(repository: str, home: tuple[str, str] | None) -> bool:
    """Return whether a repository's name may be that of the one that is looked at; empty is this one."""
    return not repository or home is None or repository.casefold() == home[1].casefold()


@frozen(kw_only=True)
class Taken:
    """Who says that something was taken back."""

    by: str | None
    """The commit that names it, by its id, title or number."""
    vague: str | None
    """A commit that takes back what it only gives a title of, be it this or something else."""


@frozen(slots=False)
class RevertReader:
    """Asks what commits on root took back."""

    history: History
    patches: PatchReader
    home: tuple[str, str] | None = None
    """Host and name of the repository; None where nobody knows."""

    @cached_property
    def _said(self) -> dict[Commits, Reverts]:
        """What was read already, by the commits that say it."""
        return {}

    @cached_property
    def _candidates(self) -> Commits:
        """The commits of root whose message may say that it takes something back."""
        return self.history.root & self.history.matching(*PATTERNS)

    def message(self, commit: str) -> str:
        """Return a commit's message; empty where there is no such commit."""
        return self.history.git.objects.messages([commit])[commit]

    def unless_reverted(
        self,
        landed: Commits,
        since: str,
        changes: tuple[str, str] | None,
        proof: str,
        names: frozenset[str] = frozenset(),
    ) -> Merge:
        """Return a verdict of merged, unless a later commit on root took back what landed.

        Args:
            landed: the commits.
            since: the commit after which it may have been taken back.
            changes: the commits before and after the whole change; without them, what landed is a guess, and so is
                whether a title that isn't among it is of it.
            proof: of the merge.
            names: what a revert may call it by, beside what its messages say.
        """
        taken = self.taken_back(landed, since, names)
        by = taken.by
        if by is None:
            by = self._by_patch(since, *changes) if changes else taken.vague
        graph = self.history.graph
        if by:
            return Merge(merged=False, proof=f"it landed and was reverted by {by[:9]}", reverted=graph.moment(by))
        last = graph.newest(landed)
        return Merge(merged=True, proof=proof, landed=graph.moment(last) if last else None)

    def taken_back(self, landed: Commits, since: str, names: frozenset[str] = frozenset()) -> Taken:
        """Return the later commit on root that says that it takes back some commits; see `unless_reverted`."""
        later = self.history.since(since) & self._candidates
        said = self._said.get(later)
        if said is None:
            said = Reverts.of(self._read(later), self.history.graph.numbers, self.home)
            self._said[later] = said
        return Taken(by=self._by_commit(said, landed) or self._by_name(said, landed, names), vague=said.vague)

    def _read(self, commits: Commits) -> list[tuple[str, str]]:
        """Return commits with their messages, the newest first."""
        graph = self.history.graph
        names = [graph.names[number] for number in graph.members(commits)]
        return list(self.history.git.objects.messages(names).items())

    def _by_commit(self, said: Reverts, landed: Commits) -> str | None:
        """Return the commit that says it reverts one of those that landed, or a merge that brought one."""
        numbers = self.history.graph.numbers
        named = sorted(commit for commit in said.commits if commit in numbers and landed >> numbers[commit] & 1)
        if named:
            return said.commits[named[0]]
        for merge, by in said.commits.items():
            if self._brought(merge) & landed:
                return by
        return None

    def _by_name(self, said: Reverts, landed: Commits, names: frozenset[str]) -> str | None:
        """Return the commit that says it reverts what has the title or number of something that landed."""
        reverted = said.titles | said.numbers
        if not reverted:
            return None
        for _, message in self._read(landed):
            names |= subject_names(message)
        return next((by for name, by in reverted.items() if name in names), None)

    def _brought(self, commit: str) -> Commits:
        """Return what a reverted commit brought into root, if it is a merge."""
        graph = self.history.graph
        number = graph.numbers.get(commit)
        if number is None or len(graph.parents[number]) < 2:
            return 0
        return graph.between(graph.names[graph.parents[number][0]], commit)

    def _by_patch(self, since: str, base: str, tip: str) -> str | None:
        """Return the commit since that is the reverse of the whole change, unless it was made again after that."""
        graph, changes = self.history.graph, self.history.changes
        files = self.history.touched(base, tip)
        if not files:
            return None
        later = graph.newest_of(self.history.since(since), DEPTH)
        changes.require(later)
        by = self._by_files(since, base, tip)
        if by is not None:
            return by
        candidates = [graph.names[number] for number in graph.members(later & changes.by_files.get(files, 0))]
        if not candidates:
            return None
        forward, backward = (tip, base), (base, tip)
        identities = self.patches.identities([forward, backward, *((commit,) for commit in candidates)])
        if identities[forward] is None or identities[backward] is None:
            return None
        for commit in candidates:
            if identities[commit,] == identities[backward]:
                return commit
            if identities[commit,] == identities[forward]:
                return None
        return None

    def _by_files(self, since: str, base: str, tip: str) -> str | None:
        """Return the commit since that sets all files of a change back that were renamed meanwhile; None for none."""
        from taskcheck.read.setback import is_reverse, whereabouts

        graph, changes = self.history.graph, self.history.changes
        change = [each for each in self.history.git.deltas.between(base, tip) if not self.history.is_task(each.path)]
        now = self.history.at_root(each.path for each in change)
        missing = [each.path for each in change if each.path not in now]
        places = whereabouts(self.history, missing, since)
        if not places:
            return None
        files = frozenset(places.get(each.path, each.path) for each in change)
        later = self.history.since(since)
        changes.require(later)
        for number in graph.members(later & changes.by_files.get(files, 0)):
            if is_reverse(self.history.git.deltas.told((graph.names[number],)), change, places):
                return graph.names[number]
        return None


def unknown(proof: str) -> Merge:
    """Return the verdict that git can't tell, with the reason."""
    return Merge(merged=None, proof=proof)


def subject_names(message: str) -> frozenset[str]:
    """Return what a revert may call a commit by: its title, that of the pull request that it merges, their number."""
    subject, _, body = message.partition("\n")
    merged, suffix = MERGED.match(subject), SUFFIX.search(subject)
    names = {title_of(subject)}
    if merged:
        names |= {merged[1], title_of(body.strip().partition("\n")[0])}
    if suffix:
        names.add(suffix[1])
    return frozenset(names - {""})


def title_of(subject: str) -> str:
    """Return a title without the number that GitHub puts after it."""
    return SUFFIX.sub("", subject.strip())
