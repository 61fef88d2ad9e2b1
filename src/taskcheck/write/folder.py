"""The folder where taskcheck keeps its own records of a store, opened as if somebody hostile had made it.

It lies in git's own folder, or in a plain store's root: a repository that was unpacked or copied brings it along. No
link is followed on the way to it or in it, and only regular files of bounded size are read.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from taskcheck.write.disk import FOLDER, Obstacle, Target
from taskcheck.write.locks import PATIENCE, acquire, unheld

MAX_BYTES = 256 * 1024 * 1024
"""Of one record; a fix that needs more isn't made."""


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """A folder of records below one that is trusted to be what it is."""

    base: Path
    """Git's own folder, or the store's root; links that lead to it are resolved."""
    name: str
    """Of the folder below it, with ``/``."""

    @property
    def path(self) -> Path:
        """For messages."""
        return self.base / self.name

    @contextmanager
    def target(self, name: str, *, make: bool = False) -> Iterator[Target]:
        """A file of the folder, by the folder that holds it, which is made where that is asked for.

        Raises:
            Obstacle: a folder on the way is a link, or no folder.
            OSError: one can't be opened or made; FileNotFoundError where it isn't there.
        """
        *folders, last = f"{self.name}/{name}".split("/")
        if any(part in {"", ".", ".."} for part in (*folders, last)):
            raise Obstacle(f"{name!r} is no name of a record")
        fd = os.open(os.path.realpath(self.base), FOLDER)
        try:
            for number, folder in enumerate(folders, 1):
                below = _below(fd, folder, "/".join(folders[:number]), make=make)
                os.close(fd)
                fd = below
            yield Target(fd, last)
        finally:
            os.close(fd)

    def has(self, name: str) -> bool:
        """Return whether there is anything of a name, whatever it is.

        Raises:
            Obstacle, OSError: as `target`.
        """
        try:
            with self.target(name) as at:
                return at.exists()
        except FileNotFoundError:
            return False

    def read(self, name: str) -> bytes:
        """Return the bytes of a record.

        Raises:
            FileNotFoundError: there is none.
            Obstacle: it is no regular file, has other names, or is too large.
            OSError: it can't be read.
        """
        with self.target(name) as at:
            held = at.read(limit=MAX_BYTES)
        if held is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return held.data

    def names(self, below: str = "") -> list[str]:
        """Return the names in the folder, or in one below it; none where it isn't there.

        Raises:
            Obstacle, OSError: as `target`.
        """
        prefix = f"{below}/" if below else ""
        try:
            with self.target(f"{prefix}any") as at:
                return sorted(os.listdir(at.folder))
        except FileNotFoundError:
            return []

    @contextmanager
    def locked(self, name: str, patience: float = PATIENCE) -> Iterator[int]:
        """Hold the lock of a file of the folder, which is made where it isn't there; the descriptor that holds it.

        Raises:
            Held: it can't be had in time.
            Obstacle, OSError: as `target`; or it can't be opened.
        """
        with self.target(name, make=True) as at:
            fd = acquire(at.name, patience, folder=at.folder, shown=str(self.path / name))
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def unheld(self, name: str) -> Iterator[bool]:
        """Whether nobody holds the lock of a file of the folder, and nobody gets it meanwhile; nothing is made."""
        try:
            with self.target(name) as at, unheld(at.name, folder=at.folder) as nobody:
                yield nobody
        except FileNotFoundError:
            yield True


def _below(fd: int, folder: str, shown: str, *, make: bool) -> int:
    """Return a descriptor of a folder in another one."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=fd)
    try:
        return os.open(folder, FOLDER, dir_fd=fd)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Obstacle(f"{shown} is a link or no folder; review it, then move it away") from error
        raise
