"""Locks that exclude other processes: our own, and the manager's by the manager's own kind."""

import errno
import fcntl
import os
import stat
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
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


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
            fds.append(acquire(str(path), deadline - time.monotonic(), kind=kind))
            stack.callback(os.close, fds[-1])
        yield fds


@contextmanager
def unheld(name: str, folder: int) -> Iterator[bool]:
    """Whether nobody holds the lock of a file of a folder, and nobody gets it meanwhile; nothing is made or kept.

    What is no regular file is no lock: nobody holds it.
    """
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        yield True
        return
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            yield True
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)


def acquire(
    name: str, patience: float, *, kind: Kind = "flock", folder: int | None = None, shown: str | None = None
) -> int:
    """Return a descriptor that holds the lock of a file, even if the file was replaced while we waited.

    Args:
        name: the file's path, or its name in a folder; it is made where it isn't there.
        patience: seconds to wait.
        kind: the kind of lock.
        folder: descriptor of the folder.
        shown: what the file is called in messages.

    Raises:
        Held: it can't be had in time.
        OSError: it can't be opened, or is no regular file.
    """
    deadline = time.monotonic() + patience
    shown = shown or name
    lock = fcntl.flock if kind == "flock" else fcntl.lockf
    while True:
        fd = os.open(name, _FLAGS, 0o666, dir_fd=folder)
        try:
            found = os.fstat(fd)
            _demand_regular(found, shown)
            lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(found, os.stat(name, dir_fd=folder, follow_symlinks=False)):
                return fd
        except (BlockingIOError, PermissionError, FileNotFoundError):  # held by somebody, or removed meanwhile
            pass
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        if time.monotonic() >= deadline:
            raise Held(shown)
        time.sleep(_PAUSE)


def _demand_regular(found: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", shown)
