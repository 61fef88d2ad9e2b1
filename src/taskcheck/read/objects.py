"""The contents of git's objects, of which only those are asked for that aren't too large: their sizes come first."""

from collections.abc import Iterator, Mapping

from taskcheck.documents.frozen import field, frozen

MOST_BYTES = 256 * 1024 * 1024
"""Of the contents that are taken at a time."""


@frozen
class Blobs:
    """The contents of blobs by id, and why some of those that were asked for aren't among them."""

    contents: Mapping[str, bytes] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, blobs: "set[str]") -> str | None:
        """Return why one of some blobs isn't among the contents; None where all are."""
        missing = sorted(blobs & self.unread.keys())
        return self.unread[missing[0]] if missing else None


def sizes(out: bytes) -> dict[str, int]:
    """Return the sizes of the blobs that ``cat-file --batch-check`` tells of, by id."""
    found = {}
    for line in out.splitlines():
        name, _, rest = line.decode().partition(" ")
        kind, _, size = rest.partition(" ")
        if kind == "blob":
            found[name] = int(size)
    return found


def affordable(found: Mapping[str, int], limit: int) -> tuple[list[str], dict[str, str]]:
    """Return the blobs to ask for, the smallest first, and why the others are left out.

    Args:
        found: sizes of blobs by id.
        limit: the bytes that one may have.
    """
    chosen: list[str] = []
    left_out: dict[str, str] = {}
    total = 0
    for name, size in sorted(found.items(), key=lambda blob: (blob[1], blob[0])):
        total += size
        if size > limit:
            left_out[name] = f"it has {size:,} bytes; {limit:,} are read at the most"
        elif total > MOST_BYTES:
            left_out[name] = f"the files that differ have more than {MOST_BYTES:,} bytes; fewer branches would do"
        else:
            chosen.append(name)
    return chosen, left_out


def objects(out: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield id, kind and content of the objects that ``cat-file --batch`` gives."""
    position = 0
    while position < len(out):
        end = out.index(b"\n", position)
        header = out[position:end].split()
        position = end + 1
        if len(header) == 3:
            size = int(header[2])
            yield header[0].decode(), header[1], out[position : position + size]
            position += size + 1
