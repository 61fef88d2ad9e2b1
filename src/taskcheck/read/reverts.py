"""What commits take back of what landed: by their word or by a patch that is the reverse.

Their word is a commit's id, a title, or the number of a pull request.
"""

from collections.abc import Iterable

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.sources import Merge
from taskcheck.read.git import Git
from taskcheck.read.patches import PatchReader

DEPTH = 2_000
"""Commits since the fork that are searched for an equal patch; beyond that the verdict is unknown."""

PATTERNS = ("--grep=[Rr]evert", "--grep=Reapply ")
"""Flags for ``rev-list`` that let through whatever may be a revert."""

_COMMITS = expression(r"This reverts commit ([0-9a-f]{40,64})")
_NUMBERS = expression(r"[Rr]everts (?:[\w./-]+#|#|(?:merge|pull) request [!#])(\d+)\b")
_SUBJECT = expression(r'Revert "(.*)"')
_REAPPLIED = expression(r'Reapply "(.*)"')
_SUFFIX = expression(r" \(#(\d+)\)\Z")
_MERGED = expression(r"Merge pull request #(\d+) ")


class Reverts:
    """What was taken back, and not brought again since: each with the commit that says so."""

    def __init__(self) -> None:
        self.commits: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.vague: str | None = None
        """A commit that takes back what it only gives a title of."""

    @classmethod
    def of(cls, messages: Iterable[tuple[str, str]]) -> "Reverts":
        """Return the reverts among commits, newest first, each with its message."""
        found = cls()
        for commit, message in messages:
            names = subject_names(message)
            if commit in found.commits or not names.isdisjoint(found.titles.keys() | found.numbers.keys()):
                continue  # it was itself reverted
            found._add(commit, message)
        return found

    def _add(self, commit: str, message: str) -> None:
        named = _COMMITS.findall(message)
        self.commits |= dict.fromkeys(named, commit)
        numbers = _NUMBERS.findall(message)
        self.numbers |= dict.fromkeys(numbers, commit)
        reapplied, reverted = _REAPPLIED.match(message), _SUBJECT.match(message)
        title = f'Revert "{reapplied[1]}"' if reapplied else reverted and reverted[1]
        if title:
            self.titles[title_of(title)] = commit
            if not named and not numbers:
                self.vague = commit


@frozen
class RevertReader:
    """Asks what commits on root took back."""

    git: Git
    head: str
    patches: PatchReader
    _messages: dict[str, str] = field(default_factory=dict)

    def message(self, commit: str) -> str:
        """Return a commit's message; empty where there is no such commit."""
        return self._read([commit])[0][1]

    def unless_reverted(
        self,
        landed: set[str],
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
        later = [commit for commit, _ in self.git.commits(self.head, since, *PATTERNS)]
        said = Reverts.of(self._read(later))
        by = self._by_commit(said, landed) or self._by_name(said, landed, names)
        if by is None:
            by = self._by_patch(since, *changes) if changes else said.vague
        if by:
            return Merge(merged=False, proof=f"it landed and was reverted by {by[:9]}")
        return Merge(merged=True, proof=proof)

    def _read(self, commits: Iterable[str]) -> list[tuple[str, str]]:
        """Return commits with their messages, each read once."""
        commits = list(commits)
        missing = [commit for commit in commits if commit not in self._messages]
        self._messages.update(self.git.messages(missing))
        return [(commit, self._messages.get(commit, "")) for commit in commits]

    def _by_commit(self, said: Reverts, landed: set[str]) -> str | None:
        """Return the commit that says it reverts one of those that landed, or a merge that brought one."""
        named = sorted(landed & said.commits.keys())
        if named:
            return said.commits[named[0]]
        for merge, by in said.commits.items():
            if self._brought(merge, landed):
                return by
        return None

    def _by_name(self, said: Reverts, landed: set[str], names: frozenset[str]) -> str | None:
        """Return the commit that says it reverts what has the title or number of something that landed."""
        reverted = said.titles | said.numbers
        if not reverted:
            return None
        for _, message in self._read(sorted(landed)):
            names |= subject_names(message)
        return next((by for name, by in reverted.items() if name in names), None)

    def _brought(self, merge: str, landed: set[str]) -> bool:
        """Return whether a reverted commit is a merge that brought something of what landed into root."""
        parents = self.git.parents(merge)
        if len(parents) < 2:
            return False
        brought = {commit for commit, _ in self.git.commits(merge, parents[0], f"--max-count={DEPTH}")}
        return not landed.isdisjoint(brought)

    def _by_patch(self, since: str, base: str, tip: str) -> str | None:
        """Return the commit since that is the reverse of the whole change, unless it was made again after that."""
        forward, files = self.patches.difference(base, tip)
        backward, _ = self.patches.difference(tip, base)
        if forward is None or backward is None:
            return None
        later = [commit for commit, _ in self.git.commits(self.head, since, f"--max-count={DEPTH}")]
        files_of = self.patches.files(later)
        candidates = [commit for commit in later if files_of[commit] == files]
        identities = self.patches.identities(candidates)
        for commit in candidates:
            if identities[commit] == backward:
                return commit
            if identities[commit] == forward:
                return None
        return None


def subject_names(message: str) -> frozenset[str]:
    """Return what a revert may call a commit by: its title, that of the pull request that it merges, their number."""
    subject, _, body = message.partition("\n")
    merged, suffix = _MERGED.match(subject), _SUFFIX.search(subject)
    names = {title_of(subject)}
    if merged:
        names |= {merged[1], title_of(body.strip().partition("\n")[0])}
    if suffix:
        names.add(suffix[1])
    return frozenset(names - {""})


def title_of(subject: str) -> str:
    """Return a title without the number that GitHub puts after it."""
    return _SUFFIX.sub("", subject.strip())
