"""Tasks that are the elements of lists in one JSON file: each found by its name, read as text, and set by splicing."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import islice
from typing import TypeVar

from taskcheck.documents import jsonsplice
from taskcheck.documents.document import Document, DocumentError, Refused, Route, Span, Trouble, Value
from taskcheck.documents.frozen import frozen
from taskcheck.documents.jsonfile import read_json

T = TypeVar("T")

MOST_TASKS = 20_000
"""Tasks in one file; one with more isn't read."""


@frozen
class Element:
    """One task of a file: what it is called there, where it stands, and what it says."""

    name: str
    route: Route
    values: Mapping[str, Value]
    """Every scalar as text; without the tasks within it."""


@lru_cache(maxsize=16)
def elements(data: bytes, lists: tuple[str, ...], nested: str, home: str) -> Mapping[str, Element]:
    """Return the tasks of a JSON file by name, in the order of the file.

    A list lies under keys as `tasks` or `*.tasks` say, where `*` is any one key: that one's name, and a slash, stand
    before the ids of its tasks, but for the one that is called home. A task within another has its id behind a dot.
    Of two with one name the second is named with a number.

    Raises:
        DocumentError: it can't be read.
    """
    held = few_enough(_elements(whole(data), lists, nested, home))
    return dict(zip(numbered(element.name for element in held), held, strict=True))


def _elements(document: Document, lists: tuple[str, ...], nested: str, home: str) -> Iterator[Element]:
    """Yield the tasks of a JSON file in the order of the file."""
    for pattern in lists:
        for scope, route in matching(document.values, pattern.split("."), ()):
            prefix = f"{scope}/" if scope and scope != home else ""
            yield from _of_list(document.get(route), route, prefix, "", nested)


def few_enough(found: Iterable[T]) -> list[T]:
    """Return the tasks of one file.

    Raises:
        DocumentError: too-large, for there are more than anybody keeps in one.
    """
    held = list(islice(found, MOST_TASKS + 1))
    if len(held) > MOST_TASKS:
        raise DocumentError(Trouble("too-large", f"the file holds more than {MOST_TASKS:,} tasks"))
    return held


def numbered(names: Iterable[str]) -> Iterator[str]:
    """Yield names, each after the first of its kind with a number: ``3``, ``3#2``; `unnumbered` takes it off again."""
    counts: Counter[str] = Counter()
    for name in names:
        counts[name] += 1
        must_show = counts[name] > 1 or name != unnumbered(name)
        yield f"{name}#{counts[name]}" if must_show else name


def unnumbered(name: str) -> str:
    """Return a name without the number that `numbered` gave it."""
    before, mark, number = name.rpartition("#")
    return before if mark and number.isdecimal() else name


def matching(value: Value, keys: list[str], route: Route, scope: str = "") -> Iterator[tuple[str, Route]]:
    """Yield the routes of lists and maps that a pattern of keys fits, each with the key that its `*` stands for."""
    if not keys:
        if isinstance(value, tuple | Mapping):
            yield scope, route
        return
    if not isinstance(value, Mapping):
        return
    first, *rest = keys
    for key, inner in value.items():
        if first == "*":
            yield from matching(inner, rest, (*route, key), key)
        elif first == key:
            yield from matching(inner, rest, (*route, key), scope)


def _of_list(value: Value, route: Route, prefix: str, parent: str, nested: str) -> Iterator[Element]:
    """Yield the tasks of a list, and those within each of them."""
    for position, item in enumerate(value if isinstance(value, tuple) else ()):
        if not isinstance(item, Mapping) or not isinstance(item.get("id"), str | int):
            continue
        own = f"{parent}.{item['id']}" if parent else str(item["id"])
        at = (*route, str(position))
        values = {key: as_text(held) for key, held in item.items() if key != nested}
        if parent:
            values["parent"] = f"{prefix}{parent}"
            values["dependencies"] = _siblings(item.get("dependencies"), parent)
        yield Element(f"{prefix}{own}", at, values)
        if not parent:
            yield from _of_list(item.get(nested), (*at, nested), prefix, own, nested)


def _siblings(value: Value, parent: str) -> Value:
    """Return what a task within another one depends on: a number is one beside it."""
    items = value if isinstance(value, tuple) else ()
    return tuple(f"{parent}.{item}" if isinstance(item, int) else as_text(item) for item in items)


def as_text(value: Value) -> Value:
    """Return a value with its numbers and flags as text, as the other shapes have them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(as_text, value))
    if isinstance(value, Mapping):
        return {key: as_text(item) for key, item in value.items()}
    return value


@lru_cache(maxsize=16)
def whole(data: bytes) -> Document:
    """Return a file, which holds many tasks, read once.

    Raises:
        DocumentError: it can't be read.
    """
    return read_json(data)


def located(data: bytes, element: Element) -> Document:
    """Return a task as a document of the whole file, so that its values have their places there."""
    return located_in(whole(data), data, element)


def located_in(held: Document, data: bytes, element: Element) -> Document:
    """Return a task as a document of the whole file, which is read already."""
    scan = partial(_spans, held, element.route)
    return Document(
        data, element.values, bom=held.bom, body_start=len(held.text), scan=scan, text=held.text, anchored=True
    )


def _spans(whole: Document, route: Route, _: str) -> Mapping[Route, Span]:
    """Return where the values of an element stand."""
    found: dict[Route, Span] = {}
    own = whole.span(route)
    if own is not None:
        found[()] = own
    held = whole.get(route)
    for key in held if isinstance(held, Mapping) else ():
        span = whole.span((*route, key))
        if span is not None:
            found[key,] = span
    return found


def set_element(data: bytes, element: Element, changes: Mapping[Route, str]) -> bytes:
    """Return the file with some values of a task set; a key that isn't there is added behind the others.

    Raises:
        DocumentError: it can't be read.
        Refused: it can't be done exactly.
    """
    document = read_json(data)
    for route, value in changes.items():
        if len(route) != 1:
            raise Refused(f"{'.'.join(route)} is no single value")
        at = (*element.route, *route)
        held = document.get(at)
        if isinstance(held, str):
            document = jsonsplice.set_text(document, at, value)
        elif document.span(at) is None:
            document = jsonsplice.add(document, element.route, [(route[0], json.dumps(value, ensure_ascii=False))])
        else:
            raise Refused(f"{route[0]} is no text")
    return jsonsplice.encoded(document)
