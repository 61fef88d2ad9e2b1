"""`taskcheck watch` in forks of the tests, by a clock that they set; killed and started again as they please."""

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NoReturn

from taskcheck import store
from taskcheck.cli import main
from taskcheck.model.chronicle import Chronicle
from taskcheck.read.locate import locate
from taskcheck.read.recorded import chronicle, history_of
from taskcheck.watch import looks
from tests.e2e.conftest import PATIENCE, _become_a_command, environment

NUMBERS = count()


class Clock:
    """What time it is for a watch, and for those that it is held against."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder = folder
        self._file = folder / "clock"
        self.set(now)

    def set(self, now: datetime) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(now.isoformat())
        draft.rename(self._file)

    def now(self) -> datetime:
        return datetime.fromisoformat(self._file.read_text())


class Watch:
    """A watch of a store that looks all the time."""

    def __init__(self, root: Path, clock: Clock, *options: str) -> None:
        self.root, self.clock, self.options = root, clock, options
        self.pid = 0
        self._streams = [clock.folder / f"{name}-{next(NUMBERS)}" for name in ("out", "err")]

    def start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child uses none of them
            self.pid = os.fork()
        if self.pid == 0:
            self._become()

    def _become(self) -> NoReturn:
        store.clock = self.clock.now
        looks.INTERVAL, looks.REST, looks.TICK, looks.POLL = 0.02, 0.01, 0.01, 0.01
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        out, err = (os.open(path, flags) for path in self._streams)
        _become_a_command(
            lambda: main(["watch", *self.options]),
            self.root,
            environment(),
            (os.open(os.devnull, os.O_RDONLY), out, err),
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code after a signal."""
        os.kill(self.pid, number)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        return code

    def kill(self) -> None:
        assert self.end(signal.SIGKILL) == -signal.SIGKILL

    def said(self) -> tuple[str, str]:
        out, err = (path.read_text() if path.exists() else "" for path in self._streams)
        return out, err

    def recorded(self) -> Chronicle | None:
        """What is recorded at this moment."""
        location = locate(self.root)
        return history_of(location).read(lambda book: chronicle(book, location, self.clock.now(), None))

    def last_look(self) -> tuple[int, str]:
        """Number and time of the last look."""
        row = history_of(locate(self.root)).read(lambda book: book.last_look())
        return (row["id"], row["at"]) if row else (0, "")

    def fact(self, name: str) -> str | None:
        return history_of(locate(self.root)).read(lambda book: book.fact(name))


@contextmanager
def watching(root: Path, clock: Clock, *options: str) -> Iterator[Watch]:
    watch = Watch(root, clock, *options)
    watch.start()
    try:
        yield watch
    finally:
        if watch.pid:
            watch.end(signal.SIGKILL)
        assert "Traceback" not in watch.said()[1], watch.said()[1]


def until(true: object, seconds: float = PATIENCE) -> None:
    """Wait until something is so; the longer, the more seldom it is asked, for that may take a process."""
    end = time.monotonic() + seconds
    pause = 0.005
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(pause)
        pause = min(1.3 * pause, 0.25)


NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


def real_watch(root: Path, options: Sequence[str] = ()) -> subprocess.Popen[str]:
    """The command as it is started."""
    return subprocess.Popen(
        [sys.executable, "-m", "taskcheck", "watch", *options],
        cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
