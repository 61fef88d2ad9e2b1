"""Whether the workers that records name live, by which evidence, and which register entries may still have one."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, phrase
from taskcheck.model.hosts import Processes
from taskcheck.model.runtime import Dispatch, DispatchState, Entry, Life, Tombstone
from taskcheck.model.sources import Unavailable


@frozen(kw_only=True)
class Liveness:
    """Judges the processes of records against one moment and one process table."""

    settings: Settings
    now: datetime
    processes: Processes | Unavailable

    def live(self, ledgers: Ledgers) -> frozenset[Entry]:
        """Return the register entries whose own process lives."""
        live = set()
        for entry in _entries(ledgers):
            life, _ = self.life(entry)
            if life is Life.LIVES:
                live.add(entry)
        return frozenset(live)

    def protected(self, ledgers: Ledgers, dispatches: Mapping[str, Dispatch]) -> dict[Entry, str]:
        """Return the register entries that no safe fix may remove now, each with why.

        An entry may go when its worker is known to be dead: its process on this very host is gone, or its end is
        recorded; when nothing has moved for `in_progress_max_idle`; or when it names no worker at all.
        """
        protected = {}
        for entry in _entries(ledgers):
            why = self._protection(entry, _run_of(entry, dispatches))
            if why:
                protected[entry] = why
        return protected

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
        heartbeat = f"heartbeat{_on_host(record)}"
        if silent < self.settings.limits.in_progress_max_idle:
            return Life.LIVES, f"{heartbeat} {age(silent)} ago"
        return Life.DEAD, f"its last {heartbeat} was {age(silent)} ago"

    def _protection(self, entry: Entry, run: Dispatch | None) -> str:
        """Return why an entry's worker may be at work yet, and until when that counts; empty where it can't be.

        Args:
            entry: of a register.
            run: the newest run of its task, where the entry is part of that.
        """
        if run is not None and run.state is DispatchState.RUNNING:
            return run.why
        if entry.is_reservation and not _has_left_traces(run):
            return ""
        life, why = self.life(entry)
        if life is Life.LIVES:
            return why
        surely_dead = life is Life.DEAD and self._is_of_this_host(entry)
        if surely_dead or _has_ended(run):
            return ""
        moved = run.moved if run is not None else entry.began
        return self._until(entry, moved)

    def _is_of_this_host(self, entry: Entry) -> bool:
        """Return whether an entry surely names the host whose process table was read."""
        return isinstance(self.processes, Processes) and self.processes.is_host(entry.host)

    def _until(self, entry: Entry, moved: datetime | None) -> str:
        """Return that nobody knows whether an entry's worker lives, and until when a fix waits for it."""
        unknown = f"its worker{_on_host(entry)} may still be alive"
        if moved is None:
            return unknown
        until = moved + self.settings.limits.in_progress_max_idle
        if until <= self.now:
            return ""
        return f"{unknown}: wait until {until:%Y-%m-%d %H:%M}Z"


def _entries(ledgers: Ledgers) -> Iterator[Entry]:
    """Yield the rows of all registers, each as it stands there."""
    for register in ledgers.registers:
        yield from register.entries


def _run_of(entry: Entry, newest: Mapping[str, Dispatch]) -> Dispatch | None:
    """Return the newest run of an entry's task, where the entry is part of it and of no earlier one."""
    run = newest.get(entry.task)
    if run is None or entry not in run.entries:
        return None
    return run


def _has_left_traces(run: Dispatch | None) -> bool:
    """Return whether a run was more than reserved: a tombstone or a log tells of it."""
    return run is not None and (run.tombstone is not None or run.log is not None)


def _has_ended(run: Dispatch | None) -> bool:
    """Return whether the end of a run is recorded, and not only in a worktree that is presumed to be its task's own."""
    return run is not None and run.state is DispatchState.ENDED and not run.is_presumed


def _on_host(record: Entry | Tombstone) -> str:
    """Return ``" on HOST"`` for a record that names one."""
    return phrase(" on ", record.host)
