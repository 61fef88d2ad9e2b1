"""Runs a worker under supervision: its output passed on and logged, its signals forwarded, its end known."""

import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from math import inf
from pathlib import Path
from typing import Self

from taskcheck.dispatch.process.guard import (
    PACT_GRACE,
    Guard,
    Launch,
    forked,
)
from taskcheck.dispatch.process.signals import STOPS, Signals, group_lives
from taskcheck.dispatch.process.streams import Streams
from taskcheck.documents.frozen import frozen

GRACE = 10.0
"""Seconds between SIGTERM, or SIGHUP, and SIGKILL."""

AGAIN = 0.5
"""Seconds after which a signal of the same kind is a second one: timeout(1), and runners around us, signal a process
and its whole group at once."""

DRAIN = 1.0
"""Seconds to wait for the end of the output of a worker that is over: a process that it left may hold it open."""

_POLL = 0.05


@frozen(kw_only=True)
class Ended:
    """How a worker ended."""

    exit_code: int
    """As a shell tells it: 128 + n where signal n killed it, 126 or 127 where it couldn't be started."""
    signal: int | None
    """The signal that killed it."""
    stopped_by: str | None
    """Why it was stopped: the name of the first signal that we got, "timeout", or "guard lost"; else None."""
    trouble: str | None
    """Why it couldn't be started, in words."""


