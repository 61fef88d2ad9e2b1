"""The newest run of every task, as far as entries, tombstone and log record it (spec 3.1)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from taskcheck.assemble.ledgers import Ledgers, entries
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.runtime import DispatchLog, Entry, Tombstone
from taskcheck.model.task import Place

LAUNCHING = timedelta(seconds=30)
"""How much later than its start a manager may date a launch; a run that had ended before that is an older one."""


@frozen
class Run:
    """What the ledgers record of one run."""

    began: datetime | None = None
    entries: tuple[Entry, ...] = ()
    tombstone: Tombstone | None = None
    log: DispatchLog | None = None
    readable: bool = True
    """False where a ledger that may know more of it can't be read."""

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        """The records that may name its process."""
        if self.tombstone is None:
            return self.entries
        return (self.tombstone, *self.entries)

    @property
    def place(self) -> Place:
        """Where it is recorded; a run that was found has one record at least."""
        if self.tombstone is not None:
            return self.tombstone.ledger.place
        if self.log is not None:
            return self.log.place
        return self.entries[0].place

    @property
    def exit_code(self) -> int | None:
        """How its worker exited: by the tombstone, else by the log's last line; None where neither tells."""
        if self.tombstone is not None and self.tombstone.exit_code is not None:
            return self.tombstone.exit_code
        if self.log is not None:
            return self.log.exit_code
        return None

    @property
    def _end(self) -> Tombstone | DispatchLog | None:
        """The record that says that it is over; None while none does."""
        if self.tombstone is not None and self.tombstone.state == "ended":
            return self.tombstone
        if self.log is not None and self.log.exit_code is not None:
            return self.log
        return None

    @property
    def ended(self) -> bool:
        """Whether its end is recorded."""
        return self._end is not None

    @property
    def ended_at(self) -> datetime | None:
        """When its end was recorded; None while none is."""
        end = self._end
        if end is None:
            return None
        if isinstance(end, Tombstone):
            return end.ended_at or end.heartbeat_at or end.started_at
        return end.mtime

    @property
    def last_sign(self) -> datetime | None:
        """When it ended; of one without an end, the last that was heard of it."""
        heartbeat = self.tombstone.heartbeat_at if self.tombstone else None
        written = self.log.mtime if self.log else None
        return self.ended_at or latest((self.began, heartbeat, written))


NO_RUN = Run()
"""That of a task that no ledger knows."""


def newest_runs(ledgers: Ledgers, skew: timedelta) -> dict[str, Run]:
    """Return the newest run that the ledgers record of each task, by task.

    Times less than ``skew`` apart count as one, for the clocks of two machines may differ by it.
    """
    entries_by_task = _entries_by_task(ledgers)
    tombstones = _tombstones_by_task(ledgers)
    logs = {log.task: log for log in ledgers.logs}
    unreadable = {tombstone.task for tombstone in ledgers.tombstones} - set(tombstones)
    rows_are_lost = any(register.ledger.lost_rows for register in ledgers.registers)
    runs = {}
    for task in sorted({*entries_by_task, *tombstones, *logs}):
        run = _newest_run(entries_by_task.get(task, ()), tombstones.get(task), logs.get(task), skew)
        if run.records or run.log:
            doubtful = task in unreadable or _is_doubtful(run, rows_are_lost=rows_are_lost)
            runs[task] = replace(run, readable=not doubtful)
    return runs


def _is_doubtful(run: Run, *, rows_are_lost: bool) -> bool:
    """Return whether a row that can't be read may tell more of a run, or a field of its records can't be used."""
    if rows_are_lost and not run.entries:
        return True
    return any(record.doubtful for record in run.records)


def _entries_by_task(ledgers: Ledgers) -> Mapping[str, Sequence[Entry]]:
    """Return the register entries of each task that has any."""
    by_task: dict[str, list[Entry]] = {}
    for entry in entries(ledgers.registers):
        by_task.setdefault(entry.task, []).append(entry)
    return by_task


def _tombstones_by_task(ledgers: Ledgers) -> dict[str, Tombstone]:
    """Return the tombstone of each task that has one that can be read."""
    by_task = {}
    for tombstone in ledgers.tombstones:
        if tombstone.readable:
            by_task[tombstone.task] = tombstone
    return by_task


def _newest_run(
    registered: Sequence[Entry], tombstone: Tombstone | None, log: DispatchLog | None, skew: timedelta
) -> Run:
    """Return the newest run that the records of one task speak of; records of earlier runs are left out.

    An older tombstone or log than the newest start is of an earlier run, and says nothing of this one; so is one
    that had ended before an entry was registered. Of three runs, say, from 9:00, 10:00 and 11:00:

    * entry launched at 11:00, tombstone started at 10:00: the entry alone;
    * entries launched at 9:00 and 10:00, tombstone started at 10:00: the second entry and the tombstone;
    * entry launched at 10:00, tombstone started at 11:00: the tombstone alone.
    """
    launched = _last_launch(registered)
    started = latest((launched, tombstone.started_at)) if tombstone else launched
    if _is_earlier_log(log, started, registered, skew):
        log = None
    if _is_earlier_tombstone(tombstone, started, registered, skew):
        tombstone = None
    began = started if tombstone else launched
    if began is None:
        began = _last_beginning(registered)
    of_this_run = [entry for entry in registered if not older(entry.launched, began, skew)]
    return Run(began, tuple(of_this_run), tombstone, log)


def _is_earlier_tombstone(
    tombstone: Tombstone | None, started: datetime | None, registered: Sequence[Entry], skew: timedelta
) -> bool:
    """Return whether there is a tombstone, and it is of an earlier run than the one that started last."""
    if tombstone is None:
        return False
    # When its run began; of one that doesn't say, the last that is known of it.
    dated = tombstone.started_at or tombstone.ended_at or tombstone.heartbeat_at
    if older(dated, started, skew):
        return True
    if tombstone.state != "ended":
        return False
    return _ended_before(tombstone.ended_at or tombstone.heartbeat_at, registered, skew)


def _is_earlier_log(
    log: DispatchLog | None, started: datetime | None, registered: Sequence[Entry], skew: timedelta
) -> bool:
    """Return whether there is a log, and it is of an earlier run than the one that started last."""
    if log is None:
        return False
    if older(log.mtime, started, skew):
        return True
    return log.exit_code is not None and _ended_before(log.mtime, registered, skew)


def _ended_before(end: datetime | None, registered: Sequence[Entry], skew: timedelta) -> bool:
    """Return whether a run that ended then is an older one than that of the entries."""
    before_the_entry = older(end, _last_beginning(registered), skew)
    before_the_launch = older(end, _last_launch(registered), min(skew, LAUNCHING))
    return before_the_entry or before_the_launch


def _last_launch(registered: Sequence[Entry]) -> datetime | None:
    """Return when the process of the last of some entries was started."""
    return latest(entry.launched for entry in registered)


def _last_beginning(registered: Sequence[Entry]) -> datetime | None:
    """Return when the last of some entries began."""
    return latest(entry.began for entry in registered)


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of some times, as far as they are known."""
    known = [time for time in times if time is not None]
    return max(known, default=None)


def older(time: datetime | None, than: datetime | None, skew: timedelta) -> bool:
    """Return whether a time is certainly before another; never where one of them isn't known."""
    if time is None or than is None:
        return False
    return time < than - skew
