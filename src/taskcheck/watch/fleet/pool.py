"""A few processes that look at many stores: each has one store at a time, and none of them can hold up the others.

A process that dies, or that takes too long, costs the look that it was at; another one takes its place.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO, Any, Generic, TypeVar, cast

from taskcheck.documents.frozen import frozen

K = TypeVar("K")
T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a look may take: it may hang on a file system that is gone."""

CHUNK = 1 << 20
GRACE = 5.0
"""Seconds that a process gets to end by itself."""


@frozen(kw_only=True)
class Worker(Generic[T]):
    """What the processes run: a module that answers each line of JSON with one."""

    module: str
    read: Callable[[bytes], T]
    """Returns what such an answer says."""
    failed: Callable[[str], T]
    """Returns what there is where no answer comes, by why."""


class Process(Generic[K, T]):
    """One process that looks, and what it is looking at."""

    def __init__(self, worker: Worker[T]) -> None:
        """Start it."""
        self._worker = worker
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", worker.module],  # no module of the folder that one stands in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for who started us: a fix is seen to its end.
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self.key: K | None = None
        self._until = 0.0
        self._held: list[bytes] = []

    @property
    def answers(self) -> int:
        """The descriptor on which it answers."""
        return self._answers.fileno()

    @property
    def is_late(self) -> bool:
        """Whether a look takes longer than it may."""
        return self.key is not None and time.monotonic() > self._until

    def begin(self, key: K, asked: Any) -> None:
        """Have it look at a store."""
        self.key = key
        self._until = time.monotonic() + PATIENCE
        with suppress(BrokenPipeError):  # It has died: reading tells.
            self._requests.write(f"{json.dumps(asked)}\n".encode())
            self._requests.flush()

    def read(self) -> T | None:
        """Return its answer; None while that isn't whole."""
        data = os.read(self.answers, CHUNK)
        if not data:
            return self._worker.failed(f"the process that looked has ended: {self._end()}")
        self._held.append(data)
        if not data.endswith(b"\n"):
            return None
        line = b"".join(self._held)
        self._held.clear()
        return self._worker.read(line)

    def _end(self) -> str:
        """Return how it ended, in words."""
        code = self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def close(self, *, patience: float = GRACE) -> None:
        """Let it come to its end; end it where that takes too long."""
        with suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()


class Pool(Generic[K, T]):
    """As many processes as there are cores, or stores, if these are fewer."""

    def __init__(self, most: int, worker: Worker[T]) -> None:
        """Take how many there may be at the most, and what they run."""
        self._worker = worker
        self._most = min(most, cores())
        self._processes: list[Process[K, T]] = []
        self._selector = selectors.DefaultSelector()

    def has_room(self, home: Process[K, T] | None = None) -> bool:
        """Return whether another look could begin now; one that is bound to a process, only there."""
        if home in self._processes:
            return home in self._idle
        return len(self._idle) > 0 or len(self._processes) < self._most

    @property
    def busy(self) -> int:
        """How many looks are going on."""
        return sum(process.key is not None for process in self._processes)

    @property
    def _idle(self) -> list[Process[K, T]]:
        return [process for process in self._processes if process.key is None]

    def begin(self, key: K, asked: Any, home: Process[K, T] | None = None) -> Process[K, T]:
        """Have a process look at a store, if there is room: the one that it is bound to, where that is still there."""
        process = home if home in self._processes else next(iter(self._idle), None)
        if process is None:
            process = Process(self._worker)
            self._processes.append(process)
            self._selector.register(process.answers, selectors.EVENT_READ, process)
        process.begin(key, asked)
        return process

    def wait(self, seconds: float) -> Iterator[tuple[K, T]]:
        """Yield what came of the looks that have ended, after so many seconds at the latest."""
        for ready, _ in self._selector.select(seconds):
            process: Process[K, T] = ready.data
            brought = process.read()
            key = process.key
            if brought is None:
                continue
            process.key = None
            if process.has_ended:
                self._drop(process)
            if key is not None:
                yield key, brought
        for process in [process for process in self._processes if process.is_late]:
            key = process.key
            self._drop(process, patience=0)
            if key is not None:
                yield key, self._worker.failed(f"a check took more than {PATIENCE:.0f} seconds")

    def each(self, asked: Iterable[tuple[K, Any]]) -> Iterator[tuple[K, T]]:
        """Yield what comes of each of some requests, in the order in which that is known."""
        left = list(asked)
        left.reverse()
        while left or self.busy:
            while left and self.has_room():
                self.begin(*left.pop())
            yield from self.wait(PATIENCE)

    def _drop(self, process: Process[K, T], patience: float = GRACE) -> None:
        self._selector.unregister(process.answers)
        self._processes.remove(process)
        process.close(patience=patience)

    def close(self, patience: float = GRACE) -> None:
        """Let all processes come to their end; what takes longer than so many seconds is ended."""
        for process in list(self._processes):
            self._drop(process, patience)
        self._selector.close()


def cores() -> int:
    """Return how many cores there are for this process."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
