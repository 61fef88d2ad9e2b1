"""The newest run of every task, put together from entry, tombstone and log (spec 3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from taskcheck.assemble.ledgers import Ledgers, entries
from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.people import People
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.values import age, timestamp
from taskcheck.model.runtime import (
    Dispatch,
    DispatchLog,
    DispatchState,
    Entry,
    Life,
    Signal,
    Tombstone,
)
from taskcheck.model.sources import (
    Change,
    Fork,
    Processes,
    Unavailable,
)
from taskcheck.model.task import (
    Checkout,
    Copy,
    Place,
    Task,
)


@dataclass(frozen=True, slots=True)
class _Run:
    """What the ledgers record of one run."""

    began: datetime | None
    entries: tuple[Entry, ...]
    tombstone: Tombstone | None
    log: DispatchLog | None
    readable: bool

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        return (self.tombstone, *self.entries) if self.tombstone else self.entries

    @property
    def ended_at(self) -> datetime | None:
        """When its end was recorded; None while none is."""
        if self.tombstone and self.tombstone.state == "ended":
            return self.tombstone.ended_at or self.tombstone.heartbeat_at or self.tombstone.started_at
        if self.log and self.log.exit_code is not None:
            return self.log.mtime
        return None

    @property
    def last_sign(self) -> datetime | None:
        """When it ended; of one without an end, the last that was heard of it."""
        heard = (self.tombstone.heartbeat_at if self.tombstone else None, self.log.mtime if self.log else None)
        return self.ended_at or _latest((self.began, *heard))

    @property
    def ended(self) -> bool:
        return bool(self.tombstone and self.tombstone.state == "ended") or bool(
            self.log and self.log.exit_code is not None
        )


_NO_RUN = _Run(None, (), None, None, readable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchReader:
    """Judges runs against one moment and one process table."""

    settings: Settings
    now: datetime
    people: People
    processes: Processes | Unavailable
    signals: tuple[Signal, ...]
    changes: tuple[Change, ...]
    reader: TaskReader

    def read(
        self,
        ledgers: Ledgers,
        tasks: Mapping[str, Task],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, Dispatch]:
        """The newest run of every task that a ledger knows.

        ``checkouts`` and ``copies`` hold each task's own worktree, and its differing file there.
        """
        found = {}
        for task, run in runs(ledgers, self.settings.limits.clock_skew).items():
            copy = copies.get(task)
            moved = self._moved(run, tasks.get(task), copy.task if copy else None, checkouts.get(task))
            found[task] = self._judge(task, run, moved, tasks.get(task))
        return found

    def moves(
        self,
        tasks: Iterable[Task],
        dispatches: Mapping[str, Dispatch],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, datetime]:
        """The newest sign of work on every active task, also on one that no ledger knows."""
        found = {}
        for task in tasks:
            if task.stage is not Stage.ACTIVE:
                continue
            dispatch, copy = dispatches.get(task.id), copies.get(task.id)
            moved = dispatch.moved if dispatch else None
            if dispatch is None:
                moved = self._moved(_NO_RUN, task, copy.task if copy else None, checkouts.get(task.id))
            if moved is not None:
                found[task.id] = moved
        return found

    def live(self, ledgers: Ledgers) -> frozenset[Entry]:
        """The register entries whose own process lives."""
        entries = (entry for register in ledgers.registers for entry in register.entries)
        return frozenset(entry for entry in entries if self._life(entry)[0] is Life.LIVES)

    def _judge(self, task: str, run: _Run, moved: datetime | None, root: Task | None) -> Dispatch:
        state, why = self._state(task, run, moved)
        tombstone = run.tombstone
        outcome = tombstone.outcome if tombstone else None
        exit_code = run.log.exit_code if run.log else None
        if tombstone and tombstone.exit_code is not None:
            exit_code = tombstone.exit_code
        owner = tombstone.owner if tombstone else None
        moved_on = root is not None and self._moved_on(run, root)
        return Dispatch(
            task=task,
            state=state,
            why=why,
            began=run.began,
            moved=moved,
            exit_code=exit_code,
            outcome=outcome,
            moved_on=moved_on,
            settled=moved_on or self._settled(run, outcome, root),
            entries=run.entries,
            tombstone=tombstone,
            log=run.log,
            owner=(self.people.person(owner) or owner) if owner else next((e.manager for e in run.entries), None),
            place=_place(run),
            readable=run.readable,
        )

    def _state(self, task: str, run: _Run, moved: datetime | None) -> tuple[DispatchState, str]:
        lives = [self._life(record) for record in run.records]
        alive = next((why for life, why in lives if life is Life.LIVES), None)
        if alive:
            return DispatchState.RUNNING, alive
        if run.ended:
            return DispatchState.ENDED, "its end is recorded"
        dead = next((why for life, why in lives if life is Life.DEAD), None)
        if dead:
            return DispatchState.GONE, f"{dead}, and no end is recorded"
        idle = self.settings.limits.in_progress_max_idle
        if moved and self.now - moved > idle:
            return (
                DispatchState.GONE,
                f"nothing has moved for {age(self.now - moved)}, and no end is recorded",
            )
        for signal in self.signals:
            if signal.task == task and signal.kind == "dispatch_worker_gone" and _newer(signal.at, run.began):
                return (
                    DispatchState.GONE,
                    "its manager signalled dispatch_worker_gone, and no end is recorded",
                )
        return DispatchState.UNKNOWN, "no ledger tells whether its worker lives"

    def _life(self, record: Entry | Tombstone) -> tuple[Life, str]:
        """Whether the process of a record lives, and by which evidence."""
        ended = isinstance(record, Tombstone) and record.state == "ended"
        heartbeat = record.heartbeat_at if isinstance(record, Tombstone) and not ended else None
        began = record.started_at if isinstance(record, Tombstone) else record.launched
        here = isinstance(self.processes, Processes) and (record.host or "").casefold() in {
            "",
            self.processes.host.casefold(),
        }
        if here and record.pid is not None and isinstance(self.processes, Processes):
            return self._here(record.pid, began, self.processes)
        if heartbeat is None:
            return Life.UNKNOWN, ""
        silent = self.now - heartbeat
        on = f" on {record.host}" if record.host else ""
        if silent < self.settings.limits.in_progress_max_idle:
            return Life.LIVES, f"heartbeat{on} {age(silent)} ago"
        return Life.DEAD, f"its last heartbeat{on} was {age(silent)} ago"

    def _here(self, pid: int, began: datetime | None, processes: Processes) -> tuple[Life, str]:
        if pid not in processes.started:
            return Life.DEAD, f"process {pid} no longer lives"
        started = processes.started[pid]
        if started and began and started > began + self.settings.limits.clock_skew:
            return Life.DEAD, f"process {pid} is another one by now, started {age(started - began)} after the launch"
        return Life.LIVES, f"process {pid} lives"

    def _moved(self, run: _Run, root: Task | None, copy: Task | None, checkout: Checkout | None) -> datetime | None:
        """The newest sign of work: front matter, entry, tombstone, commits of its branch, log; no file times."""
        times: list[datetime | None] = [run.log.mtime if run.log else None, run.began]
        for entry in run.entries:
            times += [entry.registered_at, entry.launched_at, entry.started_at]
        if run.tombstone:
            times += [run.tombstone.started_at, run.tombstone.heartbeat_at, run.tombstone.ended_at]
        for task in (root, copy):
            times += [timestamp(value) for value in (task.front.values() if task else ()) if isinstance(value, str)]
        if checkout and isinstance(checkout.fork, Fork):
            times.append(checkout.fork.newest_commit_at)
        latest = self.now + self.settings.limits.clock_skew
        return max((time for time in times if time is not None and time <= latest), default=None)

    def _settled(self, run: _Run, outcome: str | None, root: Task | None) -> bool:
        """Whether the outcome allows root's status, now or as the runner left it."""
        if root is None or self.settings.allows(outcome, root.status):
            return True
        return run.tombstone is not None and self.settings.allows(outcome, run.tombstone.status_after)

    def _moved_on(self, run: _Run, root: Task) -> bool:
        """Whether a commit on root changed the task's status after the run's end.

        After the last sign of a run without an end it counts too, but for the status of work that is begun: that may
        be the run's own.
        """
        last = run.last_sign
        for change in self.changes:
            if last is None or change.at <= last or change.path != root.place.path:
                continue
            before, after = self._version(change.before, change.path), self._version(change.after, change.path)
            if before and after and before.status != after.status and (run.ended or after.stage is not Stage.ACTIVE):
                return True
        return False

    def _version(self, data: bytes | None, path: str) -> Task | None:
        return self.reader.version(data, path, "root") if data is not None else None


