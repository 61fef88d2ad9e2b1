"""The entry points of installed distributions: what `importlib.metadata` finds, without the time that its import takes.

Of all distributions only the file `entry_points.txt` is read, and that only where they lie in a folder. What it knows
further ways to (an archive on the path, an egg, a finder of somebody's own), it is asked for.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence

Point = tuple[str, str]
"""Name and value of an entry point."""

_KINDS = (".dist-info", ".egg-info")


def read_entry_points(group: str) -> list[Point]:
    """Return the entry points of a group, as they are found along ``sys.path``."""
    if any(map(_is_odd, sys.path)) or len(_finders()) > 1:
        from importlib.metadata import entry_points

        return [(point.name, point.value) for point in entry_points(group=group)]
    return list(_found(group, sys.path))


def _finders() -> list[object]:
    """Return those who look for distributions; alone, it is the one who looks along ``sys.path``."""
    return [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]


def _is_odd(place: str) -> bool:
    """Return whether an element of the path is an egg or an archive."""
    return place.lower().endswith(".egg") or os.path.isfile(place)


def _found(group: str, path: Sequence[str]) -> Iterator[Point]:
    """Yield the entry points of a group, of two distributions with one name those of the first."""
    header = f"[{group}]".encode()
    seen = set()
    for place in path:
        for child in _children(place):
            lowered = child.lower()
            if not lowered.endswith(_KINDS):
                continue
            stem = lowered.rpartition(".")[0].partition("-")[0]
            name = re.sub(r"[-_.]+", "_", stem)
            if name in seen:
                continue
            seen.add(name)
            data = _content(f"{place or '.'}/{child}/entry_points.txt")
            if header in data:
                yield from _points(data.decode("utf-8", "replace"), group)


def _children(place: str) -> list[str]:
    try:
        return os.listdir(place or ".")
    except OSError:
        return []


def _content(path: str) -> bytes:
    """Return the content of a file; nothing where it can't be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def _points(text: str, group: str) -> Iterator[Point]:
    """Yield the entry points that stand below the header of a group."""
    section = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif section == group and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
