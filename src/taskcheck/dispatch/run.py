"""Runs a worker on a task from the first ledger to the last: begin, supervise, settle."""

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from shlex import join
from shutil import which

from taskcheck.checks import Look, look
from taskcheck.dispatch.heartbeat import renew
from taskcheck.dispatch.log import Log
from taskcheck.dispatch.outcome import Outcome, outcome
from taskcheck.dispatch.process.worker import Ended, Worker
from taskcheck.dispatch.records import Scalar
from taskcheck.dispatch.settle import PATIENCE, EndUnknown, settle, tombstone_path
from taskcheck.dispatch.start import (
    Begun,
    Wanted,
    admitted,
    alone,
    begin_outside,
    make_folder,
    registration,
)
from taskcheck.dispatch.worktree import environment, make, unmake
from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import iso
from taskcheck.fix.transaction import (
    TROUBLE,
    GivenUp,
    Planned,
    carry_out,
    in_words,
    open_journals,
)
from taskcheck.model.state import State
from taskcheck.read.runner import GitError
from taskcheck.store import Request, Store, UsageError, clock
from taskcheck.write.disk import Obstacle
from taskcheck.write.locks import Held

HEARTBEAT = 30.0
"""Seconds between two heartbeats, at most; a tenth of ``in_progress_max_idle`` where that is less."""

TIMED_OUT = 124
"""Exit code of a worker that was stopped because its time was up, as of timeout(1)."""

UNTRUSTED = 3
"""Exit code where the end of a run couldn't be recorded as it should be."""

Say = Callable[[str], None]


@frozen(kw_only=True)
class Ran:
    """A run that is over."""

    exit_code: int
    outcome: Outcome | None
    """None where it couldn't be told."""
    trouble: str | None = None
    """What couldn't be recorded, and why."""
    status: str | None = None
    """Root's status now."""
    notes: tuple[str, ...] = ()
    """What a person has to know of what was written."""


def rehearse(store: Store, wanted: Wanted) -> Begun:
    """Return what a run would do; nothing is written.

    Raises:
        NotDispatched: the task may not be dispatched now.
        UsageError: the request names something that isn't there.
    """
    return admitted(store, look(store, Request()), wanted)


def run(store: Store, wanted: Wanted, say: Say = lambda _: None) -> Ran:
    """Dispatch a worker, and see it to a terminal state.

    Register entry, running tombstone and root's status are written before the worker starts; the end of the run, the
    reconciled root and the cleared entry after it. Whenever this process is killed, what it leaves is told by the next
    check as worker-gone or as dispatch-completed-unreconciled.

    Args:
        store: the opened store.
        wanted: what to run.
        say: told what happens, for people.

    Raises:
        NotDispatched: the task may not be dispatched now; nothing is left of the attempt.
        UsageError: the request names something that isn't there.
        GivenUp: the beginning couldn't be written; nothing is left of it.
    """
    if "/" not in wanted.command[0] and which(wanted.command[0]) is None:
        raise UsageError(f"there is no command {wanted.command[0]}")
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(alone(store, wanted.task))
        except OSError as error:
            raise UsageError(f"{error.filename}: {error.strerror}") from error
        seen = look(store, Request())
        begun = admitted(store, seen, wanted)
        with ExitStack() as undo:
            if not begun.workplace.exists:
                make(store, begun.workplace)
                undo.callback(unmake, store, begun.workplace)
            log = _log(store, begun.task.id)
            stack.callback(log.close)
            worker, planned = _begun(store, seen, begun, wanted, log, lock)
            undo.pop_all()
        try:
            begin_outside(store, seen, begun)
        except (DocumentError, Refused, Obstacle, OSError) as error:
            say(f"{begun.task.id}: its worktree still has the outcome of the last run: {error}")
        say(f"{begun.task.id}: {begun.who} runs process {worker.pid} in {begun.workplace.shown(store.location.root)}")
        run = _Run(store, begun, worker.pid, planned, say)
        ended = worker.run(beat=run.beat, every=_every(store), timeout=wanted.timeout)
        if worker.log_trouble:
            say(f"{begun.task.id}: the dispatch log lacks the rest of the output: {worker.log_trouble}")
        with _unhurried():
            ran = run.settled(ended)
            try:
                log.end(ended.exit_code)
            except OSError as error:
                say(f"{begun.task.id}: the dispatch log has no last line: {error.strerror}")
        return ran


def _every(store: Store) -> float:
    return min(HEARTBEAT, store.settings.limits.in_progress_max_idle.total_seconds() / 10)


def _log(store: Store, task: str) -> Log:
    try:
        return Log.opened(store, task)
    except Obstacle as found:
        raise UsageError(f"the dispatch log: {found}") from found
    except OSError as error:
        raise UsageError(f"the dispatch log: {error.filename}: {error.strerror}") from error


def _begun(store: Store, seen: Look, begun: Begun, wanted: Wanted, log: Log, lock: int) -> tuple[Worker, Planned]:
    """Return a worker at its gate, of whom every ledger tells; or nothing of it.

    Raises:
        NotDispatched, UsageError: as `run`.
        GivenUp: it couldn't be written down.
    """
    variables = {**environment(), **_told(store, begun.task.id)}
    is_apart = store.location.code is not None
    folder = begun.workplace.path if is_apart else begun.workplace.path / store.location.prefix
    try:
        worker = Worker.prepared(wanted.command, folder=folder, environment=variables, log=log.fd, lock=lock)
    except OSError as error:
        raise GivenUp(f"no process can be started: {error.strerror}", None) from error

    def again() -> Planned:
        now = look(store, Request())
        return registration(store, now, admitted(store, now, wanted), clock())

    try:
        log.begin(f"taskcheck run {begun.task.id} by {begun.who} at {iso(clock())}: {join(wanted.command)}")
        with open_journals(store, PATIENCE) as (journals, _):
            first = registration(store, seen, begun, clock())
            planned, _ = carry_out(store, journals, again, first, kept=False)
    except BaseException as error:
        worker.dismissed()
        with suppress(OSError):
            log.withdraw()
        if isinstance(error, TROUBLE):
            raise GivenUp(in_words(error, store), None) from error
        raise
    return worker, planned


def _told(store: Store, task: str) -> dict[str, str]:
    """Return what a worker is told; what a run around this one was told of its store says nothing of this one."""
    where = store.where
    return {
        "TASKCHECK_TASK": task,
        "TASKCHECK_ROOT": str(store.location.root),
        "TASKCHECK_CONFIG": str(where.config.absolute()) if where.config else "",
        "TASKCHECK_PRESET": where.preset or "",
    }


class _Run:
    """A run under way."""

    def __init__(self, store: Store, begun: Begun, worker: int, planned: Planned, say: Say) -> None:
        self._store, self._task, self._person, self._worker = store, begun.task.id, begun.person, worker
        self._path = tombstone_path(store, self._task)
        self._written = planned.plan.changes
        self._begin: Mapping[str, Scalar] = json.loads(
            next(change.after or b"" for change in planned.plan.changes if change.path == self._path)
        )
        self._say = say
        self._silent = False
        self._outcome: Outcome | None = None

    def beat(self) -> None:
        """Renew the heartbeat; one that can't be renewed is told of once, and the worker works on."""
        try:
            renew(self._store, self._path, self._heartbeat, patience=0.2)
        except Held:
            return
        except (Obstacle, OSError, ValueError, TypeError) as error:
            if not self._silent:
                self._say(f"{self._task}: the heartbeat can't be renewed: {self._path}: {error}")
            self._silent = True

    def settled(self, ended: Ended) -> Ran:
        """Record the end, and reconcile root with it."""
        try:
            make_folder(self._store, self._path)  # the worker may have cleaned up
            settled = settle(
                self._store,
                self._task,
                self._person,
                lambda *seen: self._ending(ended, *seen),
                earlier=self._written,
            )
        except (EndUnknown, GivenUp, UsageError, GitError) as error:
            return Ran(exit_code=_exit_code(ended) or UNTRUSTED, outcome=self._outcome, trouble=str(error))
        code = _exit_code(ended) or int(bool(self._outcome and self._outcome.rejected))
        return Ran(
            exit_code=code or (UNTRUSTED if settled.trouble else 0),
            outcome=self._outcome,
            trouble=settled.trouble,
            status=str(settled.record.get("status_after") or "") or None,
            notes=settled.notes,
        )

    def _heartbeat(self, values: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
        return {"heartbeat_at": iso(clock())} if values.get("state") == "running" and self._is_ours(values) else None

    def _ending(self, ended: Ended, state: State, record: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """Return what the tombstone is to say; one that a stranger put in its place says nothing of this run."""
        record = {**self._begin, **(record if self._is_ours(record) else {})}
        found = outcome(state, self._task, record, ended)
        self._outcome = found
        pull = found.pull_request
        return {
            **record,
            "pid": self._worker,  # ours lives yet
            "status_before": self._begin["status_before"],
            "outcome": found.name,
            "reason": found.reason,
            "exit_code": ended.exit_code,
            "pr_url": pull.url if pull else None,
            "pr_number": pull.number if pull else None,
        }

    def _is_ours(self, values: Mapping[str, Scalar]) -> bool:
        """Whether no field of a tombstone speaks of another run; `finish` writes one without where ours was removed."""
        return all(values.get(key) in (None, self._begin[key]) for key in ("pid", "host", "started_at"))


def _exit_code(ended: Ended) -> int:
    """Return the exit code: the worker's own, or that of what stopped it."""
    if ended.stopped_by == "timeout":
        return TIMED_OUT
    if ended.stopped_by and ended.stopped_by in signal.Signals.__members__:
        return 128 + signal.Signals[ended.stopped_by]
    return ended.exit_code


@contextmanager
def _unhurried() -> Iterator[None]:
    """Let signals wait while the end is written."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
