"""Finds and reads files under a checkout, bounded and without following links; the reason where one can't be read."""

import os
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from taskcheck.config.pattern import Pattern
from taskcheck.documents import Trouble
from taskcheck.documents.bounded import RETRY_PAUSES, Busy, Unreadable, open_bounded, read_bounded, stamp_of
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.sources import Source
from taskcheck.model.tasks import LOCK

MAX_TASK_BYTES = 8 * 1024 * 1024
MAX_LEDGER_BYTES = 16 * 1024 * 1024
LOG_TAIL_BYTES = 64 * 1024
MAX_FILES = 200_000
"""Files under one pattern's folder; a store with more isn't one."""

STAMP = struct.Struct(">2Q2q")
"""Makes bytes of a stamp, as `stamp_of` has it; not where a time is beyond all bounds."""

_pack = STAMP.pack

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

T = TypeVar("T")

_MOMENT = 1_000_000_000
"""Nanoseconds for which a file that looks cut off may still be in its writer's hands."""


@frozen
class Globs:
    """Which files are looked for, in any checkout."""

    patterns: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...] = ()
    unless_named: frozenset[str] = frozenset()
    """Names of files, in lower case, that aren't wanted unless a pattern has just that name."""
    samples: frozenset[str] = frozenset()
    """Names of files and folders, in lower case, below which nothing is wanted."""
    names: dict[str, str | None] = field(default_factory=dict)
    """What `name` found out; the same paths come again in every checkout."""

    @classmethod
    def of(cls, *texts: str) -> "Globs":
        """Return what some globs match; empty ones match nothing."""
        return cls(tuple(Pattern(text) for text in texts if text))

    def name(self, path: str) -> str | None:
        """Return what the placeholder stands for in a wanted path, empty without one; None for another path."""
        try:
            return self.names[path]
        except KeyError:
            name = self.names[path] = self._named(path)
            return name

    def _named(self, path: str) -> str | None:
        is_none = self._is_unnamed(path) or self.is_sample(path)
        if is_none or any(other.match(path) for other in self.exclude):
            return None
        for pattern in self.patterns:
            match = pattern.match(path)
            if match:
                groups = match.groupdict()
                return groups.get("owner") or groups.get("task") or ""
        return None

    def is_sample(self, path: str) -> bool:
        """Return whether a path has, or lies below, a name of samples."""
        return not self.samples.isdisjoint(path.casefold().split("/"))

    def _is_unnamed(self, path: str) -> bool:
        """Return whether a path isn't named and has to be, by its name, or is an editor's lock."""
        name = path.rpartition("/")[2]
        if name.lower() not in self.unless_named:
            return name.startswith(LOCK)
        return all(pattern.text.rpartition("/")[2] != name for pattern in self.patterns)


