"""What a file of an unknown store says of tasks: by front matter, lines of its text, or the elements of a JSON list."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeGuard

from taskcheck.documents import DocumentError, Value, read_front_matter, read_json
from taskcheck.documents.frozen import frozen
from taskcheck.documents.statusline import read_status_lines
from taskcheck.model.sources import Source

Kind = Literal["front matter", "status line", "JSON"]

WORDS = (b'"status"', b'"state"')
"""What a JSON file has to have in it."""

MOST_DEPTH = 3
"""Keys that lead to a list of tasks."""


@frozen
class Said:
    """What a file, or an element of a JSON file, says."""

    path: str
    kind: Kind
    values: Mapping[str, Value]


def said(source: Source) -> Iterator[Said]:
    """Yield what a file says; of JSON each element of its lists that has a status."""
    data = source.data or b""
    if source.path.endswith(".json"):
        for element in _elements(data):
            yield Said(source.path, "JSON", element)
        return
    front = _front_matter(data)
    if front:
        yield Said(source.path, "front matter", front)
    elif front is None:
        lines = _status_lines(data)
        if lines:
            yield Said(source.path, "status line", lines)


def _front_matter(data: bytes) -> Mapping[str, Value] | None:
    """Return the front matter of a file; empty where it can't be read, None where there is none."""
    try:
        document = read_front_matter(data, at_names=True, fence="start")
    except DocumentError:
        return {}
    return document.values if document else None


def _status_lines(data: bytes) -> Mapping[str, Value]:
    """Return what the lines of a text say; nothing where none says a status."""
    try:
        document = read_status_lines(data)
    except DocumentError:
        return {}
    return document.values if document else {}


def _elements(data: bytes) -> Iterator[Mapping[str, Value]]:
    """Yield the objects with a status in the lists of a JSON file that lie at most three keys deep."""
    if not any(word in data for word in WORDS):
        return
    try:
        waiting: list[tuple[Value, int]] = [(read_json(data).values, 0)]
    except DocumentError:
        return
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, tuple):
            yield from filter(_has_status, value)
            continue
        is_deepest = depth >= MOST_DEPTH
        if isinstance(value, Mapping) and not is_deepest:
            for item in value.values():
                waiting.append((item, depth + 1))


def _has_status(value: Value) -> TypeGuard[Mapping[str, Value]]:
    """Return whether a value is an object with a status."""
    if not isinstance(value, Mapping):
        return False
    return not value.keys().isdisjoint(("status", "state"))
