"""Since when root says of a task what it says, as far as its history was asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Change
from taskcheck.model.task import Task


@frozen(kw_only=True)
class Given:
    """The commit of root's own line that gave a task its present status."""

    commit: str
    at: datetime


@frozen
class Standing:
    """What root's history tells of the status of tasks."""

    reader: TaskReader
    changes: Mapping[str, Sequence[Change]]
    """What root's commits made of the task files that were asked about, newest first, by path."""

    def is_unsaved(self, task: Task) -> bool:
        """Return whether a task that was asked about has another status than root's last commit gives it."""
        changes = self.changes.get(task.place.path)
        if changes is None:
            return False
        return not changes or self._status(changes[0].after, task) != task.status

    def given(self, task: Task) -> Given | None:
        """Return the commit that gave a task its present status; None where history wasn't asked or doesn't tell."""
        if self.is_unsaved(task):
            return None
        for change in self.changes.get(task.place.path, ()):
            if self._status(change.before, task) != task.status:
                return Given(commit=change.commit, at=change.at)
        return None

    def _status(self, data: bytes | None, task: Task) -> str | None:
        """Return the status that a version of a task's file has; None where there was no file, or no task in it."""
        version = self.reader.version(data, task.place.path, "root") if data is not None else None
        return version.status if version is not None else None
