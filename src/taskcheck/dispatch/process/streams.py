"""The worker's standard streams: a terminal of its own where we have one, else pipes, copied to ours and to the log."""

import os
import select
import termios
import tty
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

_READ = 1 << 16
"""Bytes to take at a time, and to hold back at most, before the worker has to wait for our reader."""

_FULL = 32
"""Reads that empty the largest pipe."""


@dataclass(slots=True)
class LogSink:
    """The descriptor that gets every byte of output, up to the first one that it can't take."""

    fd: int
    trouble: str | None = None

    def write(self, data: bytes) -> None:
        """Append all of some bytes, or nothing ever again: a log with a hole would be believed."""
        rest = memoryview(data)
        try:
            while rest and self.trouble is None:
                rest = rest[os.write(self.fd, rest) :]
        except OSError as error:
            self.trouble = error.strerror or str(error)


@dataclass(slots=True, kw_only=True)
class Flow:
    """Bytes on their way from one descriptor to another."""

    source: int
    sink: int
    log: LogSink | None = None
    waiting: bytearray = field(default_factory=bytearray)
    ended: bool = False
    broken: bool = False

    def take(self) -> bool:
        """Take what is there; False where nothing is."""
        try:
            data = os.read(self.source, _READ)
        except BlockingIOError:
            return False
        except OSError:  # a terminal that nobody else holds any more says EIO
            data = b""
        if not data:
            self.ended = True
            return False
        if self.log:
            self.log.write(data)
        if not self.broken:
            self.waiting += data
        return True

    def drain(self) -> None:
        """Take all that is there, however much waits already."""
        for _ in range(_FULL):
            if self.ended or not self.take():
                return

    def give(self) -> None:
        """Hand on so much that a sink which select() calls ready doesn't block; one that is gone is forgotten."""
        try:
            del self.waiting[: os.write(self.sink, self.waiting[: select.PIPE_BUF])]
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
            self.waiting.clear()


class Streams:
    """What the worker reads and writes, and the copying of it."""

    def __init__(self, log: int) -> None:
        self.log = LogSink(log)
        self.terminal: int | None = None
        self._master: int | None = None
        self._outputs: list[Flow] = []
        self._input: Flow | None = None
        self._attributes: list[Any] | None = None
        self._ours = ExitStack()
        self._theirs = ExitStack()
        with ExitStack() as undo:
            undo.callback(self.close)
            self.worker = self._opened()
            undo.pop_all()

    def _opened(self) -> tuple[int, int, int]:
        """Return the worker's ends."""
        if not (os.isatty(0) and os.isatty(1) and _in_foreground()):
            return self._input_without_terminal(), self._piped(1), self._piped(2)
        self._attributes = termios.tcgetattr(0)
        self._master, self.terminal = os.openpty()
        self._ours.callback(os.close, self._master)
        self._ours.callback(self._let_go)
        os.set_blocking(self._master, False)
        termios.tcsetattr(self.terminal, termios.TCSANOW, self._attributes)
        self.resize()
        self._outputs.append(Flow(source=self._master, sink=1, log=self.log))
        self._input = Flow(source=0, sink=self._master)
        return self.terminal, self.terminal, self.terminal if os.isatty(2) else self._piped(2)

    def _input_without_terminal(self) -> int:
        """Ours, but not the terminal of somebody else: the worker isn't in our session, so nothing would stop it."""
        if not os.isatty(0) or _in_foreground():
            return 0
        nowhere = os.open(os.devnull, os.O_RDONLY)
        self._theirs.callback(os.close, nowhere)
        return nowhere

    def _piped(self, sink: int) -> int:
        source, end = os.pipe()
        self._ours.callback(os.close, source)
        self._theirs.callback(os.close, end)
        os.set_blocking(source, False)
        flow = Flow(source=source, sink=sink, log=self.log)
        try:
            os.fstat(sink)
        except OSError:  # select() would refuse it
            flow.broken = True
        self._outputs.append(flow)
        return end

    def handed_over(self) -> None:
        """The worker has its ends; of its terminal we keep ours, so that it can be left and opened again."""
        self._theirs.close()

    def raw(self) -> None:
        """Leave all keys to the worker's terminal; stops us, as any such program, where we are in the background."""
        if self._attributes is not None:
            with suppress(termios.error):  # it was hung up
                tty.setraw(0, termios.TCSADRAIN)

    def cooked(self) -> None:
        """Give our terminal back as it was."""
        if self._attributes is not None:
            with suppress(termios.error):  # it was hung up
                termios.tcsetattr(0, termios.TCSADRAIN, self._attributes)

    def resize(self) -> None:
        """Make the worker's terminal as large as ours."""
        if self._master is not None:
            with suppress(termios.error):
                termios.tcsetwinsize(self._master, termios.tcgetwinsize(0))

    def ready_for(self) -> tuple[list[int], list[int]]:
        """Return the descriptors to wait for: to be read, and to be written."""
        flows = [*self._outputs, self._input] if self._input else self._outputs
        reads = [flow.source for flow in flows if not flow.ended and len(flow.waiting) < _READ]
        return reads, [flow.sink for flow in flows if flow.waiting]

    def move(self, reads: list[int], writes: list[int]) -> None:
        """Copy between descriptors that are ready."""
        for flow in [*self._outputs, self._input] if self._input else self._outputs:
            if flow.source in reads:
                flow.take()
            if flow.sink in writes and flow.waiting:
                flow.give()

    def settle(self) -> None:
        """Copy to our terminal what the worker wrote until now, before we stop with it."""
        if self._attributes is not None:
            self.drain()
            for flow in self._outputs:
                while flow.waiting:
                    flow.give()

    def worker_ended(self) -> None:
        """Nobody reads any more; what was written is still on its way."""
        self._input = None
        self._let_go()

    def drain(self) -> bool:
        """Take all that is there; whether more may come."""
        for flow in self._outputs:
            flow.drain()
        return any(not flow.ended for flow in self._outputs)

    def stop_reading(self) -> None:
        """Leave what others than the worker may still write."""
        for flow in self._outputs:
            flow.ended = True

    @property
    def sources(self) -> list[int]:
        """Our ends of the worker's outputs."""
        return [flow.source for flow in self._outputs]

    @property
    def unwritten(self) -> bool:
        """Whether something waits for our own reader."""
        return any(flow.waiting for flow in self._outputs)

    def close(self) -> None:
        """Restore our terminal and close every end."""
        self.cooked()
        self._theirs.close()
        self._ours.close()

    def _let_go(self) -> None:
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # not the terminal of our session
        return False
