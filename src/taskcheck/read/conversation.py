"""Talk with a process: give it what it reads, take what it says, within a time and up to a size."""

import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import IO

MOST_WORDS = 64 * 1024
"""Bytes of its errors that are kept; the rest is let go."""

_CHUNK = 1 << 18


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
    pipes = Pipes(process, most)
    pipes.say(said, last=True)
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
    return pipes.taken(), pipes.words


class Pipes:
    """The pipes to a process, of which whichever is ready has its turn."""

    def __init__(self, process: "subprocess.Popen[bytes]", most: int) -> None:
        """Take the pipes.

        Args:
            process: with unbuffered pipes; one for its input only where there is something to say.
            most: the bytes that it may say after each time that something is said to it.
        """
        self.words = b""
        """The beginning of what it says is wrong."""
        self.unsaid = memoryview(b"")
        """What is still to be said."""
        self.is_over = False
        """Whether it has said all, for it closed its output."""
        self._heard: list[bytes] = []
        self._most = self._left = most
        self._input = process.stdin
        self._closes_input = False
        self._poll = select.poll()
        self._open: dict[int, IO[bytes]] = {}
        self._turns: dict[int, Callable[[int], bool]] = {}
        self._add(process.stdout, select.POLLIN, self._hear)
        self._add(process.stderr, select.POLLIN, self._hear_words)

    def say(self, said: bytes, *, last: bool = False) -> None:
        """Have something said as it is taken; what is the last closes the input."""
        self.unsaid = memoryview(said)
        self._left = self._most
        self._closes_input = last
        if self._input is not None and not self._input.closed:
            os.set_blocking(self._input.fileno(), False)
            self._add(self._input, select.POLLOUT, self._say)

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
        """Wait for a pipe that is ready, and say or hear what it takes or has.

        Raises:
            Silent: none is ready in the time.
            Endless: it says more than it may.
        """
        ready = self._poll.poll(seconds * 1000)
        if not ready:
            raise Silent
        for descriptor, _ in ready:
            is_over = self._turns[descriptor](descriptor)
            if is_over:
                self._poll.unregister(descriptor)
                self._open.pop(descriptor).close()

    def taken(self) -> bytes:
        """Return what was heard since this was asked last."""
        heard = b"".join(self._heard)
        self._heard.clear()
        return heard

    def close(self) -> None:
        """Close what is still open."""
        if self._input is not None:
            self._input.close()
        for pipe in self._open.values():
            pipe.close()
        self._open.clear()

    def _say(self, descriptor: int) -> bool:
        """Write what the pipe takes; whether it is done with. Who listens may go before the end."""
        try:
            written = os.write(descriptor, self.unsaid[:_CHUNK])
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.unsaid = self.unsaid[written:]
        if self.unsaid:
            return False
        if self._closes_input:
            return True
        self._poll.unregister(descriptor)
        del self._open[descriptor]
        return False

    def _hear(self, descriptor: int) -> bool:
        """Read what there is of the output; whether that was the end.

        Raises:
            Endless: it is more than it may be.
        """
        chunk = _read(descriptor)
        self._left -= len(chunk)
        if self._left < 0:
            raise Endless
        self._heard.append(chunk)
        self.is_over = not chunk
        return self.is_over

    def _hear_words(self, descriptor: int) -> bool:
        """Read what there is of the errors, and keep their beginning; whether that was the end."""
        chunk = _read(descriptor)
        if len(self.words) < MOST_WORDS:
            self.words += chunk[:MOST_WORDS]
        return not chunk


def _read(descriptor: int) -> bytes:
    """Return what there is to read; nothing at the end."""
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""
