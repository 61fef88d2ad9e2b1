"""Whether the workers that records name live, by which evidence, and what speaks for one that counts as dead."""

from collections.abc import Mapping
from datetime import datetime

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.assemble.runs import Run
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, latest, older, phrase
from taskcheck.model.hosts import Processes
from taskcheck.model.runtime import Entry, Life, Tombstone
from taskcheck.model.sources import Repository, Sources, Unavailable
from taskcheck.model.task import Checkout


@frozen(kw_only=True)
class Liveness:
    """Judges the processes of records against one moment and one process table."""

    settings: Settings
    now: datetime
    processes: Processes | Unavailable
    written: Mapping[tuple[str, str], datetime | None]
    """When each ledger was written last, by checkout and path."""
    tracked: frozenset[str] = frozenset()
    """Paths of the registers that git tracks: a clone has what another machine wrote."""

    @staticmethod
    def of(ledgers: Ledgers, sources: Sources, settings: Settings, now: datetime) -> "Liveness":
        """Return what judges the processes of ledgers."""
        return Liveness(
            settings=settings,
            now=now,
            processes=sources.processes,
            written={file.place.file: file.written_at for file in ledgers.files},
            tracked=sources.git.tracked if isinstance(sources.git, Repository) else frozenset(),
        )

    def life(self, record: Entry | Tombstone) -> tuple[Life, str]:
        """Return whether the process of a record lives, and by which evidence.

        The process table of this host is asked first; of another host, and of what isn't seen in the sandbox that alone
        can be looked into, the heartbeat tells.
        """
        processes = self.processes
        began = record.started_at if isinstance(record, Tombstone) else record.launched
        if not isinstance(processes, Processes) or record.pid is None:
            return self._life_by_heartbeat(record)
        is_hidden = processes.hides(record.pid, began, self.settings.limits.clock_skew)
        if is_hidden or not processes.may_be_host(record.host):
            return self._life_by_heartbeat(record)
        return self._life_here(record.pid, began, processes)

    def at_work(self, run: Run, moved: datetime | None, own: Checkout | None) -> str:
        """Return why a worker may be at a task though no recorded process surely lives; empty where nothing says so.

        Args:
            run: the newest of the task.
            moved: the newest sign of work.
            own: the checkout that is the task's own.
        """
        records = () if run.ended else run.records
        doubts = (self._occupied(own), self._writes(run), *(self.doubt(record, moved) for record in records))
        return next(filter(None, doubts), "")

    def _occupied(self, own: Checkout | None) -> str:
        """Return that a process of this host works in a worktree."""
        if own is None or not isinstance(self.processes, Processes) or own.name not in self.processes.occupied:
            return ""
        return f"a process is at work in {own.spoken}"

    def _writes(self, run: Run) -> str:
        """Return that a log without an end was written just now: after the last sign of a run that told its outcome."""
        log, word = run.log, run.tombstone
        if log is None or log.exit_code is not None:
            return ""
        if word is not None and word.outcome and not older(word.last_sign, log.mtime, self.settings.limits.clock_skew):
            return ""
        return self._just_now("its log was written", log.mtime)

    def _just_now(self, what: str, at: datetime | None) -> str:
        """Return that something was just now, as far as clocks agree; empty where it wasn't."""
        if at is None or abs(self.now - at) > self.settings.limits.clock_skew:
            return ""
        return f"{what} {age(abs(self.now - at))} ago"

    def doubt(self, record: Entry | Tombstone, moved: datetime | None) -> str:
        """Return why the worker of a record may live though it counts as dead; empty where it surely is.

        Args:
            record: of a run.
            moved: the newest sign of work on its task.
        """
        life, _ = self.life(record)
        if life is not Life.DEAD or not isinstance(self.processes, Processes):
            return ""
        younger = self._younger(record, moved, self.processes)
        return next(filter(None, (self._heartbeat(record), younger, self._untied(record, moved))), "")

    def _heartbeat(self, record: Entry | Tombstone) -> str:
        """Return that a run without an outcome sent a heartbeat just now: its process may have another number here."""
        if isinstance(record, Entry) or record.outcome:
            return ""
        return self._just_now("its last heartbeat was", record.heartbeat_at)

    def _younger(self, record: Entry | Tombstone, moved: datetime | None, processes: Processes) -> str:
        """Return that a process of the recorded number is alive, and that a clock alone says that it is another one.

        It surely is where its number was written before it began.
        """
        started = processes.started.get(record.pid or 0)
        if started is None or not processes.may_be_host(record.host):
            return ""
        if older(self.written.get(record.written_in.file), started, self.settings.limits.clock_skew):
            return ""
        return self.wait(f"process {record.pid} is running, though it began later than recorded", moved, started)

    def _untied(self, record: Entry | Tombstone, moved: datetime | None) -> str:
        """Return that a record that names no host may be another machine's, because a clone has its file too."""
        if record.host or record.written_in.path not in self.tracked:
            return ""
        return self.wait("git tracks its register, so it may be another machine's", moved)

    def wait(self, why: str, *moves: datetime | None) -> str:
        """Return a doubt with until when it counts; empty where nothing has moved for so long that it doesn't."""
        moved = latest(moves)
        if moved is None:
            return why
        until = moved + self.settings.limits.in_progress_max_idle
        return f"{why}: wait until {until:%Y-%m-%d %H:%M}Z" if until > self.now else ""

    def _life_here(self, pid: int, began: datetime | None, processes: Processes) -> tuple[Life, str]:
        """Return whether the process of a record lives on this host, where another may have got its number since."""
        if pid not in processes.started:
            return Life.DEAD, f"process {pid} is no longer running"
        later = processes.started_later(pid, began, self.settings.limits.clock_skew)
        if later is not None:
            return Life.DEAD, f"process {pid} is a different process now, started {age(later)} after the launch"
        return Life.LIVES, f"process {pid} is running"

    def _life_by_heartbeat(self, record: Entry | Tombstone) -> tuple[Life, str]:
        """Return whether the process of a record lives, by the time of its last heartbeat; only a tombstone has one."""
        if isinstance(record, Entry) or record.state == "ended" or record.heartbeat_at is None:
            return Life.UNKNOWN, ""
        silent = self.now - record.heartbeat_at
        if -silent > self.settings.limits.clock_skew:
            return Life.UNKNOWN, ""
        heartbeat = f"heartbeat{on_host(record)}"
        if silent < self.settings.limits.in_progress_max_idle:
            return Life.LIVES, f"{heartbeat} {age(silent)} ago"
        return Life.DEAD, f"its last {heartbeat} was {age(silent)} ago"


def on_host(record: Entry | Tombstone) -> str:
    """Return ``" on HOST"`` for a record that names one."""
    return phrase(" on ", record.host)
