"""Forks a worker behind a guard: it begins only when it is told to, and never outlives who supervises it.

Three processes: the runner, its child the guard, and the guard's child the worker. The guard leads a session of its
own, so that what ends the runner's terminal or process group leaves it alone, and it alone signals the worker: it is
who reaps it, so that no signal meets a process that got the same pid later. It is a fork without an exec and waits:

* ``gate``, from the runner to the worker: a byte lets it begin, the end of file sends it home;
* ``control``, from the runner to the guard: each byte is a signal for the worker's process group, the end of file says
  that the runner is gone;
* ``report``, from the guard to the runner: lines of JSON; the end of file says that the guard is gone;
* ``faults``, from the worker to the guard: one byte when it is at the gate, then why it couldn't become its command.
"""

import errno
import fcntl
import json
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import NoReturn

from taskcheck.dispatch.process.signals import STOPPING, group_lives, signal_group
from taskcheck.dispatch.process.streams import Flow, LogSink
from taskcheck.documents.frozen import frozen

PACT_GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL for a worker whose runner is gone, and for what a stopped worker leaves."""

_POLL = 0.02
_LAST_WAIT = 1.0
_IGNORED = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
    *(signal.SIGPIPE, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2),
)


@frozen(kw_only=True)
class Launch:
    """What a worker becomes, where, and with which descriptors."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    streams: tuple[int, int, int]
    terminal: int | None
    outputs: Sequence[int]
    """Our ends of what it writes to."""
    log: int
    lock: int | None


@dataclass(slots=True, kw_only=True)
class Guard:
    """The runner's side of a guard and its worker."""

    process: int
    gate: int
    control: int
    report: int
    worker: int = 0
    lost: bool = False
    _heard: bytearray = field(default_factory=bytearray)

    def begin(self) -> None:
        """Tell the worker to begin."""
        with suppress(BrokenPipeError):  # it was killed at the gate: the report tells
            os.write(self.gate, b"!")

    def send(self, number: int) -> None:
        """Signal the worker's process group."""
        if not self.lost:
            with suppress(BrokenPipeError):
                os.write(self.control, bytes([number]))
                return
        signal_group(self.worker, number)

    def hear(self) -> list[dict[str, object]]:
        """Return what the guard has reported meanwhile, once there is something; it is lost where that is the end."""
        told = os.read(self.report, 4096)
        self.lost = not told
        self._heard += told
        *lines, rest = bytes(self._heard).split(b"\n")
        self._heard[:] = rest
        return [json.loads(line) for line in lines]

    def end(self) -> None:
        """Let go: whatever of the worker still runs is stopped, and the guard is gone when this returns."""
        for fd in (self.gate, self.control):
            os.close(fd)
        with suppress(ChildProcessError):  # somebody ignores SIGCHLD
            os.waitpid(self.process, 0)
        os.close(self.report)


def forked(launch: Launch) -> Guard:
    """Return a guard whose worker waits at the gate.

    Raises:
        OSError: no process, or no descriptor, is to be had.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed before we began
            stream.flush()
    with ExitStack() as theirs, ExitStack() as ours:
        at_gate, gate = _pipe(theirs, ours)
        at_control, control = _pipe(theirs, ours)
        report, at_report = _pipe(ours, theirs)
        with _no_signals():
            process = os.fork()
            if process == 0:
                _guard_process(launch, at_gate, at_control, at_report)
        ours.pop_all()
    guard = Guard(process=process, gate=gate, control=control, report=report)
    told: list[dict[str, object]] = []
    while not told and not guard.lost:
        told = guard.hear()
    match told:
        case [{"worker": int(worker)}, *_]:
            guard.worker = worker
            return guard
        case _:
            guard.end()
            raise OSError(errno.EAGAIN, "no process could be forked for the worker")


def _pipe(reads: ExitStack, writes: ExitStack) -> tuple[int, int]:
    """Return the two ends of a pipe, each closed by its side."""
    read, write = os.pipe()
    reads.callback(os.close, read)
    writes.callback(os.close, write)
    return read, write


@contextmanager
def _no_signals() -> Iterator[None]:
    """Keep signals waiting over a fork: a child's first ones would be told to us, through the pipe of our handlers."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


# Decisions: the order of these calls is all that there is to understand.
def _guard_process(launch: Launch, gate: int, control: int, report: int) -> NoReturn:
    """Be the guard, from its first instant to its last; signals are blocked when it begins."""
    try:
        _default_signals()
        os.setsid()
        if launch.terminal is not None:
            fcntl.ioctl(launch.terminal, termios.TIOCSCTTY, 0)
        faults, at_faults = os.pipe()
        worker = os.fork()
        if worker == 0:
            _worker_process(launch, gate, at_faults)
        os.close(at_faults)
        wake, at_wake = _children_wake()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(nowhere, fd)
        _close_all_but(
            control, report, faults, wake, at_wake, launch.lock, launch.terminal, launch.log, *launch.outputs
        )
        os.read(faults, 1)
        if launch.terminal is not None:
            with suppress(OSError):  # killed already
                os.tcsetpgrp(launch.terminal, worker)
        _tell(report, {"worker": worker})
        log = LogSink(launch.log)
        outputs = [Flow(source=fd, sink=-1, log=log, broken=True) for fd in launch.outputs]
        watch = _Watch(worker=worker, control=control, report=report, wake=wake, outputs=outputs)
        status = watch.kept()
        if not watch.runner_lives:
            for flow in outputs:
                flow.drain()
        if launch.terminal is not None:
            with suppress(OSError):  # the end of the leader of its session would hang up on what is left
                os.tcsetpgrp(launch.terminal, os.getpgrp())
            os.close(launch.terminal)
        _tell(report, {"ended": status, "trouble": os.fsdecode(os.read(faults, 4096)) or None})
        # The end of the session would also take what nobody has read yet.
        while watch.runner_lives and os.read(control, 64):
            pass
    finally:
        os._exit(0)


