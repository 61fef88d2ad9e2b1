"""Sets scalars in front matter by splicing the text at their spans; what isn't named keeps every byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from taskcheck.documents.document import Document, DocumentError, Refused, Route, Value, encode
from taskcheck.documents.expression import expression
from taskcheck.documents.fences import find_fences
from taskcheck.documents.shape import PLAIN, FrontMatter

_KEY = expression(r"[A-Za-z_][\w-]*", re.ASCII)
_NUMBER_OR_TIME = expression(
    r"0|[1-9][0-9]*"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)
"""What every YAML reader takes for the number or the time that it is: plain, as people write it."""

_NUMBER_SINCE_1_2 = expression(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+")
"""What a YAML 1.2 reader takes for a number, and a 1.1 reader often for text: `1e3`, `08`, `0o14`."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def set_scalars(data: bytes, changes: Mapping[Route, str], dialect: FrontMatter = PLAIN) -> bytes:
    """Return the file with some scalars set; a top-level key that isn't there is added at the end.

    A value keeps the quotes of the one that it replaces, and is written so that YAML 1.1 and 1.2 readers take it for
    the same text, number or time. The result is read again and compared: other values, comments, order, line ends,
    byte order mark and body are as they were.

    Raises:
        DocumentError: the file can't be read.
        Refused: it can't be done exactly.
    """
    document = dialect.read(data)
    if document is None:
        raise Refused("there is no front matter")
    for route, value in changes.items():
        document = _set(document, route, value, dialect)
    return encode(document.text, bom=document.bom)


# Decisions: where a value can stand, and each way to write it until one reads as meant.
def _set(document: Document, route: Route, value: str, dialect: FrontMatter) -> Document:
    """The document with one scalar set, in the first style in which it reads as meant."""
    name = ".".join(route)
    if isinstance(document.get(route), tuple | Mapping):
        raise Refused(f"{name} is no single value")
    span = document.span(route)
    if span is None and (len(route) > 1 or not _KEY.fullmatch(route[0])):
        raise Refused(f"{name} isn't there, and only a plain key can be added")
    meant = _with(document.values, route, value)
    for written in _written(value, span.style if span else "plain"):
        if span is None:
            text = _appended(document.text, f"{route[0]}: {written}", dialect)
        else:
            gap = " " if span.start == span.end else ""
            text = f"{document.text[: span.start]}{gap}{written}{document.text[span.end :]}"
        try:
            changed = dialect.read(encode(text, bom=document.bom))
        except DocumentError:
            continue
        if changed and _same(changed.values, meant) and changed.body == document.body:
            return changed
    raise Refused(f"{name} can't be set to {value!r} without changing the text around it")


def _with(values: Mapping[str, Value], route: Route, value: str) -> Mapping[str, Value]:
    """The values with one of them set."""

    def put(at: Value, rest: Route) -> Value:
        if not rest:
            return value
        if isinstance(at, Mapping):
            return {**at, rest[0]: put(at.get(rest[0]), rest[1:])}
        if isinstance(at, tuple):
            return tuple(put(item, rest[1:]) if str(index) == rest[0] else item for index, item in enumerate(at))
        raise Refused(f"there is nothing at {'.'.join(route)}")

    changed = put(values, route)
    assert isinstance(changed, Mapping)  # noqa: S101 - a mapping with a key set is one
    return changed


def _same(one: Value, other: Value) -> bool:
    """Whether two values are equal, the order of their keys too."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    return one == other


def _appended(text: str, line: str, dialect: FrontMatter) -> str:
    """The text with a line more before the closing fence."""
    fences = find_fences(text, dialect.fence)
    assert fences is not None  # noqa: S101 - the document was read
    before = text[: fences.end]
    line_break = "\r\n" if before.endswith("\r\n") else before[-1]
    return f"{before}{line}{line_break}{text[fences.end :]}"


def _written(value: str, style: str) -> Iterator[str]:
    """The ways to write a value: as the old one was, then plain where no reader mistakes it, then quoted."""
    quoted = {"single": _single(value), "double": _double(value)}
    if style in quoted:
        yield quoted[style]
    if _means_itself(value):
        yield value
    yield from quoted.values()


def _means_itself(value: str) -> bool:
    """Whether a plain scalar is the same to YAML 1.1 and 1.2 readers: text, or a number or time written as usual."""
    if not value.isprintable() or value != value.strip() or value.startswith(("@", "`")):
        return False
    if _NUMBER_OR_TIME.fullmatch(value):
        return True
    return not _NUMBER_SINCE_1_2.fullmatch(value) and _resolver()(value) == "tag:yaml.org,2002:str"


@cache
def _resolver() -> Any:
    """Which YAML 1.1 type a plain scalar has, by PyYAML's own table."""
    import yaml

    loader: Any = yaml.SafeLoader("")
    return lambda value: loader.resolve(yaml.ScalarNode, value, (True, False))


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _double(value: str) -> str:
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
