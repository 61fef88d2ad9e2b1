"""Tasks that are the entries of a list or a map in one YAML file: each found by its name and read as text, none set."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from taskcheck.documents.document import (
    Document,
    DocumentError,
    Route,
    Trouble,
    Value,
    decode,
    entries,
    trouble_at,
)
from taskcheck.documents.events import read_file
from taskcheck.documents.expression import expression
from taskcheck.documents.jsonlist import Element, few_enough, located_in, matching, numbered

MOST_BYTES = 8 * 1024 * 1024

_CONFLICT = expression(r"(?m)^(?:<{7} |={7}\r?$|>{7} )")

_ROOT = ""
"""The key of what the whole file is, which may be a list."""


@lru_cache(maxsize=16)
def elements(data: bytes, lists: tuple[str, ...], nested: str, home: str) -> Mapping[str, Element]:
    """Return the tasks of a YAML file by name, in the order of the file.

    A list lies under keys as `tasks` or `*.tasks` say, as in JSON; without any the file itself is one. An entry of a
    list has an id, one of a map may have one, else its key is that. Of two with one name the second is named with a
    number.

    Raises:
        DocumentError: it can't be read.
    """
    held = few_enough(_elements(_whole(data), lists or ("",), nested, home))
    return dict(zip(numbered(element.name for element in held), held, strict=True))


def read_yaml(data: bytes) -> Value:
    """Return what a whole file holds: a mapping, a list or a text.

    Raises:
        DocumentError: it can't be read.
    """
    return _whole(data).values[_ROOT]


def located(data: bytes, element: Element) -> Document:
    """Return a task as a document of the whole file, so that its values have their places there."""
    return located_in(_whole(data), data, element)


def _elements(document: Document, lists: tuple[str, ...], nested: str, home: str) -> Iterator[Element]:
    """Yield the tasks of a file."""
    root = document.values[_ROOT]
    for pattern in lists:
        keys = pattern.split(".") if pattern else []
        for scope, route in matching(root, keys, (_ROOT,)):
            prefix = f"{scope}/" if scope and scope != home else ""
            yield from _of_entries(document.get(route), route, prefix, "", nested)


def _of_entries(value: Value, route: Route, prefix: str, parent: str, nested: str) -> Iterator[Element]:
    """Yield the tasks of a list or a map, and those within each of them."""
    for step, name, entry in _entries(value):
        own = f"{parent}.{name}" if parent else name
        values = {key: held for key, held in entry.items() if key != nested}
        if parent:
            values["parent"] = f"{prefix}{parent}"
        yield Element(f"{prefix}{own}", (*route, step), values)
        if nested and not parent:
            yield from _of_entries(entry.get(nested), (*route, step, nested), prefix, own, nested)


def _entries(value: Value) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Yield the entries of a list or a map that have a name: what leads to each, its name, and what it says."""
    for step, key, entry in entries(value):
        if not isinstance(entry, Mapping):
            continue
        name = entry.get("id") or key
        if isinstance(name, str):
            yield step, name, entry


@lru_cache(maxsize=16)
def _whole(data: bytes) -> Document:
    """Return a file, which holds many tasks, read once.

    Raises:
        DocumentError: it can't be read.
    """
    if len(data) > MOST_BYTES:
        raise DocumentError(Trouble("too-large", f"the file is larger than {MOST_BYTES // 1024**2} MiB"))
    text, bom = decode(data)
    conflict = _CONFLICT.search(text)
    if conflict:
        message = "a merge left its conflict markers here; settle the conflict and delete them"
        raise trouble_at("conflict-markers", message, text, conflict.start())
    value, spans = read_file(text)
    placed = {(_ROOT, *route): span for route, span in spans.items()}
    return Document(data, {_ROOT: value}, bom=bom, body_start=len(text), scan=lambda _: placed, text=text)
