"""Locks that exclude other processes: our own, and the manager's by the manager's own kind."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

Kind = Literal["flock", "lockf"]
"""``flock`` locks and POSIX record locks (``lockf``) don't see each other."""

PATIENCE = 5.0
"""Seconds to wait for all locks of one step together."""

_PAUSE = 0.01
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Held(Exception):
    """Another process holds a lock; the message names its file."""


@contextmanager
def locked(paths: Iterable[Path], kind: Kind = "flock", patience: float = PATIENCE) -> Iterator[list[int]]:
    """Hold the locks of some files, which are made where they aren't there and stay; always in the order of paths.

    Yields the descriptors that hold them.

    Raises:
        Held: one can't be had in time; none is held then.
        OSError: one can't be opened.
    """
    deadline = time.monotonic() + patience
    fds: list[int] = []
    with ExitStack() as stack:
        for path in sorted(set(paths)):
            fds.append(_acquire(path, kind, deadline))
            stack.callback(os.close, fds[-1])
        yield fds


@contextmanager
def unheld(path: Path) -> Iterator[bool]:
    """Whether nobody holds our own lock, and nobody gets it meanwhile; the file isn't made, and nothing is kept."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        yield True
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)


def _acquire(path: Path, kind: Kind, deadline: float) -> int:
    """A descriptor that holds the lock of the file that is at the path, even if it was replaced while we waited."""
    lock = fcntl.flock if kind == "flock" else fcntl.lockf
    while True:
        fd = os.open(path, _FLAGS, 0o666)
        try:
            lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), os.lstat(path)):
                return fd
        except (BlockingIOError, PermissionError, FileNotFoundError):  # held by somebody, or removed meanwhile
            pass
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        if time.monotonic() >= deadline:
            raise Held(str(path))
        time.sleep(_PAUSE)
