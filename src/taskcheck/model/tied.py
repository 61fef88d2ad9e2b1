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

    def numbers(self, home: tuple[str, str] | None) -> frozenset[int]:
        """Return the numbers of those pull requests that may be of a repository, given by host and name."""
        found = {number_here(pull, home) for pull in self.pulls}
        return frozenset(number for number in found if number)


def of_files(tied: Mapping[str, Tied]) -> dict[str, Tied]:
    """Return what is recorded by file, given by the paths of tasks: of a file with many, what is recorded of any."""
    found: dict[str, Tied] = {}
    for path, each in tied.items():
        file = file_of(path)
        other = found.get(file, each)
        found[file] = Tied(
            closed=each.closed and other.closed,
            branches=each.branches | other.branches,
            worktrees=each.worktrees | other.worktrees,
            pulls=each.pulls | other.pulls,
        )
    return found


def signs_of_files(signs: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the last signs of runs by file, given by the paths of tasks: of a file with many the earliest."""
    found: dict[str, datetime] = {}
    for path, sign in signs.items():
        file = file_of(path)
        found[file] = min(sign, found.get(file, sign))
    return found
