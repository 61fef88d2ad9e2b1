"""Talk with a process: give it what it reads, take what it says, within a time and up to a size."""

import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import IO

MOST_WORDS = 64 * 1024
"""Bytes of its errors that are kept; the rest is let go."""

_CHUNK = 1 << 16


class Silent(Exception):
    """It had nothing more to say in time, and didn't end."""


class Endless(Exception):
    """It said more than was asked for."""


def converse(process: "subprocess.Popen[bytes]", said: bytes, seconds: float, most: int) -> tuple[bytes, bytes]:
    """Return what a process writes to its output and to its errors; it has ended then.

    Args:
        process: with unbuffered pipes; for its input only where there is something to say.
        said: what it is given to read.
        seconds: the time that it has.
        most: the bytes that its output may have.

    Raises:
        Silent: it isn't done in time; it still runs.
        Endless: its output is longer; it still runs.
    """
    deadline = time.monotonic() + seconds
    pipes = _Pipes(process, said, most)
    try:
        while pipes.are_open:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silent
            pipes.turn(left)
    finally:
        pipes.close()
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise Silent from error
    return b"".join(pipes.output), b"".join(pipes.errors)


class _Pipes:
    """The pipes to a process, of which whichever is ready has its turn."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: bytes, most: int) -> None:
        self.output: list[bytes] = []
        self.errors: list[bytes] = []
        self._left = most
        self._left_of_errors = MOST_WORDS
        self._unsaid = memoryview(said)
        self._poll = select.poll()
        self._open: dict[int, IO[bytes]] = {}
        self._turns: dict[int, Callable[[int], bool]] = {}
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        self._add(process.stdin, select.POLLOUT, self._say)
        self._add(process.stdout, select.POLLIN, self._hear)
        self._add(process.stderr, select.POLLIN, self._hear_errors)

    def _add(self, pipe: IO[bytes] | None, event: int, turn: Callable[[int], bool]) -> None:
        """Note a pipe, and what is done with it when it is ready: that returns whether it is done with."""
        if pipe is None:
            return
        self._poll.register(pipe, event)
        self._open[pipe.fileno()] = pipe
        self._turns[pipe.fileno()] = turn

    @property
    def are_open(self) -> bool:
        """Whether there may be more to say or to hear."""
        return bool(self._open)

    def turn(self, seconds: float) -> None:
        """Wait for a pipe that is ready, for a time at most, and say or hear what it takes or has."""
        for descriptor, _ in self._poll.poll(seconds * 1000):
            is_over = self._turns[descriptor](descriptor)
            if is_over:
                self._poll.unregister(descriptor)
                self._open.pop(descriptor).close()

    def close(self) -> None:
        """Close what is still open."""
        for pipe in self._open.values():
            pipe.close()
        self._open.clear()

    def _say(self, descriptor: int) -> bool:
        """Write what the pipe takes; whether that was all. Who listens may go before the end."""
        try:
            written = os.write(descriptor, self._unsaid[:_CHUNK])
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._unsaid = self._unsaid[written:]
        return not self._unsaid

    def _hear(self, descriptor: int) -> bool:
        """Read what there is of the output; whether that was the end.

        Raises:
            Endless: it is more than it may be.
        """
        chunk = _read(descriptor)
        self._left -= len(chunk)
        if self._left < 0:
            raise Endless
        self.output.append(chunk)
        return not chunk

    def _hear_errors(self, descriptor: int) -> bool:
        """Read what there is of the errors, and keep their beginning; whether that was the end."""
        chunk = _read(descriptor)
        if self._left_of_errors > 0:
            self.errors.append(chunk)
        self._left_of_errors -= len(chunk)
        return not chunk


def _read(descriptor: int) -> bytes:
    """Return what there is to read; nothing at the end."""
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""
