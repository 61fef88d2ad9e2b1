"""Which raw signals were answered: a ledger about their task was written since."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from taskcheck.assemble.runs import NO_RUN, Run
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.managers import Manager
from taskcheck.model.runtime import Signal, Snapshot
from taskcheck.model.tasks import Tasks


@frozen(kw_only=True)
class AnswerReader:
    """Looks when the ledgers of tasks were written."""

    tasks: Tasks
    runs: Mapping[str, Run]
    managers: Mapping[str, Manager]
    """By key."""

    def heard(self, snapshots: Iterable[Snapshot]) -> Iterator[Signal]:
        """Yield the raw signals of snapshots, each with when it was heard and whether it was answered."""
        for snapshot in snapshots:
            heard_at = snapshot.generated_at
            for signal in snapshot.signals:
                answered = self._is_answered(signal, heard_at)
                yield replace(signal, heard_at=heard_at, answered=answered)

    def _is_answered(self, signal: Signal, heard_at: datetime | None) -> bool:
        """Return whether a ledger about a signal's task was written since it was heard, or a run began since."""
        if signal.task is None or heard_at is None:
            return False
        run = self.runs.get(signal.task, NO_RUN)
        if run.began is not None and signal.at is not None and run.began > signal.at:
            return True
        written = self._written(signal.task, signal.manager)
        times = filter(None, written)
        return any(at > heard_at for at in times)

    def _written(self, name: str, manager: str) -> Iterator[datetime | None]:
        """Yield when a task's file, the end of its run, and its manager's word of it were written.

        What a worker writes while it runs answers nothing: its heartbeat would answer every signal. A register counts
        by the task's own entries, for it is written for others, too; and as a whole where it has none any more.
        """
        task = self.tasks.get(name)
        run = self.runs.get(name, NO_RUN)
        if task is not None:
            yield task.written_at
        yield run.ended_at
        for entry in run.entries:
            yield entry.last_sign
        if run.entries:
            return
        whose = self.managers.get(manager)
        if whose is None:
            return
        for register in whose.registers:
            yield register.ledger.written_at
