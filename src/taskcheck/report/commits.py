"""What git's history and forges say happened to a task: what root's commits made of it, what its branch did."""

from collections.abc import Iterator, Sequence

from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.forges import PullState
from taskcheck.model.history import Brought, Moment, OwnCommit
from taskcheck.model.pulls import Pull
from taskcheck.model.sources import Change, Merge, Repository, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.model.timeline import Event

SHORT = 9
"""Digits of a commit's id that are shown."""


@frozen(kw_only=True)
class CommitReader:
    """Reads what git and forges say of one task."""

    state: State
    git: Repository
    reader: TaskReader
    branches: frozenset[str]
    """The task's own."""
    numbers: frozenset[int]
    """Of its pull requests."""

    def events(self, task: Task | None, commits: Sequence[OwnCommit]) -> Iterator[Event]:
        """Yield what commits of root made of a task's file, and what its branch did; the oldest first, of each.

        Args:
            task: in root; None where it isn't there.
            commits: those of its own branch, the newest first.
        """
        if task is not None:
            for change in reversed(self.git.standing.get(task.place.path, ())):
                yield self._changed(change, task)
        for commit in reversed(commits):
            yield _event(Moment(commit=commit.commit, at=commit.at), f"commit: {commit.subject}")
        named = [brought for brought in self.git.brought if self._is_own(brought)]
        for brought in named:
            yield from _brought(brought)
        told = {brought.made.commit for brought in named}
        for branch in sorted(self.branches & self.git.merges.keys()):
            yield from _landed(branch, self.git.merges[branch], told)

    def pulls(self, task: str) -> Iterator[Event]:
        """Yield what forges say of a task's pull requests."""
        if not isinstance(self.state.pulls, Unavailable):
            yield from filter(None, map(_answered, self.state.pulls.of(task)))

    def _is_own(self, brought: Brought) -> bool:
        """Return whether a commit of root brought the task's branch or pull request in."""
        return not brought.branches.isdisjoint(self.branches) or brought.number in self.numbers

    def _changed(self, change: Change, task: Task) -> Event:
        """Return what a commit of root made of the task's file."""
        before = self._status(change.before, change.path)
        after = self._status(change.after, change.path)
        event = _event(change.moment, _made(before, after, change))
        return event if before == after else replace(event, place=task.at("status"))

    def _status(self, data: bytes | None, path: str) -> str:
        """Return the status in a version of the file, as a report names it."""
        if data is None:
            return "none"
        version = self.reader.version(data, path, "root")
        if version is None:
            return "unreadable"
        return version.status or "no status"


def _made(before: str, after: str, change: Change) -> str:
    """Return what a commit made of a task's file, in words."""
    if change.before is None:
        return f"added to root as {after}"
    if change.after is None:
        return "removed from root"
    return f"root's status: {before} → {after}" if before != after else "root's file edited"


def _event(moment: Moment, what: str) -> Event:
    return Event(what=f"{what} ({moment.commit[:SHORT]})", source="git", at=moment.at)


def _brought(brought: Brought) -> Iterator[Event]:
    """Yield that a commit of root says it brought something of the task in, and that another took it back."""
    yield _event(brought.made, f"root: {brought.subject}")
    if brought.reverted is not None:
        yield _event(brought.reverted, f"root: reverted: {brought.subject}")


def _landed(branch: str, merge: Merge, told: set[str]) -> Iterator[Event]:
    """Yield that a branch landed, and that this was reverted; not what a commit was told to have brought."""
    if merge.landed is not None and merge.landed.commit not in told:
        yield _event(merge.landed, f"{branch} lands: {merge.proof}")
    if merge.reverted is not None and merge.reverted.commit not in told:
        yield _event(merge.reverted, f"{branch} is reverted")


def _answered(pull: Pull) -> Event | None:
    """Return what a forge says became of a pull request; None where it doesn't say when."""
    answer = pull.answer
    if not isinstance(answer, PullState) or answer.at is None:
        return None
    address = pull.address
    return Event(what=f"pull request #{address.number} {answer.state}", source=address.host, at=answer.at)
