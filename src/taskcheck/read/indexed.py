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
        ValueError: it is damaged.
    """
    data, start = index.data, _HEADER
    files = []
    for _ in range(int.from_bytes(data[8:_HEADER], "big")):
        file, start = _file(data, start, id_length)
        files.append(file)
    extensions = _extensions(data, start, len(data) - id_length // 2)
    trees = extensions.get(b"TREE")
    tree = _root_tree(trees, id_length) if trees is not None else None
    return Listing(files, tree, is_whole=b"link" not in extensions)


def _file(data: bytes, start: int, id_length: int) -> tuple[Indexed, int]:
    """Return the file at a place of an index, and where the next one is."""
    end_of_id = start + STAT.size + id_length // 2
    flags = int.from_bytes(data[end_of_id : end_of_id + 2], "big")
    name_at = end_of_id + 2
    further = 0
    if flags & _HAS_MORE_FLAGS:
        further = int.from_bytes(data[name_at : name_at + 2], "big")
        name_at += 2
    end = data.index(b"\0", name_at)
    path = os.fsdecode(data[name_at:end])
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is no path in a checkout")
    *_, mode, _, _, size = STAT.unpack_from(data, start)
    is_passed_over = flags & (_PASSED_OVER | _STAGE) or further & _LEFT_OUT
    file = Indexed(
        path=path,
        start=start,
        mode=mode,
        size=size,
        blob=data[start + STAT.size : end_of_id].hex(),
        is_in_conflict=bool(flags & _STAGE),
        is_compared=stat.S_IFMT(mode) in _COMPARED and not is_passed_over,
    )
    length = end - start
    return file, start + length // 8 * 8 + 8  # filled up with zeros, with one at least


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
