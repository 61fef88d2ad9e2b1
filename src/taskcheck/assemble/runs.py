"""The newest run of every task, as far as entries, tombstone and log record it (spec 3.1)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from taskcheck.assemble.ledgers import Ledgers, entries
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import latest, older
from taskcheck.model.runtime import DispatchLog, Entry, Tombstone
from taskcheck.model.task import Place

LAUNCHING = timedelta(seconds=30)
"""How much later than its start a manager may date a launch; a run that had ended before that is an older one."""


ByTask = Mapping[str, Sequence[Tombstone]]


@frozen
class Run:
    """What the ledgers record of one run."""

    began: datetime | None = None
    entries: tuple[Entry, ...] = ()
    tombstone: Tombstone | None = None
    log: DispatchLog | None = None
    readable: bool = True
    """False where a ledger that may know more of it can't be read."""
    beside: tuple[Tombstone, ...] = ()
    """What root or the worktree records of it beside the tombstone that counts."""

    @property
    def tombstones(self) -> tuple[Tombstone, ...]:
        """All its tombstones; the first one counts."""
        return () if self.tombstone is None else (self.tombstone, *self.beside)

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        """The records that may name its process."""
        return (*self.tombstones, *self.entries)

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
        """How its worker exited: by a tombstone, else by the log's last line; None where none of them tells."""
        for tombstone in self.tombstones:
            if tombstone.exit_code is not None:
                return tombstone.exit_code
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
    def may_go_on(self) -> bool:
        """Whether a process is recorded, and no end, or a register still has it."""
        is_over = self.ended and not self.entries
        return not is_over and any(record.pid is not None for record in self.records)

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
        heartbeats = [tombstone.heartbeat_at for tombstone in self.tombstones]
        written = self.log.mtime if self.log else None
        return self.ended_at or latest((self.began, written, *heartbeats))


NO_RUN = Run()
"""That of a task that no ledger knows."""


def newest_runs(ledgers: Ledgers, skew: timedelta) -> dict[str, Run]:
    """Return the newest run that the ledgers record of each task, by task.

    Times less than ``skew`` apart count as one, for the clocks of two machines may differ by it.
    """
    entries_by_task = _entries_by_task(ledgers)
    tombstones = _tombstones_by_task(ledgers.tombstones)
    logs = {log.task: log for log in ledgers.logs}
    unreadable = _unread_ends(ledgers.tombstones, tombstones)
    rows_are_lost = any(register.ledger.lost_rows for register in ledgers.registers)
    runs = {}
    for task in sorted({*entries_by_task, *tombstones, *logs}):
        run = _newest_run(entries_by_task.get(task, ()), tombstones.get(task, ()), logs.get(task), skew)
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


def _newest_run(
    registered: Sequence[Entry], tombstones: Sequence[Tombstone], log: DispatchLog | None, skew: timedelta
) -> Run:
    """Return the newest run that the records of one task speak of; records of earlier runs are left out.

    An older tombstone or log than the newest start is of an earlier run, and says nothing of this one; so is one
    that had ended before an entry was registered. Of three runs, say, from 9:00, 10:00 and 11:00:

    * entry launched at 11:00, tombstone started at 10:00: the entry alone;
    * entries launched at 9:00 and 10:00, tombstone started at 10:00: the second entry and the tombstone;
    * entry launched at 10:00, tombstone started at 11:00: the tombstone alone.

    Of one in root and one in the task's own worktree, both of this run, the one counts that tells of its end; where
    both do, root's, unless the other one was written later.
    """
    launched = _last_launch(registered)
    started = latest((launched, *(tombstone.started_at for tombstone in tombstones)))
    if _is_earlier_log(log, started, registered, skew):
        log = None
    of_run = [each for each in tombstones if not _is_earlier_tombstone(each, tombstones, registered, skew)]
    tombstone, beside = _counting(of_run, skew)
    began = started if tombstone else launched
    if began is None:
        began = _last_beginning(registered)
    of_this_run = [entry for entry in registered if not older(entry.launched, began, skew)]
    return Run(began, tuple(of_this_run), tombstone, log, beside=beside)


def _is_earlier_tombstone(
    tombstone: Tombstone, tombstones: Sequence[Tombstone], registered: Sequence[Entry], skew: timedelta
) -> bool:
    """Return whether a tombstone is of an earlier run than the one that started last.

    Args:
        tombstone: one of them.
        tombstones: all that there are of its task.
        registered: the task's entries.
        skew: how far clocks may differ.
    """
    others = latest(each.started_at for each in tombstones if each is not tombstone)
    started = latest((_last_launch(registered), tombstone.started_at, others))
    # When its run began; of one that doesn't say, the last that is known of it.
    dated = tombstone.started_at or tombstone.ended_at or tombstone.heartbeat_at
    if older(dated, started, skew):
        return True
    if tombstone.state != "ended":
        return False
    end = tombstone.ended_at or tombstone.heartbeat_at
    return older(end, others, min(skew, LAUNCHING)) or _ended_before(end, registered, skew)


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


def _tombstones_by_task(tombstones: Sequence[Tombstone]) -> ByTask:
    """Return the tombstones that can be read of each task: root's, the last one first, before those in worktrees."""
    by_task: dict[str, list[Tombstone]] = {}
    readable = [tombstone for tombstone in tombstones if tombstone.readable]
    for tombstone in readable:
        of_task = by_task.setdefault(tombstone.task, [])
        position = 0 if tombstone.tie is None else len(of_task)
        of_task.insert(position, tombstone)
    return by_task


def _unread_ends(tombstones: Iterable[Tombstone], known: ByTask) -> set[str]:
    """Return the tasks with a tombstone that can't be read, and that may tell more than those that can."""
    unread = set()
    for tombstone in tombstones:
        others = known.get(tombstone.task, ())
        if tombstone.tie is not None:
            others = list(filter(_is_end, others))
        if not tombstone.readable and not others:
            unread.add(tombstone.task)
    return unread


def _counting(tombstones: Sequence[Tombstone], skew: timedelta) -> tuple[Tombstone | None, tuple[Tombstone, ...]]:
    """Return the tombstone that counts of those of one run, root's first, and the others.

    A heartbeat of before the recorded end is no sign of life any more.
    """
    if not tombstones:
        return None, ()
    first, *others = tombstones
    beside = []
    for other in others:
        less = other
        if _tells_more(other, first, skew):
            first, less = other, first
        beside.append(less)
    silenced = partial(_silenced, end=first, skew=skew)
    return first, tuple(map(silenced, beside))


def _tells_more(other: Tombstone, known: Tombstone, skew: timedelta) -> bool:
    """Return whether another tombstone of a run counts in place of a known one.

    It does where it alone tells of the end; of two that do, where it alone names an outcome; else where it was written
    later.
    """
    if _is_end(other) != _is_end(known):
        return _is_end(other)
    if bool(other.outcome) != bool(known.outcome):
        return bool(other.outcome)
    return older(known.last_sign, other.last_sign, skew)


def _is_end(tombstone: Tombstone) -> bool:
    """Return whether a tombstone tells that its run is over."""
    return tombstone.state == "ended"


def _silenced(tombstone: Tombstone, end: Tombstone, skew: timedelta) -> Tombstone:
    """Return a tombstone without its heartbeat, where the run has ended and that isn't from after its end."""
    ended_at = end.ended_at or end.last_sign
    is_later = older(ended_at, tombstone.heartbeat_at, skew)
    if is_later or not _is_end(end):
        return tombstone
    return replace(tombstone, heartbeat_at=None)
