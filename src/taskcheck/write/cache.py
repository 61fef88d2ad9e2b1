"""The folder outside of all stores where it is kept what speeds up the next check: one file for each store.

What lies there is this user's own and nobody else's, or it isn't looked at; all of it may be missing or wrong at any
time. A file takes the place of another one whole, so those who read at the same time see the one or the other.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

FOLDER = "taskcheck"
"""Its name in the user's folder for caches."""

MOST_BYTES = 100 * 1000 * 1000
"""Of all files together: of what is more, that of the store which was checked longest ago goes first."""

_DRAFT = ".draft."
_DRAFT_LIFE = 3600
"""Seconds after which a draft is of somebody who was killed."""
_DAY = 24 * 3600 * 10**9
"""Nanoseconds."""

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotOurs(Exception):
    """The folder isn't one to keep anything in; the message says why, and what would do."""


def cache_home(environment: Mapping[str, str]) -> str | None:
    """Return the user's folder for caches; None where the environment names none that counts."""
    named = environment.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return named
    home = environment.get("HOME", "")
    return f"{home}/.cache" if os.path.isabs(home) else None


class Cache:
    """The folder in a user's folder for caches; opened anew each time."""

    def __init__(self, home: str) -> None:
        """Take the user's folder for caches, which may be a link, and may be missing."""
        self.home = home
        self.path = f"{home}/{FOLDER}"

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None where there is none that is ours.

        Raises:
            NotOurs: the folder isn't.
            OSError: it can't be read.
        """
        with self.opened() as folder:
            if folder is None:
                return None
            try:
                fd = os.open(name, _READ, dir_fd=folder)
            except FileNotFoundError:
                return None
            try:
                found = os.fstat(fd)
                if not _is_ours(found, stat.S_IFREG) or found.st_size > MOST_BYTES:
                    return None
                return _contents(fd, found.st_size)
            finally:
                os.close(fd)

    def write(self, name: str, data: bytes) -> None:
        """Put a file in the place of what has its name, and see that all files together aren't too large.

        Raises:
            NotOurs: the folder isn't.
            OSError: it can't be written; what was there before stays.
        """
        if len(data) > MOST_BYTES:
            return
        draft = f"{name}{_DRAFT}{os.getpid()}.{os.urandom(4).hex()}"
        with self.opened(make=True) as folder:
            if folder is None:
                return
            fd = os.open(draft, _CREATE, 0o600, dir_fd=folder)
            try:
                try:
                    _write_all(fd, data)
                finally:
                    os.close(fd)
                os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise
            _tidy(folder, name)

    def used(self, name: str) -> None:
        """Note once a day that a file is of use, so that others go before it."""
        with suppress(NotOurs, OSError), self.opened() as folder:
            if folder is None:
                return
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if time.time_ns() - found.st_mtime_ns > _DAY:
                os.utime(name, dir_fd=folder, follow_symlinks=False)

    def files(self) -> dict[str, os.stat_result]:
        """Return the files by name, with what the file system says of each; what others put there isn't among them.

        Raises:
            NotOurs: the folder isn't.
            OSError: it can't be listed.
        """
        with self.opened() as folder:
            return {} if folder is None else dict(sorted(_listed(folder)))

    def clear(self) -> int:
        """Remove all files; how many there were.

        Raises:
            NotOurs: the folder isn't.
            OSError: one can't be removed.
        """
        with self.opened() as folder:
            if folder is None:
                return 0
            names = [name for name, _ in _listed(folder)]
            for name in names:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
            return len(names)

    @contextmanager
    def opened(self, *, make: bool = False) -> Iterator[int | None]:
        """Hold the folder open; None where it isn't there.

        Raises:
            NotOurs: it is a link or somebody else's, or others may enter it.
            OSError: it can't be opened or made.
        """
        folder = self._folder(make=make)
        try:
            yield folder
        finally:
            if folder is not None:
                os.close(folder)

    def _folder(self, *, make: bool) -> int | None:
        try:
            home = os.open(self.home, _OPEN_FOLDER)
        except FileNotFoundError:
            if not make or os.stat(os.path.dirname(self.home)).st_uid != os.geteuid():
                return None
            os.mkdir(self.home, 0o700)
            home = os.open(self.home, _OPEN_FOLDER)
        try:
            return self._below(home, make=make)
        finally:
            os.close(home)

    def _below(self, home: int, *, make: bool) -> int | None:
        """Return a descriptor of the folder in the user's folder for caches; in somebody else's none is made."""
        if make and os.fstat(home).st_uid == os.geteuid():
            with suppress(FileExistsError):
                os.mkdir(FOLDER, 0o700, dir_fd=home)
        try:
            folder = os.open(FOLDER, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=home)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                raise NotOurs(f"{self.path} is a link or no folder; remove it") from error
            raise
        found = os.fstat(folder)
        if _is_ours(found, stat.S_IFDIR):
            return folder
        os.close(folder)
        raise NotOurs(f"{self.path} is not this user's alone; remove it, or try: chmod 700 {self.path}")


def _is_ours(found: os.stat_result, kind: int) -> bool:
    """Return whether a file or folder is of a kind, this user's, and closed to everybody else."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _contents(fd: int, size: int) -> bytes:
    """Return what an open file holds, up to a size."""
    data = os.read(fd, size)
    while len(data) < size and (more := os.read(fd, size - len(data))):
        data += more
    return data


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _listed(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the regular files of a folder that are ours."""
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if _is_ours(found, stat.S_IFREG):
                yield name, found


def _tidy(folder: int, written: str) -> None:
    """Remove what somebody left who was killed, and the files that are too much, those of long ago first.

    Args:
        folder: a descriptor of it.
        written: the file that was written just now, which stays, and by whose time the others are judged.
    """
    listed = dict(_listed(folder))
    if written not in listed:
        return
    now = listed.pop(written)
    left = now.st_size
    for name, found in sorted(listed.items(), key=lambda item: -item[1].st_mtime):
        left += found.st_size
        is_left_over = _DRAFT in name and now.st_mtime - found.st_mtime > _DRAFT_LIFE
        if is_left_over or left > MOST_BYTES:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