class Worker:
    """A worker that is forked, known by its pid, and waits at a gate before it becomes its command.

    Until `run` or `dismissed` has returned, one of which must be called, signals wait. Where the guard between us and
    the worker is killed, we can neither learn the worker's exit code nor promise that it ends with us: it is stopped.
    """

    def __init__(self, signals: Signals, streams: Streams, guard: Guard) -> None:
        self.pid = guard.worker
        self._signals, self._streams, self._guard = signals, streams, guard
        self._stopped_by: str | None = None
        self._sent: dict[int, float] = {}
        self._kill_at = inf
        self._suspending = False
        self._ended: tuple[int, str | None] | None = None
        self._hurried = False

    @classmethod
    def prepared(
        cls,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: int,
        lock: int | None = None,
    ) -> Self:
        """Return a worker at its gate.

        Args:
            command: program and arguments, the program looked up on the environment's PATH.
            folder: where it runs.
            environment: all of its environment.
            log: a descriptor that gets all of its output; the caller closes it.
            lock: a descriptor that stays open until the worker is gone, even if we are gone before, and that the
                worker doesn't get.

        Raises:
            OSError: no process, or no descriptor, is to be had.
        """
        with ExitStack() as undo:
            signals = Signals()
            undo.callback(signals.restore)
            streams = Streams(log)
            undo.callback(streams.close)
            launch = Launch(
                command=command,
                folder=folder,
                environment=environment,
                streams=streams.worker,
                terminal=streams.terminal,
                outputs=streams.sources,
                log=log,
                lock=lock,
            )
            worker = cls(signals, streams, forked(launch))
            streams.handed_over()
            undo.pop_all()
        return worker

    @property
    def log_trouble(self) -> str | None:
        """Why the log has no more of the output, if it failed."""
        return self._streams.log.trouble

    def run(self, *, beat: Callable[[], None], every: float, timeout: float | None = None) -> Ended:
        """Let the worker begin, and supervise it to its end.

        `beat` is called every so many seconds while it lives; what that raises stops the worker and is passed on. A
        worker that was to be stopped before it began ends at its gate.
        """
        try:
            self._heed()
            if self._stopped_by is None:
                self._streams.raw()
                self._guard.begin()
            return self._supervised(beat, every, inf if timeout is None else time.monotonic() + timeout)
        finally:
            self._streams.cooked()
            try:
                self._guard.end()
            finally:
                self._release()

    def dismissed(self) -> None:
        """Send the worker home before it began; signals that waited meanwhile are then let through."""
        self._guard.end()
        waiting = self._signals.read()
        self._release()
        for number in waiting:
            if number in STOPS:
                os.kill(os.getpid(), number)

    def _supervised(self, beat: Callable[[], None], every: float, deadline: float) -> Ended:
        next_beat = time.monotonic() + every
        while self._ended is None:
            self._wait(min(next_beat, deadline, self._kill_at))
            now = time.monotonic()
            if now >= next_beat:
                beat()
                next_beat = time.monotonic() + every
            if now >= deadline:
                deadline = inf
                self._stop(signal.SIGTERM, "timeout")
            if now >= self._kill_at:
                self._kill_at = inf
                self._guard.send(signal.SIGKILL)
            if self._guard.lost:
                self._without_guard()
        self._finish_output()
        status, trouble = self._ended
        code = os.waitstatus_to_exitcode(status)
        return Ended(
            exit_code=code if code >= 0 else 128 - code,
            signal=-code if code < 0 else None,
            stopped_by=self._stopped_by,
            trouble=trouble,
        )

    def _wait(self, until: float) -> None:
        """Wait for whatever comes first, and see to it."""
        reads, writes = self._streams.ready_for()
        reads.append(self._signals.fd)
        if not self._guard.lost:
            reads.append(self._guard.report)
        pause = None if until == inf else max(0.0, until - time.monotonic())
        readable, writable, _ = select.select(reads, writes, (), pause)
        self._streams.move(readable, writable)
        if self._signals.fd in readable:
            self._heed()
        if self._guard.report in readable:
            self._hear()

    def _heed(self) -> None:
        """See to the signals that came."""
        for number in self._signals.read():
            if number == signal.SIGWINCH:
                self._streams.resize()
            elif self._ended is not None:
                self._hurried = self._hurried or number in STOPS
            elif number in STOPS:
                self._stop(number, signal.Signals(number).name)
            elif number == signal.SIGTSTP:
                self._suspending = True
                self._guard.send(number)
            elif number == signal.SIGCONT:
                self._resume()

    def _hear(self) -> None:
        """See to what the guard tells."""
        for message in self._guard.hear():
            match message:
                case {"ended": int(status), "trouble": str() | None as trouble}:
                    self._ended = status, trouble
                case {"stopped": signal.SIGTSTP} if self._suspending or self._streams.terminal is not None:
                    self._suspend()

    def _stop(self, number: int, why: str) -> None:
        """Ask the worker to end, and make it where it was asked the same before."""
        self._stopped_by = self._stopped_by or why
        now = time.monotonic()
        if number not in self._sent:
            self._sent[number] = now
            self._guard.send(number)
            if number in {signal.SIGTERM, signal.SIGHUP}:
                self._kill_at = min(self._kill_at, now + GRACE)
        elif now >= self._sent[number] + AGAIN:
            self._guard.send(signal.SIGKILL)

    def _suspend(self) -> None:
        """Stop as the worker did; in a terminal with what started us, which a key would have stopped too."""
        self._suspending = False
        self._streams.settle()
        self._streams.cooked()
        self._signals.stop_ourselves(group=self._streams.terminal is not None)
        self._resume()

    def _resume(self) -> None:
        self._streams.raw()
        self._streams.resize()
        self._guard.send(signal.SIGCONT)

    def _without_guard(self) -> None:
        """End a worker whose guard was killed; how it ended is what we did to it, since nobody can tell us."""
        self._stopped_by = self._stopped_by or "guard lost"
        for number, patience in ((signal.SIGTERM, PACT_GRACE), (signal.SIGKILL, DRAIN)):
            self._guard.send(number)
            until = time.monotonic() + patience
            while group_lives(self.pid) and time.monotonic() < until:
                self._wait(time.monotonic() + _POLL)
            if not group_lives(self.pid):
                break
        self._ended = number, None

    def _finish_output(self) -> None:
        """Pass on what the worker wrote before it ended, for as long as our own reader takes."""
        self._streams.worker_ended()
        give_up = time.monotonic() + DRAIN
        while self._streams.drain() and not self._hurried and time.monotonic() < give_up:
            self._wait(give_up)
        self._streams.stop_reading()
        while self._streams.unwritten and not self._hurried:
            self._wait(inf)

    def _release(self) -> None:
        """Give terminal, descriptors and handlers back."""
        try:
            self._streams.close()
        finally:
            self._signals.restore()
