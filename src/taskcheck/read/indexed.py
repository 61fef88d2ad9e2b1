"""What git's index holds of a whole checkout: an entry for each file, and the tree that a commit would have now.

The bytes are those of gitformat-index(5).
"""

import os
import stat
from collections.abc import Mapping, Sequence

from taskcheck.documents.frozen import frozen
from taskcheck.read.known import STAT, Index

_HEADER = 12

_PASSED_OVER = 0x8000
_HAS_MORE_FLAGS = 0x4000
_STAGE = 0x3000

_GOES_ON, _LOW_BITS = 0x80, 0x7F
"""Of a byte of a number."""

_LEFT_OUT = 0x4000
"""Of the further flags: the checkout is sparse, and the file isn't in it."""

_COMPARED = frozenset({stat.S_IFREG, stat.S_IFLNK})
"""What an index has besides are submodules, and folders of a sparse checkout."""


@frozen(kw_only=True)
class Indexed:
    """A file of a checkout, as it was staged."""

    path: str
    start: int
    """Where its stat data are in the index."""
    mode: int
    size: int
    """Bytes on disk as git noted them, without what is above 4 GB; 0 where it noted none."""
    blob: str
    """The id of its content."""
    is_in_conflict: bool
    is_compared: bool
    """Whether git compares it with the disk: a file or link that isn't in conflict, unless it is to be passed over."""


@frozen
class Listing:
    """All that an index holds."""

    files: Sequence[Indexed]
    tree: str | None
    """The id of the tree that a commit would have now; empty if something was staged since; None where it has none."""
    is_whole: bool
    """Whether the files are in it, and not in another one beside it (`core.splitIndex`)."""


def listing(index: Index, id_length: int) -> Listing:
    """Return all that an index holds.

    Args:
        index: of the checkout.
        id_length: the hex digits that an id of the repository has.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
    """
    data, start = index.data, _HEADER
    name_of = _rest_of_name if index.is_compressed else _whole_name
    files, name, has_nameless = [], b"", False
    for _ in range(int.from_bytes(data[8:_HEADER], "big")):
        flags, further, name_at = _flags(data, start + STAT.size + id_length // 2)
        name, end = name_of(data, start, name_at, name)
        if name:
            files.append(_file(data, start, id_length, name, flags, further))
        has_nameless = has_nameless or not name
        start = end
    extensions = _extensions(data, start, len(data) - id_length // 2)
    is_split = b"link" in extensions
    if has_nameless and not is_split:
        raise ValueError("a file has no name, and there is no other index that has it")
    trees = extensions.get(b"TREE")
    tree = _root_tree(trees, id_length) if trees is not None else None
    return Listing(files, tree, is_whole=not is_split)


def _flags(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the flags of an entry, its further ones, and where they end."""
    flags = int.from_bytes(data[at : at + 2], "big")
    if not flags & _HAS_MORE_FLAGS:
        return flags, 0, at + 2
    return flags, int.from_bytes(data[at + 2 : at + 4], "big"), at + 4


def _whole_name(data: bytes, start: int, at: int, _: bytes) -> tuple[bytes, int]:
    """Return the name of an entry, and where the next entry is: it is filled up with zeros, with one at least."""
    end = data.index(b"\0", at)
    return data[at:end], start + (end - start) // 8 * 8 + 8


def _rest_of_name(data: bytes, _: int, at: int, before: bytes) -> tuple[bytes, int]:
    """Return the name of an entry, and where the next one is, if what it shares with the name before isn't written.

    Its first number is how much of that name's end it hasn't: seven bits a byte, as in the offsets of packs.
    """
    dropped = data[at] & _LOW_BITS
    while data[at] & _GOES_ON:
        at += 1
        dropped = (dropped + 1 << 7) + (data[at] & _LOW_BITS)
    if dropped > len(before):
        raise ValueError(f"a name has {dropped} bytes less than one of {len(before)}")
    end = data.index(b"\0", at + 1)
    return before[: len(before) - dropped] + data[at + 1 : end], end + 1


def _file(data: bytes, start: int, id_length: int, name: bytes, flags: int, further: int) -> Indexed:
    """Return the file that an entry at a place of an index is of."""
    path = os.fsdecode(name)
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is no path in a checkout")
    *_, mode, _, _, size = STAT.unpack_from(data, start)
    is_passed_over = flags & (_PASSED_OVER | _STAGE) or further & _LEFT_OUT
    return Indexed(
        path=path,
        start=start,
        mode=mode,
        size=size,
        blob=data[start + STAT.size : start + STAT.size + id_length // 2].hex(),
        is_in_conflict=bool(flags & _STAGE),
        is_compared=stat.S_IFMT(mode) in _COMPARED and not is_passed_over,
    )


def _extensions(data: bytes, start: int, end: int) -> Mapping[bytes, bytes]:
    """Return what stands behind the files of an index, by its signature."""
    found = {}
    while start < end:
        size = int.from_bytes(data[start + 4 : start + 8], "big")
        found[data[start : start + 4]] = data[start + 8 : start + 8 + size]
        start += 8 + size
    return found


def _root_tree(trees: bytes, id_length: int) -> str:
    """Return the id of the first of the trees that git keeps in an index; empty where something was staged since."""
    head, _, behind = trees.partition(b"\n")
    count = head.rpartition(b"\0")[2].partition(b" ")[0]
    return behind[: id_length // 2].hex() if count.isdigit() else ""
