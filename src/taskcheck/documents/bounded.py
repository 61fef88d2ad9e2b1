"""Opens files that anybody may have put there: only what is regular, up to a size, and without waiting for it."""

import errno
import os
import stat
import time
from pathlib import Path

from taskcheck.documents import Trouble

_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows lacks some, and has one of its own.
    _FLAGS |= getattr(os, _name, 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

_NOT_REGULAR = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}

RETRY_PAUSES = (0.02, 0.05, 0.1, 0.2)
"""Seconds between tries at a file that changes while it is read (research: a torn read passes within these)."""


class Busy(Exception):
    """The file changed while it was read."""


class Unreadable(Exception):
    """The file isn't one that is read; the message says why, and what would do."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.trouble = Trouble(kind, message)


def read_bounded(
    path: str | Path, limit: int, *, follow: bool = False, tail: bool = False
) -> tuple[bytes, os.stat_result]:
    """Return the bytes of a regular file, and what the file system says of it.

    Args:
        path: the file.
        limit: the bytes that it may have.
        follow: whether its path may be a link.
        tail: its last bytes up to the limit, of a file of any size, which may grow meanwhile.

    Raises:
        Unreadable: it isn't there, isn't regular, is too large, or can't be read.
        Busy: it changed while it was read.
    """
    fd = _opened(path, follow=follow)
    try:
        before = os.fstat(fd)
        if not stat.S_ISREG(before.st_mode):
            raise _irregular(before)
        if tail:
            os.lseek(fd, max(0, before.st_size - limit), os.SEEK_SET)
        elif before.st_size > limit:
            raise Unreadable("too-large", f"it has {before.st_size:,} bytes; {limit:,} are read at the most")
        data = _read_all(fd, min(before.st_size, limit))
        after = os.fstat(fd)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        os.close(fd)
    if not tail and (len(data) != after.st_size or stamp_of(before) != stamp_of(after)):
        raise Busy
    return data, after


def read_still(path: str | Path, limit: int, *, follow: bool = False) -> bytes:
    """Return the bytes of a regular file that holds still, which is tried a few times.

    Args:
        path: the file.
        limit: the bytes that it may have.
        follow: whether its path may be a link.

    Raises:
        Unreadable: as `read_bounded`; or it is written all the time.
    """
    for pause in RETRY_PAUSES:
        try:
            return read_bounded(path, limit, follow=follow)[0]
        except Busy:
            time.sleep(pause)
    raise Unreadable("busy", "it is being written all the time; run again")


def _opened(path: str | Path, *, follow: bool) -> int:
    """Return a descriptor to read a file from, which waits for nobody.

    Raises:
        Unreadable: it can't be opened, or is a link that isn't followed, or one to what is no regular file.
    """
    try:
        if not follow:
            return os.open(path, _FLAGS | _NOFOLLOW)
        target = Path(path).stat()
        if not stat.S_ISREG(target.st_mode):  # opening a device can do something
            raise _irregular(target)
        return os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise _refusal(error) from error


def open_bounded(path: str) -> int:
    """Return a descriptor to read from, which waits for nobody; what it is of has to be looked at.

    Raises:
        OSError: it can't be opened, or is a link.
    """
    return os.open(path, _FLAGS | _NOFOLLOW)


def read_head(path: str, size: int) -> tuple[bytes, os.stat_result]:
    """Return the first bytes of a file, and what the file system says of it; links are followed.

    Raises:
        OSError: it can't be read.
    """
    fd = os.open(path, _FLAGS)
    try:
        return os.read(fd, size), os.fstat(fd)
    finally:
        os.close(fd)


def stamp_of(found: os.stat_result) -> tuple[int, ...]:
    """Return which file it is, how long, and when it was written: two writes may fall into one tick of the clock."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _read_all(fd: int, size: int) -> bytes:
    """Return up to a size; fewer bytes where the file ends before."""
    data = os.read(fd, size)
    while 0 < len(data) < size and (more := os.read(fd, size - len(data))):
        data += more
    return data


def _irregular(found: os.stat_result) -> Unreadable:
    """Return the refusal of what is no regular file."""
    what = _NOT_REGULAR.get(stat.S_IFMT(found.st_mode), "no regular file")
    return Unreadable("not-a-file", f"it is {what}")


def _refusal(error: OSError | ValueError) -> Unreadable:
    """Return the refusal of what can't be opened or read."""
    if isinstance(error, ValueError):
        return Unreadable("denied", f"it can't be opened: {error}")
    if error.errno == errno.ELOOP:
        return Unreadable("symlink", "it is a symbolic link, which is not followed; put the file itself here")
    if error.errno in {errno.ENXIO, errno.EOPNOTSUPP}:
        return Unreadable("not-a-file", "it is no regular file")
    if isinstance(error, FileNotFoundError):
        return Unreadable("missing", "it was there a moment ago and is gone")
    return Unreadable("denied", f"it can't be opened: {error.strerror}")
