"""Tasks that are the lines of a JSON file, as beads exports its issues: each found by its name, and read as text."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from taskcheck.documents.document import Document, DocumentError, Route, Span, Trouble, Value, decode
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.documents.jsonfile import read_json
from taskcheck.documents.jsonlist import Element, as_text, few_enough, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = expression(r"[^\n]*+(?:\n|\Z)")
_CONFLICT = expression(r"<{7} |={7}\r?\Z|>{7} ")


@frozen
class Links:
    """How a line says what its task depends on: in a list of objects, of which some kinds are dependencies."""

    key: str = ""
    """The key of the list; empty where nothing says so."""
    target: str = ""
    """In an object: the key of the task that is depended on."""
    kind: str = ""
    """In an object: the key of its kind."""
    kinds: tuple[str, ...] = ()
    """Those that are dependencies."""

    def names(self, value: Value, prefixes: frozenset[str]) -> tuple[str, ...]:
        """Return the ids of the tasks that one depends on, without those that lie in another store.

        Args:
            value: of the key.
            prefixes: those that the ids of the store have.
        """
        found = []
        for item in value if isinstance(value, tuple) else ():
            name = item.get(self.target) if isinstance(item, dict) else item
            is_meant = not isinstance(item, dict) or item.get(self.kind) in self.kinds
            if is_meant and isinstance(name, str) and _prefix(name) in prefixes:
                found.append(name)
        return tuple(found)


@lru_cache(maxsize=16)
def elements(data: bytes, links: Links) -> Mapping[str, Element]:
    """Return the tasks of a file by name, in the order of its lines.

    A line is an object with an id; one without is no task. Of two with one id the second is named with a number.

    Raises:
        DocumentError: a line can't be read; with its number.
    """
    held = few_enough(_objects(data))
    prefixes = frozenset(_prefix(_id(values)) for _, values in held)
    found: dict[str, Element] = {}
    names = numbered(_id(values) for _, values in held)
    for name, (route, values) in zip(names, held, strict=True):
        said = {key: as_text(value) for key, value in values.items()}
        if links.key in values:
            said[links.key] = links.names(values[links.key], prefixes)
        found[name] = Element(name, route, said)
    return found


def _objects(data: bytes) -> Iterator[tuple[Route, Mapping[str, Value]]]:
    """Yield the tasks of a file, each with where its line begins and ends.

    Raises:
        DocumentError: a line can't be read.
    """
    for number, line in enumerate(_LINE.finditer(_decoded(data)[0]), 1):
        values = _read(line[0], number)
        if isinstance(values.get("id"), str | int):
            yield (str(line.start()), str(line.end())), values


def _read(line: str, number: int) -> Mapping[str, Value]:
    """Return what a line says; nothing where it is empty.

    Raises:
        DocumentError: it can't be read.
    """
    if not line.strip():
        return {}
    if _CONFLICT.match(line):
        message = "a merge left its conflict markers here; settle the conflict and delete them"
        raise DocumentError(Trouble("conflict-markers", message, number))
    if line.lstrip().startswith("["):
        raise DocumentError(Trouble("not-a-mapping", "each line must contain an object", number))
    try:
        return read_json(line.encode("utf-8", "surrogatepass")).values
    except DocumentError as error:
        trouble = error.trouble
        raise DocumentError(Trouble(trouble.kind, trouble.message, number, trouble.column)) from error


@lru_cache(maxsize=16)
def _decoded(data: bytes) -> tuple[str, bool]:
    """Return the text of a file, which holds many tasks, once; and whether it has a byte order mark.

    Raises:
        DocumentError: it is no text.
    """
    return decode(data)


def _id(values: Mapping[str, Value]) -> str:
    return str(values["id"])


def _prefix(name: str) -> str:
    """Return what the ids of one store have in common: ``bd`` of ``bd-a1b2`` and of ``bd-a1b2.1``."""
    return name.rpartition("-")[0]


def located(data: bytes, element: Element) -> Document:
    """Return a task as a document of the whole file, so that its values have their places there."""
    text, bom = _decoded(data)
    start, end = map(int, element.route)
    scan = partial(_spans, start, end)
    return Document(data, element.values, bom=bom, body_start=len(text), scan=scan, text=text, anchored=True)


def _spans(start: int, end: int, text: str) -> Mapping[Route, Span]:
    """Return where the values of one line stand."""
    from taskcheck.documents.jsonscan import scan_json

    spans = scan_json(text[start:end])
    return {route: Span(span.start + start, span.end + start, span.style) for route, span in spans.items()}
