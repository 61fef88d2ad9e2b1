"""What git's index knows of a worktree's files: which of them hold still what they held when git last looked.

Git keeps the stat data of each tracked file beside the id of its contents. A file whose stat data are as git wrote them
needn't be opened to be compared. What is doubtful is not known, and is read.
"""

import os
import stat
import struct
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from taskcheck.documents.bounded import Busy, Unreadable, read_bounded
from taskcheck.model.memory import Remembered

MOST_INDEX = 256 * 1024 * 1024
"""Bytes that an index may have."""

STAT = struct.Struct(">10I")
"""Times of change and of writing, each in seconds and nanoseconds; device, inode, mode, owner, group, size."""

WORD = 0xFFFF_FFFF
_VERSIONS = frozenset({2, 3, 4})
_COMPRESSED = 4
_LONGEST_NAME = 0xFFF
"""A longer name's length isn't told."""


class Contents:
    """Contents that files are compared with, by path within the checkout."""

    def __init__(self, files: Mapping[str, bytes], id_length: int, remembered: Remembered | None = None) -> None:
        """Take the contents.

        Args:
            files: by path.
            id_length: the hex digits that an id of the repository has.
            remembered: more files, which are read when somebody asks for their bytes.
        """
        self._files = files
        self._remembered = remembered
        self.id_length = id_length
        self.sizes = {path: len(data) for path, data in files.items()}
        """In bytes, by path."""
        if remembered is not None:
            self.sizes |= {path: stamp[1] for path, stamp in remembered.stamps.items()}

    def data(self, path: str) -> bytes:
        """Return the bytes of one of the files."""
        if self._remembered is not None and path in self._remembered.fronts:
            return self._remembered.read(path)
        return self._files[path]

    @cached_property
    def blobs(self) -> Mapping[str, str]:
        """The ids that the files have as blobs, by path."""
        known = {} if self._remembered is None else self._remembered.blobs
        return {path: self._blob(path, known.get(path, "")) for path in self.sizes}

    def _blob(self, path: str, known: str) -> str:
        """Return the id of a file; the known one, where that is one of this repository's kind."""
        return known if len(known) == self.id_length else blob_id(self.data(path), self.id_length)

    @property
    def known_blobs(self) -> Mapping[str, str]:
        """The same, where somebody had need of them; else none."""
        return self.blobs if "blobs" in vars(self) else {}

    @cached_property
    def raw_blobs(self) -> Mapping[str, bytes]:
        """The same as an index holds them."""
        return {path: bytes.fromhex(blob) for path, blob in self.blobs.items()}


class Index:
    """The index of one checkout."""

    def __init__(self, data: bytes, written_ns: int, prefix: str) -> None:
        """Take an index of the second, third or fourth version.

        Args:
            data: the file.
            written_ns: when it was written.
            prefix: the store's folder within the checkout.
        """
        self.data, self._written_ns, self._prefix = data, written_ns, prefix
        self.is_compressed = int.from_bytes(data[4:8], "big") == _COMPRESSED
        """Whether a name is written without what it has in common with the one before."""

    @classmethod
    def of(cls, admin: Path | None, prefix: str) -> "Index | None":
        """Return the index in a checkout's own git folder; None where there is none that can be told from."""
        try:
            data, found = read_bounded(admin / "index", MOST_INDEX) if admin is not None else (b"", None)
        except (Unreadable, Busy):
            return None
        if found is None or data[:4] != b"DIRC" or int.from_bytes(data[4:8], "big") not in _VERSIONS:
            return None
        return cls(data, found.st_mtime_ns, prefix)

    def unchanged(self, root: Path, paths: Iterable[str], same: Contents) -> set[str]:
        """Return those of some files that are known to have just the bytes that they are compared with.

        Of an index with compressed names nothing is known.

        Args:
            root: the store's folder in the checkout.
            paths: below it, in their order, which is git's: names are searched for from the last one on.
            same: what they are compared with.
        """
        known: set[str] = set()
        if self.is_compressed:
            return known
        data, id_bytes, at = self.data, same.id_length // 2, 0
        before_name = STAT.size + id_bytes + 2
        for path in paths:
            name = os.fsencode(self._prefix + path)
            place = data.find(name + b"\0", at)
            if path not in same.sizes or place < before_name:
                continue
            at = place
            # Flags that are but a length: not in conflict, nor assumed unchanged, nor left out of the checkout.
            is_plain = int.from_bytes(data[place - 2 : place], "big") == len(name) < _LONGEST_NAME
            if not is_plain or data[place - 2 - id_bytes : place - 2] != same.raw_blobs[path]:
                continue
            try:
                found = os.lstat(f"{root}/{path}")
            except OSError:
                continue
            if self.is_as_noted(place - before_name, found) and found.st_size == same.sizes[path]:
                known.add(path)
        return known

    def is_as_noted(self, start: int, found: os.stat_result, *, racy: bool = False) -> bool:
        """Return whether a file's stat data are those of an entry, of a regular file, and older than the index.

        What is written in the moment in which the index is may have changed after git looked. With `racy`, that counts
        as it stands: in the same nanosecond, and with the same size.
        """
        changed, changed_ns, written, written_ns, _, inode, _, _, _, size = STAT.unpack_from(self.data, start)
        return (
            found.st_mtime_ns == written * 10**9 + written_ns
            and (racy or found.st_mtime_ns < self._written_ns)
            and found.st_ctime_ns == changed * 10**9 + changed_ns
            and found.st_ino & WORD == inode
            and found.st_size & WORD == size
            and stat.S_ISREG(found.st_mode)
        )


def blob_id(data: bytes, length: int) -> str:
    """Return the id that git gives a file's bytes, in as many hex digits as the ids of the repository have."""
    import hashlib

    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
