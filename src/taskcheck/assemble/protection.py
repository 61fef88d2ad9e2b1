"""Which register entries may still have a live worker, so that no safe fix may remove them; pure."""

from collections.abc import Iterator, Mapping

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.assemble.liveness import Liveness, on_host
from taskcheck.documents.frozen import frozen
from taskcheck.model.hosts import Processes
from taskcheck.model.runtime import Dispatch, DispatchState, Entry, Life


@frozen
class Protection:
    """Judges register entries by what is known of their workers."""

    liveness: Liveness

    def live(self, ledgers: Ledgers) -> frozenset[Entry]:
        """Return the register entries whose own process lives."""
        live = set()
        for entry in _entries(ledgers):
            life, _ = self.liveness.life(entry)
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

    def _protection(self, entry: Entry, run: Dispatch | None) -> str:
        """Return why an entry's worker may be at work yet, and until when that counts; empty where it can't be.

        Args:
            entry: of a register.
            run: the newest run of its task, where the entry is part of that.
        """
        at_work = _at_work(run)
        if at_work:
            return at_work
        if entry.is_reservation and not _has_left_traces(run):
            return ""
        life, why = self.liveness.life(entry)
        if life is Life.LIVES:
            return why
        if _has_ended(run):
            return ""
        moved = run.moved if run is not None else entry.began
        if life is Life.DEAD and self._is_of_this_host(entry):
            return self.liveness.doubt(entry, moved)
        return self.liveness.wait(f"its worker{on_host(entry)} may still be alive", moved)

    def _is_of_this_host(self, entry: Entry) -> bool:
        """Return whether an entry surely names the host whose process table was read."""
        return isinstance(self.liveness.processes, Processes) and self.liveness.processes.is_host(entry.host)


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


def _at_work(run: Dispatch | None) -> str:
    """Return why a worker is at a run, or may be; empty where nothing says so."""
    if run is None:
        return ""
    return run.why if run.state is DispatchState.RUNNING else run.at_work


def _has_left_traces(run: Dispatch | None) -> bool:
    """Return whether a run was more than reserved: a tombstone or a log tells of it."""
    return run is not None and (run.tombstone is not None or run.log is not None)


def _has_ended(run: Dispatch | None) -> bool:
    """Return whether the end of a run is recorded, and not only in a worktree that is presumed to be its task's own."""
    return run is not None and run.state is DispatchState.ENDED and not run.is_presumed
