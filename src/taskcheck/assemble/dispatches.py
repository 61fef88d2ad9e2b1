"""The newest run of every task, judged: whether its worker lives, when the task moved, whether root knows the end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.assemble.runs import NO_RUN, Run, newest_runs
from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.people import People
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.values import age, timestamp
from taskcheck.model.runtime import Dispatch, DispatchState, Entry, Life, Signal, Tombstone
from taskcheck.model.sources import Change, Fork, Processes, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout, Copy, Task


def dispatch_of(state: State, task: str) -> Dispatch | None:
    """Return the newest run of a task; None where there is none, or no ledger tells of runs."""
    return None if isinstance(state.dispatches, Unavailable) else state.dispatches.of(task)


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

    def newest(
        self,
        ledgers: Ledgers,
        tasks: Mapping[str, Task],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, Dispatch]:
        """Return the newest run of every task that a ledger knows, by task.

        Args:
            ledgers: the runtime ledgers.
            tasks: root's tasks.
            checkouts: each task's own worktree or branch.
            copies: each task's differing file there.
        """
        dispatches = {}
        for task, run in newest_runs(ledgers, self.settings.limits.clock_skew).items():
            root = tasks.get(task)
            moved = self._moved(run, root, copies.get(task), checkouts.get(task))
            dispatches[task] = self._judge(task, run, moved, root)
        return dispatches

    def moves(
        self,
        tasks: Iterable[Task],
        dispatches: Mapping[str, Dispatch],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, datetime]:
        """Return the newest sign of work on every active task, also on one that no ledger knows."""
        moves = {}
        for task in tasks:
            if task.stage is not Stage.ACTIVE:
                continue
            dispatch = dispatches.get(task.id)
            if dispatch is not None:
                moved = dispatch.moved
            else:
                moved = self._moved(NO_RUN, task, copies.get(task.id), checkouts.get(task.id))
            if moved is not None:
                moves[task.id] = moved
        return moves

    def live(self, ledgers: Ledgers) -> frozenset[Entry]:
        """Return the register entries whose own process lives."""
        live = set()
        for register in ledgers.registers:
            for entry in register.entries:
                life, _ = self._life(entry)
                if life is Life.LIVES:
                    live.add(entry)
        return frozenset(live)

    def protected(self, ledgers: Ledgers, dispatches: Mapping[str, Dispatch]) -> dict[Entry, str]:
        """Return the register entries that no safe fix may remove now, each with why.

        An entry may go when its worker is known to be dead: its process on this very host is gone, or its end is
        recorded; when nothing has moved for `in_progress_max_idle`; or when it names no worker at all.
        """
        protected = {}
        for register in ledgers.registers:
            for entry in register.entries:
                why = self._protection(entry, dispatches.get(entry.task))
                if why:
                    protected[entry] = why
        return protected

    def _protection(self, entry: Entry, dispatch: Dispatch | None) -> str:
        """Return why an entry's worker may be at work yet, and until when that counts; empty where it can't be."""
        of_newest = dispatch is not None and entry in dispatch.entries
        if dispatch is not None and of_newest and dispatch.state is DispatchState.RUNNING:
            return dispatch.why
        left_traces = dispatch is not None and of_newest and bool(dispatch.tombstone or dispatch.log)
        if entry.is_reservation and not left_traces:
            return ""
        life, why = self._life(entry)
        if life is Life.LIVES:
            return why
        own_host = isinstance(self.processes, Processes) and self.processes.is_host(entry.host)
        if life is Life.DEAD and own_host:
            return ""
        if dispatch is not None and of_newest and dispatch.state is DispatchState.ENDED:
            return ""
        moved = dispatch.moved if dispatch is not None and of_newest else entry.began
        return self._until(entry, moved)

    def _until(self, entry: Entry, moved: datetime | None) -> str:
        """Return that nobody knows whether an entry's worker lives, and until when a fix waits for it."""
        on_host = f" on {entry.host}" if entry.host else ""
        unknown = f"nobody knows whether its worker{on_host} lives"
        if moved is None:
            return unknown
        until = moved + self.settings.limits.in_progress_max_idle
        return f"{unknown}: wait until {until:%Y-%m-%d %H:%M}Z" if until > self.now else ""

    def _judge(self, task: str, run: Run, moved: datetime | None, root: Task | None) -> Dispatch:
        """Return a run as it stands now, with when the task moved last."""
        state, why = self._state(task, run, moved)
        outcome = run.tombstone.outcome if run.tombstone else None
        moved_on = root is not None and self._moved_on(run, root)
        return Dispatch(
            task=task,
            state=state,
            why=why,
            began=run.began,
            moved=moved,
            exit_code=run.exit_code,
            outcome=outcome,
            moved_on=moved_on,
            settled=moved_on or self._settled(run, outcome, root),
            entries=run.entries,
            tombstone=run.tombstone,
            log=run.log,
            owner=self._owner(run),
            place=run.place,
            readable=run.readable,
        )

    def _owner(self, run: Run) -> str | None:
        """Return the key of the person who dispatched: by the tombstone, else by the first entry's register."""
        owner = run.tombstone.owner if run.tombstone else None
        if owner:
            return self.people.person(owner) or owner
        return run.entries[0].manager if run.entries else None

    def _state(self, task: str, run: Run, moved: datetime | None) -> tuple[DispatchState, str]:
        """Return how a run stands, and the evidence in words.

        A live process is believed before a recorded end, that before a dead process, and that before silence.
        """
        evidence: dict[Life, str] = {}
        for record in run.records:
            life, why = self._life(record)
            evidence.setdefault(life, why)
        if Life.LIVES in evidence:
            return DispatchState.RUNNING, evidence[Life.LIVES]
        if run.ended:
            return DispatchState.ENDED, "its end is recorded"
        gone = evidence.get(Life.DEAD) or self._silence(task, run, moved)
        if gone:
            return DispatchState.GONE, f"{gone}, and no end is recorded"
        return DispatchState.UNKNOWN, "no ledger tells whether its worker lives"

    def _silence(self, task: str, run: Run, moved: datetime | None) -> str | None:
        """Return why a worker of whose process nothing is known must be gone; None where it may be at work."""
        if moved and self.now - moved > self.settings.limits.in_progress_max_idle:
            return f"nothing has moved for {age(self.now - moved)}"
        for signal in self.signals:
            if signal.task == task and signal.kind == "dispatch_worker_gone" and _given_since(signal, run.began):
                return "its manager signalled dispatch_worker_gone"
        return None

    def _life(self, record: Entry | Tombstone) -> tuple[Life, str]:
        """Return whether the process of a record lives, and by which evidence.

        The process table of this host is asked first; of another host the heartbeat tells.
        """
        processes = self.processes
        if isinstance(processes, Processes) and record.pid is not None and processes.may_be_host(record.host):
            return self._life_here(record, record.pid, processes)
        return self._life_by_heartbeat(record)

    def _life_here(self, record: Entry | Tombstone, pid: int, processes: Processes) -> tuple[Life, str]:
        """Return whether the process of a record lives on this host, where another may have got its number since."""
        if pid not in processes.started:
            return Life.DEAD, f"process {pid} no longer lives"
        began = record.started_at if isinstance(record, Tombstone) else record.launched
        started = processes.started[pid]
        if started and began and started > began + self.settings.limits.clock_skew:
            return Life.DEAD, f"process {pid} is another one by now, started {age(started - began)} after the launch"
        return Life.LIVES, f"process {pid} lives"

    def _life_by_heartbeat(self, record: Entry | Tombstone) -> tuple[Life, str]:
        """Return whether the process of a record lives, by the time of its last heartbeat; only a tombstone has one."""
        if isinstance(record, Entry) or record.state == "ended" or record.heartbeat_at is None:
            return Life.UNKNOWN, ""
        silent = self.now - record.heartbeat_at
        if -silent > self.settings.limits.clock_skew:
            return Life.UNKNOWN, ""
        on_host = f" on {record.host}" if record.host else ""
        if silent < self.settings.limits.in_progress_max_idle:
            return Life.LIVES, f"heartbeat{on_host} {age(silent)} ago"
        return Life.DEAD, f"its last heartbeat{on_host} was {age(silent)} ago"

    def _moved(self, run: Run, root: Task | None, copy: Copy | None, checkout: Checkout | None) -> datetime | None:
        """Return the newest sign of work: front matter, entry, tombstone, commits of its branch, log; no file times.

        What lies in the future, by more than the clocks may differ, is none.
        """
        times = _run_times(run)
        if root is not None:
            times += _front_times(root)
        if copy is not None:
            times += _front_times(copy.task)
        if checkout is not None and isinstance(checkout.fork, Fork):
            times.append(checkout.fork.newest_commit_at)
        limit = self.now + self.settings.limits.clock_skew
        return max((time for time in times if time is not None and time <= limit), default=None)

    def _settled(self, run: Run, outcome: str | None, root: Task | None) -> bool:
        """Return whether the outcome allows root's status, now or as the runner left it."""
        if root is None or self.settings.allows(outcome, root.status):
            return True
        return run.tombstone is not None and self.settings.allows(outcome, run.tombstone.status_after)

    def _moved_on(self, run: Run, root: Task) -> bool:
        """Return whether a commit on root changed the task's status after the run's end.

        After the last sign of a run without an end it counts too, but for the status of work that is begun: that may
        be the run's own.
        """
        return any(run.ended or after.stage is not Stage.ACTIVE for after in self._changed_status(run, root))

    def _changed_status(self, run: Run, root: Task) -> Iterator[Task]:
        """Yield the task as each commit left it that changed its status in root after the last sign of a run."""
        last_sign = run.last_sign
        if last_sign is None:
            return
        path = root.place.path
        for change in self.changes:
            if change.path != path or change.at <= last_sign:
                continue
            before = self._version(change.before, path)
            after = self._version(change.after, path)
            if before and after and before.status != after.status:
                yield after

    def _version(self, data: bytes | None, path: str) -> Task | None:
        """Return the task that root had in these bytes; None where there was no file or no task."""
        return self.reader.version(data, path, "root") if data is not None else None


def _run_times(run: Run) -> list[datetime | None]:
    """Return all times that the ledgers record of a run."""
    times = [run.began]
    if run.log is not None:
        times.append(run.log.mtime)
    for entry in run.entries:
        times += [entry.registered_at, entry.launched_at, entry.started_at]
    if run.tombstone is not None:
        times += [run.tombstone.started_at, run.tombstone.heartbeat_at, run.tombstone.ended_at]
    return times


def _front_times(task: Task) -> list[datetime | None]:
    """Return all values of a task's front matter that are timestamps."""
    return [timestamp(value) for value in task.front.values() if isinstance(value, str)]


def _given_since(signal: Signal, began: datetime | None) -> bool:
    """Return whether a signal is newer than the beginning of a run, as far as that is known."""
    if signal.at is None:
        return False
    return began is None or signal.at > began
