"""Where in a configuration file a key stands: the reader of TOML doesn't tell."""

from collections.abc import Iterator
from typing import Any

from taskcheck.documents.toml import TomlError, read_toml

MOST_LINES = 2_000
"""Of a longer file nothing is told."""

MOST_TRIES = 200
"""Beginnings of the file that are read as TOML."""


def line_of(name: str, data: bytes, route: tuple[str, ...]) -> int | None:
    """Return the line of a key: the first with its name such that the file has the key once that line is over.

    Where there is no such key, as one that is missing, it is the line of the table that it should be in.

    Args:
        name: of the file, which says in which table of it a configuration stands.
        data: its content.
        route: the keys that lead there; of one within a value that has no lines of its own, the value's line.

    Example:
        4 for ``("rules", "x", "most")``, where ``[rules.x]`` stands in line 3 and ``most = 1`` in line 4.
    """
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    keys = ("tool", "taskcheck", *route) if name == "pyproject.toml" else route
    if len(lines) > MOST_LINES:
        return None
    tries = iter(range(MOST_TRIES))
    while keys:
        for number in _naming(lines, _name(keys)):
            if _begun(lines, number, keys, tries):
                return number
        keys = keys[:-1]
    return None


def _name(keys: tuple[str, ...]) -> str:
    """Return the last key that is a name: what is numbered stands below the name of the list."""
    return [key for key in keys if not key.isdigit()][-1]


def _naming(lines: list[str], key: str) -> Iterator[int]:
    """Yield the numbers of the lines that have a key's name in them."""
    for number, line in enumerate(lines, 1):
        if key in line:
            yield number


def _begun(lines: list[str], number: int, keys: tuple[str, ...], tries: Iterator[int]) -> bool:
    """Return whether the file has a key as soon as what stands in a line is at its end, a few lines below or there."""
    for end in range(number, len(lines) + 1):
        if next(tries, None) is None:
            return False
        try:
            tables = read_toml("".join(lines[:end]))
        except TomlError:
            continue
        return _has(tables, keys)
    return False


def _has(tables: Any, keys: tuple[str, ...]) -> bool:
    """Return whether tables within each other have some keys."""
    for key in keys:
        try:
            tables = tables[int(key) if isinstance(tables, list) else key]
        except (LookupError, TypeError, ValueError):
            return False
    return True