LAUNCHING = timedelta(seconds=30)
"""How much later than its start a manager may date a launch; a run that had ended before that is an older one."""


def runs(ledgers: Ledgers, skew: timedelta) -> dict[str, _Run]:
    """The newest run that the ledgers record of each task.

    An older tombstone or log than the newest start is of an earlier run, and says nothing of this one; so is one
    that had ended before an entry was registered.
    """
    recorded: dict[str, list[Entry]] = {}
    for entry in entries(ledgers.registers):
        recorded.setdefault(entry.task, []).append(entry)
    tombstones = {tombstone.task: tombstone for tombstone in ledgers.tombstones if tombstone.readable}
    lost = any(register.ledger.lost_rows for register in ledgers.registers)
    unreadable = {tombstone.task for tombstone in ledgers.tombstones} - set(tombstones)
    logs = {log.task: log for log in ledgers.logs}
    found = {}
    for task in sorted({*recorded, *tombstones, *logs}):
        entries_of, tombstone, log = recorded.get(task, ()), tombstones.get(task), logs.get(task)
        launched = _latest(entry.launched_at or entry.started_at for entry in entries_of)
        began = _latest((launched, tombstone.started_at if tombstone else None))
        if tombstone and (_older(_newest(tombstone), began, skew) or _before_these(_end(tombstone), entries_of, skew)):
            tombstone = None
        if log and _older(log.mtime, began, skew):
            log = None
        if log and log.exit_code is not None and _before_these(log.mtime, entries_of, skew):
            log = None
        if tombstone is None:
            began = launched
        began = began or _latest(entry.began for entry in entries_of)
        of_this_run = tuple(e for e in entries_of if not _older(e.launched_at or e.started_at, began, skew))
        if not (tombstone or log or of_this_run):
            continue
        doubtful = any(record.doubtful for record in (*of_this_run, *((tombstone,) if tombstone else ())))
        known = bool(of_this_run) or not lost
        found[task] = _Run(began, of_this_run, tombstone, log, known and task not in unreadable and not doubtful)
    return found


