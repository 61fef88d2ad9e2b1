"""Takes members out of JSON, adds some and sets text in it by splicing; every other token keeps its characters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from taskcheck.documents.document import Document, Refused, Route, Span, Value, encode
from taskcheck.documents.jsonfile import read_json

Member = tuple[str, str]
"""A key (unused in a list) and the text of a value as it stands in another document."""


def member_text(document: Document, route: Route) -> str:
    r"""The text of a value, its further lines shifted left by the indentation of its first one, and ended by ``\n``.

    Raises:
        Refused: there is no such value.
    """
    span = _span(document, route)
    text = document.text[span.start : span.end].replace("\r\n", "\n")  # no string has a line break in it
    return text.replace(f"\n{_indent(document.text, span.start)}", "\n")


def drop(document: Document, routes: Iterable[Route]) -> Document:
    """The document without some members of objects and lists, each with its comma.

    Raises:
        Refused: one isn't there, or the result would say anything else.
    """
    routes = sorted(set(routes), key=lambda route: _span(document, route).start)
    cuts: list[tuple[int, int]] = []
    meant: Value = document.values
    inner_first = sorted(routes, key=lambda route: route[:-1], reverse=True)  # what follows in a list moves up
    for container, dropped in groupby(inner_first, key=lambda route: route[:-1]):
        names = {route[-1] for route in dropped}
        cuts += _cuts(document, container, names)
        meant = _replaced(meant, container, _without(document.get(container), names))
    text = document.text
    for start, end in sorted(cuts, reverse=True):
        text = text[:start] + text[end:]
    return _checked(document, text, meant)


def add(document: Document, container: Route, members: Sequence[Member]) -> Document:
    """The document with members added at the end of an object or list, laid out as those that are there.

    Raises:
        Refused: there is no such container, a key is there already, or the result would say anything else.
    """
    held = document.get(container)
    if not isinstance(held, Mapping | tuple):
        raise Refused(f"there is no {'.'.join(container) or 'object'} to add to")
    if not members:
        return document
    meant: Value
    if isinstance(held, Mapping):
        meant = _with_keys(held, members)
        written = [f"{json.dumps(key, ensure_ascii=False)}: {text}" for key, text in members]
    else:
        meant = (*held, *(_read(text) for _, text in members))
        written = [text for _, text in members]
    text = _with_members(document, container, written)
    return _checked(document, text, _replaced(document.values, container, meant))


def _with_keys(held: Mapping[str, Value], members: Sequence[Member]) -> dict[str, Value]:
    """An object's values with those of new members, none of which may be there already."""
    meant = dict(held)
    for key, text in members:
        if key in held:
            raise Refused(f"there is a {key} already")
        meant[key] = _read(text)
    return meant


def _read(text: str) -> Value:
    """The value that a text is."""
    return read_json(f'{{"value":{text}}}'.encode()).values["value"]


def _with_members(document: Document, container: Route, written: Sequence[str]) -> str:
    """The document's text with members more: behind the last one, or between the brackets of an empty container.

    For example ``{"a": 1}`` becomes ``{"a": 1, "b": 2}``, and ``{}`` becomes ``{"b": 2}``; where each member of the
    document has a line of its own, the new ones have too.
    """
    before, after = _layout(document, container)
    gap = before or " "
    laid_out = [member.replace("\n", before or "\n") for member in written]
    added = f",{gap}".join(laid_out)
    spans = [span for _, span in _members(document, container)]
    if spans:
        last = max(span.end for span in spans)
        return f"{document.text[:last]},{gap}{added}{document.text[last:]}"
    outer = _span(document, container)
    return f"{document.text[: outer.start + 1]}{before}{added}{after}{document.text[outer.end - 1 :]}"


def set_text(document: Document, route: Route, value: str) -> Document:
    """The document with another text where there is one.

    Raises:
        Refused: there is none, or the result would say anything else.
    """
    if not isinstance(document.get(route), str):
        raise Refused(f"there is no text at {'.'.join(route)}")
    span = _span(document, route)
    text = f"{document.text[: span.start]}{json.dumps(value, ensure_ascii=False)}{document.text[span.end :]}"
    return _checked(document, text, _replaced(document.values, route, value))


def encoded(document: Document) -> bytes:
    """The bytes of a document."""
    return encode(document.text, bom=document.bom)


def _span(document: Document, route: Route) -> Span:
    span = document.span(route)
    if span is None:
        raise Refused(f"there is nothing at {'.'.join(route)}")
    return span


def _members(document: Document, container: Route) -> Iterator[tuple[str, Span]]:
    """The members of an object or list, in the order of the text."""
    held = document.get(container)
    names = held if isinstance(held, Mapping) else map(str, range(len(held) if isinstance(held, tuple) else 0))
    return ((name, _span(document, (*container, name))) for name in names)


def _cuts(document: Document, container: Route, names: set[str]) -> Iterator[tuple[int, int]]:
    """What to cut out so that some members are gone: up to the next one that stays, else from the one before."""
    outer = _span(document, container)
    spans = list(_members(document, container))
    starts = [outer.start + 1, *(span.end for _, span in spans)]
    beginnings = [_beginning(document, end, span.start) for end, (_, span) in zip(starts, spans, strict=False)]
    kept = [number for number, (name, _) in enumerate(spans) if name not in names]
    if not kept:
        yield outer.start + 1, outer.end - 1
        return
    if kept[0] > 0:
        yield beginnings[0], beginnings[kept[0]]
    for one, other in pairwise(kept):
        if other > one + 1:
            yield beginnings[one + 1], beginnings[other]
    if kept[-1] < len(spans) - 1:
        yield spans[kept[-1]][1].end, spans[-1][1].end


def _beginning(document: Document, after: int, value: int) -> int:
    """Where a member begins: at its key in an object, at its value in a list; ``after`` is the end of what precedes."""
    between = document.text[after:value]
    return after + len(between) - len(between.lstrip(", \t\r\n"))


def _layout(document: Document, container: Route) -> tuple[str, str]:
    """The line break and indentation before a member of a container, and before its closing bracket; empty for none."""
    text, outer = document.text, _span(document, container)
    first = next((span for _, span in _members(document, container)), None)
    if first is not None:
        before = text[outer.start + 1 : _beginning(document, outer.start + 1, first.start)]
        return before if "\n" in before else "", ""
    if "\n" not in text:
        return "", ""
    indent, unit = _indent(text, outer.start), re.search(r"\n([ \t]+)\S", text)
    return f"\n{indent}{unit[1] if unit else '  '}", f"\n{indent}"


def _indent(text: str, at: int) -> str:
    """The white space that the line of an offset begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _without(held: Value, names: set[str]) -> Value:
    if isinstance(held, Mapping):
        return {name: value for name, value in held.items() if name not in names}
    return tuple(item for index, item in enumerate(held if isinstance(held, tuple) else ()) if str(index) not in names)


def _replaced(value: Value, route: Route, new: Value) -> Value:
    if not route:
        return new
    if isinstance(value, Mapping):
        return {**value, route[0]: _replaced(value[route[0]], route[1:], new)}
    items = value if isinstance(value, tuple) else ()
    return tuple(_replaced(item, route[1:], new) if str(i) == route[0] else item for i, item in enumerate(items))


def _checked(before: Document, text: str, meant: Value) -> Document:
    """The changed document, when it says exactly what was meant."""
    changed = read_json(encode(text, bom=before.bom))
    if json.dumps(changed.values) != json.dumps(meant):
        raise Refused("the result would say something else than was meant")
    return changed
