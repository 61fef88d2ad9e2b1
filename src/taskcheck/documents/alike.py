"""Whether git takes two files for one that was renamed."""

from collections import Counter
from collections.abc import Iterator

_PIECE = 64
"""Bytes that git compares at a time, a line where that is shorter."""


def is_renamed(before: bytes, after: bytes) -> bool:
    """Return whether git pairs a file with one of another name: if they have half of the larger one in common.

    The threshold is that of ``git merge``.
    """
    common = Counter(_pieces(before)) & Counter(_pieces(after))
    kept = sum(len(piece) * times for piece, times in common.items())
    return 2 * kept >= max(len(before), len(after))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a file, long ones in pieces."""
    for line in data.splitlines(keepends=True):
        for start in range(0, len(line), _PIECE):
            yield line[start : start + _PIECE]