def _before_these(end: datetime | None, entries: Iterable[Entry], skew: timedelta) -> bool:
    """Whether a run that ended then is an older one than that of the entries."""
    entries = tuple(entries)
    launched = _latest(entry.launched_at or entry.started_at for entry in entries)
    return _older(end, _latest(e.began for e in entries), skew) or _older(end, launched, min(skew, LAUNCHING))


def last_signs(ledgers: Ledgers, skew: timedelta) -> dict[str, datetime]:
    """When the newest run of each task ended, or was last heard of."""
    return {task: run.last_sign for task, run in runs(ledgers, skew).items() if run.last_sign is not None}


def _place(run: _Run) -> Place:
    if run.tombstone:
        return run.tombstone.ledger.place
    return run.log.place if run.log else run.entries[0].place


def _newest(tombstone: Tombstone) -> datetime | None:
    """When the tombstone's run began; of one that doesn't say, the last that is known of it."""
    return tombstone.started_at or tombstone.ended_at or tombstone.heartbeat_at


def _end(tombstone: Tombstone) -> datetime | None:
    return (tombstone.ended_at or tombstone.heartbeat_at) if tombstone.state == "ended" else None


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def _older(time: datetime | None, than: datetime | None, skew: timedelta) -> bool:
    return time is not None and than is not None and time < than - skew


def _newer(time: datetime | None, than: datetime | None) -> bool:
    return time is not None and (than is None or time > than)
