"""Which tasks wait for a person, and since when."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from taskcheck.assemble.signs import front_times, newest_sign
from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import frozen
from taskcheck.model.runtime import Dispatch, DispatchState
from taskcheck.model.task import Task
from taskcheck.model.waiting import Waiting


@frozen(kw_only=True)
class WaitingReader:
    """Looks who waits."""

    latest: datetime
    """Times after this one are none."""
    dispatches: Mapping[str, Dispatch]
    """The newest run of every task that has one."""
    has_queue: bool
    """Whether ledgers could tell of runs, so that a ready task waits to be picked up."""

    def waiting(self, tasks: Iterable[Task]) -> Iterator[Waiting]:
        """Yield the tasks in review, those that are stopped, and those that are ready and were never picked up.

        One whose worker lives waits for nobody.
        """
        stages = {Stage.REVIEW, Stage.STOPPED}
        if self.has_queue:
            stages.add(Stage.READY)
        for task in tasks:
            run = self.dispatches.get(task.id)
            if task.stage in stages and not _is_taken(task, run):
                yield self._waiting(task, task.stage, run)

    def _waiting(self, task: Task, stage: Stage, run: Dispatch | None) -> Waiting:
        """Return since when a task waits, and why."""
        recorded = run.moved if run is not None else None
        tombstone = run.tombstone if run is not None else None
        return Waiting(
            task=task.id,
            title=task.title,
            owner=task.owned_by,
            status=task.status or "",
            stage=stage,
            since=recorded or newest_sign(front_times(task), self.latest),
            reason=tombstone.reason if tombstone is not None else None,
        )


def _is_taken(task: Task, run: Dispatch | None) -> bool:
    """Return whether a task doesn't wait: its worker lives; or it is ready, and was picked up before."""
    if run is None:
        return False
    return task.stage is Stage.READY or run.state is DispatchState.RUNNING
