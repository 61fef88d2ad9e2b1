"""File system calls of a commit: through folders that are held open, so that no link is followed on the way."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from taskcheck.write.meta import Meta

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Resolved = dict[str, tuple[str, tuple[str, ...]]]
"""By the path of a folder below a root: the root and the folders in it, links on the way resolved."""


class Obstacle(Exception):
    """A file may not be written. The message says why."""


class Moved(Obstacle):
    """A file has changed since it was read."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file as it is on disk."""

    data: bytes
    stat: os.stat_result

    @property
    def meta(self) -> Meta:
        """What it is besides its bytes."""
        found = self.stat
        return Meta(mode=stat.S_IMODE(found.st_mode), uid=found.st_uid, gid=found.st_gid, mtime_ns=found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Target:
    """A file's name in a folder that is held open."""

    folder: int
    name: str

    def read(self, limit: int | None = None) -> Held | None:
        """The file; None when there is none.

        Args:
            limit: the most bytes that it may have.

        Raises:
            Obstacle: it is no regular file, has other names, or is larger.
            OSError: it can't be read.
        """
        try:
            fd = os.open(self.name, _READ, dir_fd=self.folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Obstacle("it is a symbolic link") from error
            raise
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise Obstacle("it is no regular file")
            if found.st_nlink > 1 and not (found.st_nlink == 2 and self.draft.is_also(self)):
                raise Obstacle("it has other names (hard links), which would keep the old text")
            return Held(_contents(fd, found.st_size, limit), os.fstat(fd))
        finally:
            os.close(fd)

    def unchanged(self, known: os.stat_result | None) -> bool:
        """Whether the file is the very one that was read, as far as its folder entry tells."""
        try:
            found = self.stat()
        except FileNotFoundError:
            return known is None
        return known is not None and _identity(found) == _identity(known)

    def create(self, data: bytes, *, like: "Target | None" = None, meta: Meta | None = None, mode: int = 0o644) -> None:
        """Make a new file that is on disk when this returns.

        It gets the mode, owner and extended attributes (access lists too) of another file, or what is laid down.

        Raises:
            OSError: it can't be made as it should be.
        """
        fd = os.open(self.name, _CREATE, mode if like is None and meta is None else 0o600, dir_fd=self.folder)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if like is not None:
                _take_after(fd, like)
            if meta is not None:
                _own(fd, meta.uid, meta.gid)
                os.fchmod(fd, meta.mode)
                if meta.mtime_ns is not None:
                    os.utime(fd, ns=(meta.mtime_ns, meta.mtime_ns))
            os.fsync(fd)
        finally:
            os.close(fd)

    def replace(self, other: "Target") -> None:
        """Take the place of another file of the same folder."""
        os.rename(self.name, other.name, src_dir_fd=self.folder, dst_dir_fd=other.folder)

    def become(self, other: "Target") -> None:
        """Take another name of the same folder, which nothing has yet.

        Raises:
            FileExistsError: something has it.
        """
        try:
            os.link(self.name, other.name, src_dir_fd=self.folder, dst_dir_fd=other.folder)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.ENOTSUP}:
                raise
            self.replace(other)  # a file system without hard links
        else:
            self.remove()

    @property
    def draft(self) -> "Target":
        """Where the new bytes of this file alone are laid: its own name made longer might be too long."""
        digest = sha256(os.fsencode(self.name)).hexdigest()[:16]
        return self.beside(f".taskcheck.{digest}")

    def forget_draft_name(self) -> None:
        """Take the draft's name from this file, which has both where somebody was killed within `become`."""
        if self.draft.is_also(self):
            self.draft.remove()

    def exists(self) -> bool:
        """Whether there is anything of this name."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def is_also(self, other: "Target") -> bool:
        """Whether both are names of one file."""
        try:
            return os.path.samestat(self.stat(), other.stat())
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        """Remove the file, where there is one."""
        try:
            os.unlink(self.name, dir_fd=self.folder)
        except FileNotFoundError:
            return

    def sync(self) -> None:
        """Put the folder's entries on disk."""
        os.fsync(self.folder)

    def stat(self) -> os.stat_result:
        """What the folder entry says.

        Raises:
            FileNotFoundError: there is none.
        """
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def beside(self, name: str) -> "Target":
        """Another name in the same folder.

        Raises:
            Obstacle: it would lie elsewhere.
        """
        if "/" in name or name in {"", ".", ".."}:
            raise Obstacle(f"{name!r} is no name of a file")
        return Target(self.folder, name)


def _contents(fd: int, size: int, limit: int | None) -> bytes:
    """Return what an open file holds.

    Raises:
        Obstacle: it is more than the limit.
    """
    parts: list[bytes] = []
    while limit is None or size <= limit:
        part = os.read(fd, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size = max(size, sum(map(len, parts)))
    raise Obstacle(f"it is larger than {limit:,} bytes")


@contextmanager
def target(root: Path, path: str, known: Resolved | None = None) -> Iterator[Target]:
    """A file below a root, by the folder that holds it: links on the way are resolved once, and never leave the root.

    Args:
        root: the folder that nothing leaves.
        path: of the file in it.
        known: the folders that were resolved before, to which this one is added. Where one is a link by now, it can't
            be opened.

    Raises:
        Obstacle: the path leads out of the root, or into a repository's own folder.
        OSError: a folder can't be opened.
    """
    known = {} if known is None else known
    folder, name = os.path.split(path)
    if folder in known and not _is_special(name):
        real, inside = known[folder]
    else:
        real, inside, name = _inside(root, path)
        known[folder] = real, inside
    fd = os.open(real, FOLDER)
    try:
        for part in inside:
            below = os.open(part, FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
        yield Target(fd, name)
    finally:
        os.close(fd)


def rewrite(root: Path, path: str, change: Callable[[bytes | None], bytes | None]) -> bool:
    """Give one file other bytes, whole or not at all; whether it was written.

    Args:
        root: the checkout that it lies in.
        path: its path there.
        change: the bytes that it is to have, by those that it has; None leaves it alone.

    Raises:
        Moved: somebody else wrote it meanwhile.
        Obstacle: it may not be written.
        OSError: it can't be written; nothing was changed.
    """
    with target(root, path) as at:
        at.forget_draft_name()
        held = at.read()
        before = held.data if held else None
        after = change(before)
        if after is None or after == before:
            return False
        beside = at.draft
        beside.remove()  # of one that was killed
        try:
            beside.create(after, like=at if held else None)
            if not at.unchanged(held.stat if held else None):
                raise Moved("it was written meanwhile; run again")
            if held:
                beside.replace(at)
            else:
                beside.become(at)
        finally:
            beside.remove()
        at.sync()
        return True


def resolved(root: Path, path: str) -> Path:
    """Where a file below a root is, links on the way resolved.

    Raises:
        Obstacle: as `target`.
    """
    real, inside, name = _inside(root, path)
    return Path(real, *inside, name)


def _is_special(name: str) -> bool:
    """Return whether a name isn't that of a file that may be written, whatever folder it is in."""
    return name.casefold() in {"", ".", "..", ".git"} or "\0" in name


def _inside(root: Path, path: str) -> tuple[str, tuple[str, ...], str]:
    """The root, the folders in it, and the name of a file, links on the way resolved."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts or "\0" in path:
        raise Obstacle("its path leads out of the root checkout")
    real = os.path.realpath(root)
    folder = os.path.realpath(Path(real, *parts[:-1]))
    inside = Path(os.path.relpath(folder, real)).parts
    if ".." in inside:
        raise Obstacle("its folder is a link that leads out of the root checkout")
    if any(part.casefold() == ".git" for part in (*inside, parts[-1])):
        raise Obstacle("it lies in the repository's own folder")
    return real, inside, parts[-1]


def obstacle(root: Path, path: str) -> str | None:
    """Why a file below a root may not be written, or made; None when it may."""
    try:
        with target(root, path) as at:
            at.read()
    except Obstacle as found:
        return f"{path}: {found}"
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None


def _identity(found: os.stat_result) -> tuple[int, ...]:
    """What differs once a file was written, or given another mode; the last one whatever a writer does to the times."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _take_after(fd: int, like: Target) -> None:
    other = os.open(like.name, _READ, dir_fd=like.folder)
    try:
        theirs = os.fstat(other)
        _own(fd, theirs.st_uid, theirs.st_gid)
        for name in _attributes(other):
            os.setxattr(fd, name, os.getxattr(other, name))
        os.fchmod(fd, stat.S_IMODE(theirs.st_mode))
    finally:
        os.close(other)


def _own(fd: int, uid: int, gid: int) -> None:
    ours = os.fstat(fd)
    if (uid, gid) != (ours.st_uid, ours.st_gid):
        os.fchown(fd, uid, gid)


def _attributes(fd: int) -> list[str]:
    """The extended attributes of a file; none where the system has no such thing."""
    if not hasattr(os, "listxattr"):
        return []
    try:
        return os.listxattr(fd)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise
