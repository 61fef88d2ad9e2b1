"""What commits say of what they take back: by a commit's id, by a title, by the number of a pull request."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

PATTERNS = ("--grep=[Rr]evert", "--grep=Reapply ")
"""Flags for ``rev-list`` that let through whatever may be a revert."""

_COMMITS = re.compile(r"This reverts commit ([0-9a-f]{40,64})")
_NUMBERS = re.compile(r"[Rr]everts (?:[\w./-]+#|#|(?:merge|pull) request [!#])(\d+)\b")
_SUBJECT = re.compile(r'Revert "(.*)"')
_REAPPLIED = re.compile(r'Reapply "(.*)"')
_SUFFIX = re.compile(r" \(#(\d+)\)\Z")
_MERGED = re.compile(r"Merge pull request #(\d+) ")


@dataclass(slots=True)
class Reverts:
    """What was taken back, and not brought again since: each with the commit that says so."""

    commits: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    vague: str | None = None
    """A commit that takes back what it only gives a title of."""

    @classmethod
    def of(cls, messages: Iterable[tuple[str, str]]) -> "Reverts":
        """The reverts among commits, newest first, each with its message."""
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


def subject_names(message: str) -> frozenset[str]:
    """What a revert may call a commit by: its title, that of the pull request that it merges, and their number."""
    subject, _, body = message.partition("\n")
    merged, suffix = _MERGED.match(subject), _SUFFIX.search(subject)
    names = {title_of(subject)}
    if merged:
        names |= {merged[1], title_of(body.strip().partition("\n")[0])}
    if suffix:
        names.add(suffix[1])
    return frozenset(names - {""})


def title_of(subject: str) -> str:
    """A title without the number that GitHub puts after it."""
    return _SUFFIX.sub("", subject.strip())