def _children_wake() -> tuple[int, int]:
    """Return a pipe in which the end of a child shows; nothing but SIGKILL ends the guard from now on."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    wake, at_wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(at_wake, False)
    signal.set_wakeup_fd(at_wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return wake, at_wake


@dataclass(slots=True, kw_only=True)
class _Watch:
    """What the guard does between the worker's first instant and its last."""

    worker: int
    control: int
    report: int
    wake: int
    outputs: list[Flow]
    """What the worker writes, which nobody else reads once the runner is gone: it may want to say what it does last."""
    runner_lives: bool = True
    sent: set[int] = field(default_factory=set)
    kill_at: float = inf
    status: int | None = None

    def kept(self) -> int:
        """Obey until the worker is over, and return its wait status.

        It is over when it ended, and where it was stopped, when nothing of its process group is left either.
        """
        while True:
            self._look()
            if self.status is not None and not (self.sent & STOPPING and group_lives(self.worker)):
                return self.status
            if time.monotonic() >= self.kill_at:
                if signal.SIGKILL in self.sent and self.status is not None:  # nothing can be done about it
                    return self.status
                self._send(signal.SIGKILL)
                self.kill_at = time.monotonic() + _LAST_WAIT
            self._listen()

    def _look(self) -> None:
        """See whether the worker stopped or ended."""
        if self.status is not None:
            return
        pid, told = os.waitpid(self.worker, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(told):
            _tell(self.report, {"stopped": os.WSTOPSIG(told)})
        elif pid:
            self.status = told
            if self.sent & STOPPING and signal.SIGTERM not in self.sent:  # its children may ignore SIGINT
                self._send(signal.SIGTERM)
            self.kill_at = min(self.kill_at, time.monotonic() + PACT_GRACE)

    # Decisions: a select and, for each descriptor, what it means while the runner lives and after it.
    def _listen(self) -> None:
        """Wait for the worker and the runner, and signal what the runner wants, or its absence."""
        pause = _POLL if self.status is not None else max(0.0, self.kill_at - time.monotonic())
        outputs = [] if self.runner_lives else [flow for flow in self.outputs if not flow.ended]
        listening = [self.wake, *([self.control] if self.runner_lives else [flow.source for flow in outputs])]
        ready, _, _ = select.select(listening, (), (), None if pause == inf else pause)
        if self.wake in ready:
            os.read(self.wake, 512)
        for flow in outputs:
            flow.take()
        if self.control in ready:
            wanted = os.read(self.control, 64)
            if not wanted:
                self.runner_lives = False
                wanted, self.kill_at = bytes([signal.SIGTERM]), time.monotonic() + PACT_GRACE
            for number in wanted:
                self._send(number)

    def _send(self, number: int) -> None:
        self.sent.add(number)
        signal_group(self.worker, number)


def _worker_process(launch: Launch, gate: int, faults: int) -> NoReturn:
    """Be the worker until it becomes its command; signals are blocked when it begins."""
    code = 126
    try:
        _default_signals()
        os.setpgid(0, 0)
        for fd, stream in enumerate(launch.streams):
            os.dup2(stream, fd)
        _close_all_but(0, 1, 2, gate, faults)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.write(faults, b"!")
        if not os.read(gate, 1):
            os._exit(0)
        code, trouble = _become(launch)
        os.write(faults, os.fsencode(trouble))
    finally:
        os._exit(code)


def _become(launch: Launch) -> tuple[int, str]:
    """Become the command; returns only with the exit code and the words for why that can't be."""
    name = launch.command[0][:200]
    try:
        os.chdir(launch.folder)
    except OSError as error:
        return 126, f"{name} can't be started: its folder {str(launch.folder)[:200]}: {error.strerror}"
    try:
        os.execvpe(launch.command[0], list(launch.command), dict(launch.environment))  # noqa: S606 - no shell is wanted
    except (FileNotFoundError, NotADirectoryError):
        return 127, f"{name} can't be started: there is no such program, or its interpreter isn't there"
    except OSError as error:
        return 126, f"{name} can't be started: {error.strerror}"
    except ValueError as error:
        return 126, f"{name} can't be started: {error}"


def _default_signals() -> None:
    """Take back every handler, and what Python ignores; a program that is started expects none of it."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError):  # reserved by the C library
            signal.signal(number, signal.SIG_DFL)


def _close_all_but(*kept: int | None) -> None:
    """Close every descriptor but the standard streams and some."""
    try:
        fds = [int(path.name) for path in Path("/dev/fd").iterdir()]
    except OSError:  # no /proc
        fds = list(range(1024))
    for fd in fds:
        if fd > 2 and fd not in kept:
            with suppress(OSError):  # the one by which the folder was listed
                os.close(fd)


def _tell(report: int, message: Mapping[str, object]) -> None:
    with suppress(BrokenPipeError):
        os.write(report, json.dumps(message).encode() + b"\n")
