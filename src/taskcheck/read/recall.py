"""Hold what is remembered of a store against the disk: what wasn't written since needn't be read.

Files are told by their stamps: one that can't be had again says that the bytes are the same. A file that was written a
moment ago may be written again within one tick of the file system's clock, and then has the stamp of before; so only
what has been left alone for a while is told by its stamp, as git does with its index.
"""

import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from taskcheck.documents.bounded import Busy, Unreadable, read_bounded, stamp_of
from taskcheck.model.memory import STAMP_BYTES, Memory, Remembered
from taskcheck.read.files import MAX_TASK_BYTES, STAMP

_GONE = b"\xff" * STAMP_BYTES
"""In the place of the stamp of a file that is gone by now: no file has this one."""

SETTLED_NS = 2 * 10**9
"""After so many nanoseconds a write has another stamp: the coarsest clock of a file system has two seconds."""


class Listing:
    """Files as they are listed, in any order."""

    def __init__(self, stamps: Mapping[str, bytes]) -> None:
        """Take packed stamps by path; that of a file that was gone before it could be had is empty."""
        self.stamps = stamps

    @classmethod
    def of_unknown(cls, paths: Iterable[str]) -> "Listing":
        """Return files of which nothing is remembered, so that nobody needs their stamps."""
        return cls(dict.fromkeys(paths, b""))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths."""
        return tuple(self.stamps)

    @cached_property
    def packed(self) -> bytes:
        """The stamps, one after the other; a file that is gone has one that no file has."""
        return b"".join([stamp or _GONE for stamp in self.stamps.values()])

    def digest(self) -> str:
        """Return what is the same for no two listings that differ."""
        try:
            from _blake2 import blake2b  # hashlib brings OpenSSL, whose import takes as long as a hundred tasks
        except ImportError:
            from hashlib import blake2b
        digest = blake2b("\0".join(self.stamps).encode("utf-8", "surrogatepass"), digest_size=32)
        digest.update(b"\0\0" + self.packed)
        return digest.hexdigest()

    def is_settled(self, before_ns: int) -> bool:
        """Return whether all of the files were written before a time, in nanoseconds since 1970."""
        return all(settled(stamp, before_ns) for stamp in self.stamps.values())


def settled(stamp: bytes, before_ns: int) -> bool:
    """Return whether a stamp is of a file that was written before a time, in nanoseconds since 1970."""
    if not stamp:
        return False
    return bool(max(STAMP.unpack(stamp)[2:]) < before_ns)


def packed(stamp: tuple[int, ...] | None) -> bytes:
    """Return a stamp as bytes; none of one that can't be told."""
    try:
        return STAMP.pack(*stamp) if stamp is not None else b""
    except struct.error:
        return b""


class Recall:
    """What is remembered of a store, for one look at it."""

    def __init__(self, root: Path, memory: Memory) -> None:
        """Take what is remembered, before anything is looked at.

        Args:
            root: the store's folder.
            memory: what is remembered of it.
        """
        self.memory = memory
        self.settled_ns = time.time_ns() - SETTLED_NS
        self.is_void = False
        """Whether a file was written between two looks at it: what this look says may be about no moment at all."""
        self.is_whole = False
        """Whether all of root's task files are as they were."""
        self.listing = Listing({})
        """Root's task files as they were found."""
        self.remembered = Remembered(fronts={}, stamps={}, blobs={}, read=self._read)
        """What needn't be read."""
        self._root = root
        self._held: dict[str, bytes] = {}

    def take(self, listing: Listing) -> list[str]:
        """Take root's task files as they are found; return those that have to be read."""
        memory = self.memory
        self.listing = listing
        self.is_whole = listing.paths == memory.paths and listing.packed == memory.stamps
        unchanged = range(len(memory.paths)) if self.is_whole else self._unchanged()
        self.remembered = self._remembered(unchanged)
        fronts = self.remembered.fronts
        if len(fronts) == len(listing.stamps):
            return []
        return [path for path in listing.stamps if path not in fronts]

    def _unchanged(self) -> list[int]:
        """Return the places, in memory, of the files that are as they were."""
        stamps = self.listing.stamps
        unchanged = []
        for place, path in enumerate(self.memory.paths):
            if stamps.get(path) == self.memory.stamp(place):
                unchanged.append(place)
        return unchanged

    def _remembered(self, unchanged: Sequence[int]) -> Remembered:
        """Return what needn't be read; the files are given by their places in memory."""
        memory = self.memory
        known = [place for place in unchanged if not isinstance(memory.fronts[place], bool)]
        return Remembered(
            fronts=_by_path(memory, memory.fronts, known),
            stamps=_by_path(memory, tuple(STAMP.iter_unpack(memory.stamps)), known),
            blobs=_by_path(memory, memory.blobs, unchanged) if memory.blobs else {},
            read=self._read,
            changed=frozenset() if self.is_whole else self._changed(unchanged),
            worktrees=memory.worktrees,
            git=memory.git,
            settled_ns=self.settled_ns,
        )

    def _changed(self, unchanged: Sequence[int]) -> frozenset[str]:
        """Return the paths that there are or were, but for those of the files in some places."""
        same = map(self.memory.paths.__getitem__, unchanged)
        return frozenset({*self.listing.stamps, *self.memory.paths}.difference(same))

    def _read(self, path: str) -> bytes:
        """Return the bytes of a file that is as it was; empty ones, and the look is void, where it isn't any more."""
        if path not in self._held:
            self._held[path] = self._bytes(path)
        return self._held[path]

    def _bytes(self, path: str) -> bytes:
        try:
            data, found = read_bounded(f"{self._root}/{path}", MAX_TASK_BYTES)
        except (Unreadable, Busy):
            self.is_void = True
            return b""
        if stamp_of(found) != self.remembered.stamps[path]:
            self.is_void = True
        return data


def _by_path(memory: Memory, values: Sequence[Any], places: Sequence[int]) -> dict[str, Any]:
    """Return some of the values that stand beside the paths of a memory, by path."""
    if len(places) == len(memory.paths):
        return dict(zip(memory.paths, values, strict=True))
    return {memory.paths[place]: values[place] for place in places}
