"""What is recorded as a task's own."""

from collections.abc import Mapping
from datetime import datetime

from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import file_of
from taskcheck.model.pulls import number_here
from taskcheck.model.task import PullRequest


@frozen(kw_only=True)
class Tied:
    """The branches, worktrees and pull requests that the newest run's records, or its front matter, name a task's."""

    closed: bool
    """Whether root calls the task done."""
    branches: frozenset[str] = frozenset()
    worktrees: frozenset[str] = frozenset()
    """Paths as they are recorded."""
    pulls: frozenset[PullRequest] = frozenset()

    @property
    def is_worktree_alone(self) -> bool:
        """Whether neither a branch nor a pull request is recorded, by which work may have landed in other commits."""
        return not self.branches and not self.pulls

    def numbers(self, home: tuple[str, str] | None) -> frozenset[int]:
        """Return the numbers of those pull requests that may be of a repository, given by host and name."""
        found = {number_here(pull, home) for pull in self.pulls}
        return frozenset(number for number in found if number)

    def joined(self, other: "Tied") -> "Tied":
        """Return what is recorded of either; closed is what both are."""
        return Tied(
            closed=self.closed and other.closed,
            branches=self.branches | other.branches,
            worktrees=self.worktrees | other.worktrees,
            pulls=self.pulls | other.pulls,
        )


def of_files(tied: Mapping[str, Tied]) -> dict[str, Tied]:
    """Return what is recorded by file, given by the paths of tasks: of a file with many, what is recorded of any."""
    found: dict[str, Tied] = {}
    for path, each in tied.items():
        file = file_of(path)
        other = found.get(file, each)
        found[file] = each.joined(other)
    return found


def joined_ties(one: Mapping[str, Tied], other: Mapping[str, Tied]) -> dict[str, Tied]:
    """Return what is recorded of each file by either of two tellings."""
    found = dict(one)
    for file, tied in other.items():
        found[file] = tied.joined(found.get(file, tied))
    return found


def signs_of_files(signs: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the times of runs by file, given by the paths of tasks: of a file with many the earliest."""
    found: dict[str, datetime] = {}
    for path, sign in signs.items():
        file = file_of(path)
        found[file] = min(sign, found.get(file, sign))
    return found