class Links:
    """Resolves links as ``os.path.realpath`` does, those of a folder once, whatever lies in it; for one look."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def real(self, path: str | Path) -> str:
        """Return an absolute path with its links resolved."""
        path = os.fspath(path)
        if path not in self._known:
            self._known[path] = self._resolved(path)
        return self._known[path]

    def _resolved(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        if name in {"", ".", ".."} or not folder.startswith("/"):
            return os.path.realpath(path)
        if folder not in self._known:
            self._known[folder] = os.path.realpath(folder)
        inside = f"{self._known[folder].rstrip('/')}/{name}"
        is_link = os.path.islink(inside)  # noqa: PTH114 - a Path for each of thousands takes longer
        return os.path.realpath(inside) if is_link else inside


class Folder:
    """A checkout on disk: where it is, and which other checkouts lie in it."""

    def __init__(self, root: Path, links: Links | None = None) -> None:
        self.root = root
        self._prefix = os.path.join(root, "")  # noqa: PTH118 - what lies in there may be millions of files
        self._links = links or Links()
        self.errors: list[str] = []
        """Folders that couldn't be listed: what lies in them was not checked."""
        self.links: list[str] = []
        """Links to folders that were met on the way and not followed."""
        self.met: set[str] = set()
        """Paths of what was met in the folders of patterns, and matches none of them."""
        self.unentered: set[str] = set()
        """Paths of folders that were met there, and lie deeper than the patterns reach."""
        self.listed: set[str] = set()
        """Absolute paths of the folders that were listed, or would have been if they were there."""

    def find(self, globs: Globs) -> Iterator[tuple[str, str]]:
        """Yield the paths of files that are wanted, sorted, each with what the placeholder stood for.

        Other repositories and worktrees below the root are not entered.
        """
        for path in sorted(self._found(globs, lambda _: None)):
            yield path, globs.name(path) or ""

    def stamps(self, globs: Globs) -> dict[str, bytes]:
        """Return the stamps of the files that `find` finds, by path, in the order in which they lie in their folders.

        The stamp of a file that is gone by now is empty.
        """
        return self._found(globs, _stamp_of_entry)

    def _found(self, globs: Globs, told: Callable[[os.DirEntry[str]], T]) -> dict[str, T]:
        """Return the files that are wanted by path, each with what is told of it while its folder is open."""
        found: dict[str, T] = {}
        names = globs.names
        for pattern in globs.patterns:
            for folder, entries in self._walk(pattern):
                for entry in entries:
                    path = folder + entry.name
                    if path not in names:
                        globs.name(path)
                    if names[path] is not None:
                        found[path] = told(entry)
                    else:
                        self.met.add(path)
        self._tell_links(globs.exclude)
        return found

    def _tell_links(self, exclude: Iterable[Pattern]) -> None:
        """Say of each link to a folder that was met that it isn't followed, unless it is excluded."""
        while self.links:
            link = self.links.pop()
            is_excluded = any(other.match(link) or other.match(f"{link}/-") for other in exclude)
            error = f"{link}: a symbolic link to a folder, which is not followed; name it in [paths] exclude"
            if not is_excluded and error not in self.errors:
                self.errors.append(error)

    def read(self, path: str, limit: int, name: str = "", *, tail: bool = False) -> Source:
        """One file's bytes, or the trouble that kept them; with ``tail`` its last ones, of any file size.

        A tail may be read while it grows; a whole file is read again until it holds still. So is one that was written
        a moment ago and looks cut off: its writer may be between emptying and filling it.
        """
        return _read(f"{self._prefix}{path}", path, limit, name, tail=tail)

    def holds(self, path: str, data: bytes) -> bool:
        """Return whether a file has just these bytes; what can't be read, or is no regular file, hasn't."""
        try:
            fd = open_bounded(f"{self.root}/{path}")
        except OSError:
            return False
        try:
            found = os.fstat(fd)
            return found.st_size == len(data) and stat.S_ISREG(found.st_mode) and os.read(fd, len(data) + 1) == data
        except OSError:
            return False
        finally:
            os.close(fd)

    def read_all(self, found: Iterable[tuple[str, str]], limit: int, *, tail: bool = False) -> Iterator[Source]:
        """Yield the files that were found; one that was removed meanwhile was never there."""
        for path, name in found:
            source = self.read(path, limit, name, tail=tail)
            if source.trouble is None or source.trouble.kind != "missing":
                yield source

    def _walk(self, pattern: Pattern) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
        """Yield the folders of a pattern, with a trailing ``/``, and what lies in each; as deep as it can match.

        Each is open until the next one is asked for. Other checkouts aren't entered.
        """
        base = pattern.folder
        if not self._contains(base):
            return
        pending = [(base, 0)]
        seen = 0
        while pending:
            folder, depth = pending.pop()
            fd = self._opened(folder)
            if fd is None:
                continue
            try:
                listed = self._entries(fd, folder)
                seen += len(listed)
                if seen > MAX_FILES:
                    self.errors.append(f"{base or '.'}: more than {MAX_FILES} files; narrow the pattern {pattern.text}")
                    return
                prefix = f"{folder}/" if folder else ""
                entries = self._without_links(listed, prefix, depth, pattern)
                folders = [prefix + entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
                if _reaches(pattern, depth):
                    pending.extend((path, depth + 1) for path in folders)
                else:
                    self.unentered.update(folders)
                yield prefix, entries
            finally:
                os.close(fd)

    def _without_links(
        self, entries: list[os.DirEntry[str]], prefix: str, depth: int, pattern: Pattern
    ) -> list[os.DirEntry[str]]:
        """Return what lies in a folder without the links that are passed over."""
        links = [entry for entry in entries if entry.is_symlink()]
        passed_over = [link for link in links if self._passed_over(prefix + link.name, depth, pattern)]
        return [entry for entry in entries if entry not in passed_over] if passed_over else entries

    def _opened(self, folder: str) -> int | None:
        """Return a folder, opened: what is asked of what lies in there is asked within it; None where it can't be."""
        self.listed.add(f"{self._prefix}{folder}")
        try:
            return os.open(f"{self._prefix}{folder}", _FOLDER)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.errors.append(f"{folder or '.'}: {error.strerror}")
            return None

    def _entries(self, fd: int, folder: str) -> list[os.DirEntry[str]]:
        """Return what lies in an open folder; nothing where that can't be listed, or is a checkout of its own."""
        try:
            with os.scandir(fd) as listing:
                entries = list(listing)
        except OSError as error:
            self.errors.append(f"{folder or '.'}: {error.strerror}")
            return []
        if ".git" not in [entry.name for entry in entries]:
            return entries
        return [] if folder else [entry for entry in entries if entry.name != ".git"]

    def _passed_over(self, path: str, depth: int, pattern: Pattern) -> bool:
        """Return whether a link, which is never followed, is none of a pattern's files.

        A file that the pattern reads under its own name needs no second one. A folder that is read under its own name
        doesn't either; another one is told, for what lies in there isn't read.
        """
        target = Path(os.path.realpath(self.root / path))
        inside = os.path.relpath(target, os.path.realpath(self.root)).replace(os.sep, "/")
        if not target.is_dir():
            return pattern.match(inside) is not None and target.is_file()
        base = pattern.folder
        read = not base or inside == base or inside.startswith(f"{base}/")
        entered = _reaches(pattern, depth)
        if entered and (not read or inside.startswith("..")) and path not in self.links:
            self.links.append(path)
        return pattern.match(path) is None

    def _contains(self, folder: str) -> bool:
        """Return whether a folder of a pattern, links resolved, still lies in this checkout."""
        root = self._links.real(self.root)
        target = self._links.real(self.root / folder)
        if target == root or target.startswith(root.rstrip("/") + "/"):
            return True
        self.errors.append(f"{folder}: a symbolic link that leaves the checkout is not followed")
        return False


def _stamp_of_entry(entry: os.DirEntry[str]) -> bytes:
    """Return the stamp of a file that was listed, packed; empty where it is gone, or has times beyond all bounds."""
    try:
        told = entry.stat(follow_symlinks=False)
        return _pack(told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)
    except (OSError, struct.error):
        return b""


def _reaches(pattern: Pattern, depth: int) -> bool:
    """Return whether a pattern can match something in a folder that lies so deep."""
    return pattern.depth is None or depth < pattern.depth


def small_text(path: Path, limit: int = 64 * 1024, *, tail: bool = False) -> str | None:
    """Return the text of a small file of git's own; None when it is no regular file, larger, or can't be read.

    With `tail`, the last part of a file of any size.
    """
    source = _read(str(path), path.name, limit, tail=tail)
    return None if source.data is None else os.fsdecode(source.data)


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return what tells whether a file was written since it was read; None when that can't be told."""
    try:
        return stamp_of(path.lstat())
    except OSError:
        return None


def _read(at: str, path: str, limit: int, name: str = "", *, tail: bool = False) -> Source:
    """Return the file that lies at an absolute path and is called by another one; as `Folder.read`."""
    for pause in (*RETRY_PAUSES, None):
        try:
            data, found = read_bounded(at, limit, tail=tail)
            if pause is not None and not tail and _cut_off(path, data) and _fresh(found):
                time.sleep(pause)
                continue
        except Busy:
            if pause is None:
                trouble = Trouble("busy", "it is being written all the time; run again")
                return Source(path=path, data=None, trouble=trouble, name=name)
            time.sleep(pause)
            continue
        except Unreadable as refusal:
            return Source(path=path, data=None, trouble=refusal.trouble, name=name)
        return Source(path=path, data=data, mtime_ns=found.st_mtime_ns, stamp=stamp_of(found), name=name)
    raise AssertionError


def _cut_off(path: str, data: bytes) -> bool:
    """Return whether a ledger or task file looks as if its writer had yet to write the rest."""
    if path.endswith(".json"):
        return not data.rstrip().endswith((b"}", b"]"))
    return not data or (data.startswith(b"---") and b"\n---" not in data and b"\n..." not in data)


def _fresh(found: os.stat_result) -> bool:
    return abs(time.time_ns() - found.st_mtime_ns) < _MOMENT
