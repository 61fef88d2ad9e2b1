"""Where in a configuration file a key stands: the reader of TOML doesn't tell."""

from collections.abc import Iterable, Iterator
from typing import Any

from taskcheck.documents.toml import TomlError, read_toml

MOST_BYTES = 100_000
"""Of a larger file nothing is told: anybody may have written it."""

MOST_TRIES = 100
"""Beginnings of the file that are read as TOML, for all keys together."""


def located(name: str, data: bytes, routes: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a configuration file for each of some keys, with the key's line as far as that can be told.

    That is the first line with its name such that the file has the key once the line is over. Of a key that isn't
    there, as one that is missing, it is the line of the table that it should be in.

    Args:
        name: of the file, which says in which table of it a configuration stands.
        data: its content.
        routes: the keys that lead to each.

    Example:
        ``taskcheck.toml:4`` for ``("rules", "x", "most")``, where ``[rules.x]`` is line 3 and ``most = 1`` line 4.
    """
    above = ("tool", "taskcheck") if name == "pyproject.toml" else ()
    lines = data.decode("utf-8", "replace").splitlines(keepends=True) if len(data) <= MOST_BYTES else []
    tries = iter(range(MOST_TRIES))
    places = []
    for route in routes:
        try:
            line = _line_of((*above, *route), lines, tries)
        except StopIteration:
            line = None
        places.append(name if line is None else f"{name}:{line}")
    return places


def _line_of(keys: tuple[str, ...], lines: list[str], tries: Iterator[int]) -> int | None:
    """Return the line of a key, or of the innermost table above it that is there.

    Raises:
        StopIteration: there is no try left.
    """
    while keys:
        for number in _naming(lines, _name(keys)):
            if _begun(lines, number, keys, tries):
                return number
        keys = keys[:-1]
    return None


def _name(keys: tuple[str, ...]) -> str:
    """Return the last key that is a name: what is numbered stands below the name of the list."""
    names = [key for key in keys if not key.isdigit()]
    return (names or keys)[-1]


def _naming(lines: list[str], key: str) -> Iterator[int]:
    """Yield the numbers of the lines that have a key's name in them."""
    for number, line in enumerate(lines, 1):
        if key in line:
            yield number


def _begun(lines: list[str], number: int, keys: tuple[str, ...], tries: Iterator[int]) -> bool:
    """Return whether the file has a key as soon as what stands in a line is at its end, a few lines below or there."""
    for end in range(number, len(lines) + 1):
        next(tries)
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
