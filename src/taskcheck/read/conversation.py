"""Talk with a process: give it what it reads, take what it says, within a time and up to a size."""

import os
import subprocess
import time
from contextlib import suppress
from threading import Thread
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
        process: with pipes; for its input only where there is something to say.
        said: what it is given to read.
        seconds: the time that it has.
        most: the bytes that its output may have.

    Raises:
        Silent: it isn't done in time; it still runs.
        Endless: its output is longer; it still runs.
    """
    deadline = time.monotonic() + seconds
    output, errors = _Listener(process.stdout, most), _Listener(process.stderr, MOST_WORDS, lets_go=True)
    threads = [output, errors, *([_Speaker(process.stdin, said)] if process.stdin else [])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if output.is_over:
            raise Endless
        if thread.is_alive():
            raise Silent
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise Silent from error
    return output.heard, errors.heard


class _Listener(Thread):
    """Reads a pipe to its end, or up to a size."""

    def __init__(self, pipe: IO[bytes] | None, most: int, *, lets_go: bool = False) -> None:
        super().__init__(daemon=True)
        self._pipe, self._most, self._lets_go = pipe, most, lets_go
        self._chunks: list[bytes] = []
        self._size = 0

    def run(self) -> None:
        """Read, and close the pipe."""
        if self._pipe is None:
            return
        with self._pipe, suppress(OSError, ValueError):
            while not (self.is_over and not self._lets_go):
                chunk = os.read(self._pipe.fileno(), _CHUNK)
                if not chunk:
                    break
                self._size += len(chunk)
                if not self.is_over:
                    self._chunks.append(chunk)

    @property
    def is_over(self) -> bool:
        """Whether there was more to read."""
        return self._size > self._most

    @property
    def heard(self) -> bytes:
        """What was read."""
        return b"".join(self._chunks)


class _Speaker(Thread):
    """Writes to a pipe, and closes it."""

    def __init__(self, pipe: IO[bytes], said: bytes) -> None:
        super().__init__(daemon=True)
        self._pipe, self._said = pipe, said

    def run(self) -> None:
        """Write; who listens may go before the end."""
        with suppress(OSError, ValueError), self._pipe:
            self._pipe.write(self._said)
