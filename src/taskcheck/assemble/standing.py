"""Since when root says of a task what it says, as far as its history was asked."""

from collections.abc import Iterator, Mapping, Sequence

from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.frozen import frozen
from taskcheck.model.history import Moment
from taskcheck.model.sources import Change, Repository, Unavailable
from taskcheck.model.task import Task

_WHO_AND_WHERE = ("owner", "branch", "worktree")
_SINCE = "started_at"


@frozen
class Standing:
    """What root's history tells of the status of tasks."""

    reader: TaskReader
    changes: Mapping[str, Sequence[Change]]
    """What root's commits made of the task files that were asked about, newest first, by path."""
    uncommitted: Mapping[str, bytes]
    """What root's last commit has of the task files of runs that were changed since, by path."""

    @classmethod
    def of(cls, reader: TaskReader, git: Repository | Unavailable) -> "Standing":
        """Return what a repository's history tells; nothing where there is none."""
        return cls(reader, git.standing, git.uncommitted) if isinstance(git, Repository) else cls(reader, {}, {})

    def is_unsaved(self, task: Task) -> bool:
        """Return whether a task that was asked about has another status than root's last commit gives it."""
        changes = self.changes.get(task.place.path)
        if changes is None:
            return False
        if not changes:
            return True
        newest = changes[0]
        committed = self._status(newest.after, task)
        return committed != task.status

    def was_set_since_commit(self, task: Task) -> bool:
        """Return whether root's last commit gives a task that was run another status than its file has."""
        committed = self._status(self.uncommitted.get(task.place.path), task)
        return committed is not None and committed != task.status

    def given(self, task: Task) -> Moment | None:
        """Return the commit that gave a task its present status; None where history wasn't asked or doesn't tell."""
        if self.is_unsaved(task):
            return None
        for change in self.changes.get(task.place.path, ()):
            if self._status(change.before, task) != task.status:
                return change.moment
        return None

    def was_made_after(self, task: Task, moment: Moment) -> bool:
        """Return whether a task's file was added after a commit, be it again: then that spoke of another task."""
        return any(change.before is None for change in self._since(task, moment))

    def was_closed_after(self, task: Task, moment: Moment) -> bool:
        """Return whether a task was done or dropped after a commit, and is open again."""
        for change in self._since(task, moment):
            if self._is_closed(change.before, task):
                return True
        if not self.is_unsaved(task):
            return False
        return any(self._is_closed(newest.after, task) for newest in self._newest(task))

    def given_anew_after(self, task: Task, moment: Moment) -> str:
        """Return which of the keys that say who works on a task, where and since when a later commit changed."""
        for change in self._since(task, moment):
            before, after = self._version(change.before, task), self._version(change.after, task)
            if before is None or after is None:
                continue
            if after.text(_SINCE) not in {None, before.text(_SINCE)}:
                return _SINCE
            for key in _WHO_AND_WHERE:
                was = before.text(key)
                if was and was != after.text(key):
                    return key
        return ""

    def _since(self, task: Task, moment: Moment) -> Iterator[Change]:
        """Yield what was made of a task's file after a commit."""
        for change in self.changes.get(task.place.path, ()):
            if change.moment.after(moment):
                yield change

    def _newest(self, task: Task) -> Sequence[Change]:
        """Return the newest change of a task's file; none where there is none."""
        return self.changes.get(task.place.path, ())[:1]

    def _is_closed(self, data: bytes | None, task: Task) -> bool:
        """Return whether a version of a task's file is done or dropped."""
        version = self._version(data, task)
        return version is not None and version.closed

    def _status(self, data: bytes | None, task: Task) -> str | None:
        """Return the status that a version of a task's file has; None where there was no file, or no task in it."""
        version = self._version(data, task)
        if version is None:
            return None
        return version.status

    def _version(self, data: bytes | None, task: Task) -> Task | None:
        """Return a version of a task's file as a task; None where there was no file, or no task in it."""
        if data is None:
            return None
        return self.reader.version(data, task.place.path, "root")
