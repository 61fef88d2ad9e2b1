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
    has_odd_places = any(map(_is_odd, sys.path))
    finders = _finders()
    if not has_odd_places and len(finders) <= 1:
        return list(_found(group, sys.path))
    from importlib.metadata import entry_points

    points = entry_points(group=group)
    return [(point.name, point.value) for point in points]


def is_installed(name: str) -> bool:
    """Return whether a distribution of exactly this name, in lower case, lies along ``sys.path``."""
    for place in sys.path:
        for child in _children(place or "."):
            lowered = child.lower()
            if lowered.endswith(_KINDS) and lowered.partition("-")[0] == name:
                return True
    return False


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
        folder = place or "."
        for child in _children(folder):
            lowered = child.lower()
            if not lowered.endswith(_KINDS):
                continue
            stem = lowered.rpartition(".")[0].partition("-")[0]
            name = re.sub(r"[-_.]+", "_", stem)
            if name in seen:
                continue
            seen.add(name)
            data = _content(f"{folder}/{child}/entry_points.txt")
            if header not in data:
                continue
            text = data.decode("utf-8", "replace")
            yield from _points(text, group)


def _children(place: str) -> list[str]:
    try:
        return os.listdir(place)
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
    for untrimmed in text.splitlines():
        line = untrimmed.strip()
        is_nothing = not line or line.startswith("#")
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif section == group and not is_nothing:
            name, _, value = line.partition("=")
            point = name.strip(), value.strip()
            yield point
