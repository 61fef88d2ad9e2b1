"""Reads JSON strictly: no duplicate keys, no NaN, bounded; and finds the place of each value when it is asked for."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

from taskcheck.documents.document import (
    Document,
    DocumentError,
    Route,
    Span,
    Trouble,
    Value,
    decode,
    position,
)

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 400

_STRUCTURE = re.compile(r'[^"\[\]{}]*(?:"(?:[^"\\]|\\.)*"[^"\[\]{}]*)*', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_SURROGATE = re.compile("[\ud800-\udfff]")
LIST_KEY = "entries"
"""Where the items of a file that is a list at the top are found."""


class _Duplicate(ValueError):
    """A key stands twice in one object."""


def read_json(data: bytes) -> Document:
    """The object in a JSON file; a list at the top is read as ``{"entries": [...]}``.

    Lists become tuples. Numbers keep their JSON type.

    Raises:
        DocumentError: it can't be read.
    """
    text, bom = decode(data, MAX_FILE_BYTES, "a file")
    if not text.strip():
        raise DocumentError(Trouble("truncated", "the file is empty; its writer was interrupted"))
    _bound_depth(text)
    try:
        values = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_whole, parse_float=_real
        )
    except _Duplicate as error:
        line, column = position(text, _duplicate_offset(text))
        raise DocumentError(Trouble("duplicate-key", f"the key {error} stands twice", line, column)) from None
    except json.JSONDecodeError as error:
        raise DocumentError(_syntax(text, error)) from None
    except ValueError as error:
        raise DocumentError(Trouble("syntax", str(error))) from None
    values = _frozen(values)
    if isinstance(values, tuple):
        values = {LIST_KEY: values}
    if not isinstance(values, dict):
        raise DocumentError(Trouble("not-a-mapping", "the file holds no JSON object"))
    return Document(text=text, values=values, body_start=len(text), find_spans=_spans, trouble=bom)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise _Duplicate(key)
        values[key] = value
    return values


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _frozen(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {_sound(key): _frozen(item) for key, item in value.items()}
    return _sound(value) if isinstance(value, str) else value


def _sound(text: str) -> str:
    if _SURROGATE.search(text):
        raise DocumentError(Trouble("syntax", "half a surrogate pair in a string"))
    return text


def _bound_depth(text: str) -> None:
    """Count brackets outside strings: the C parser recurses, and must not be asked to go too deep."""
    depth = 0
    offset = 0
    while offset < len(text):
        offset = _STRUCTURE.match(text, offset).end()  # type: ignore[union-attr]
        if offset >= len(text):
            return
        depth += 1 if text[offset] in "[{" else -1 if text[offset] in "]}" else 0
        if text[offset] == '"':
            return  # An unterminated string: the parser will say so.
        if depth > MAX_DEPTH:
            line, column = position(text, offset)
            raise DocumentError(Trouble("too-deep", f"nested more than {MAX_DEPTH} deep", line, column))
        offset += 1


def _syntax(text: str, error: json.JSONDecodeError) -> Trouble:
    cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    if cut:
        return Trouble(
            "truncated", "the file ends in the middle; its writer was interrupted", error.lineno, error.colno
        )
    return Trouble("syntax", error.msg[0].lower() + error.msg[1:], error.lineno, error.colno)


class _Scanner:
    """Walks a text that is known to be valid JSON, and notes where each value stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: dict[Route, Span] = {}
        self.duplicate: int | None = None

    def value(self, offset: int, route: Route) -> int:
        """Note the value at an offset; the offset behind it."""
        offset = self._skip(offset)
        character = self.text[offset]
        if character == "{":
            end = self._object(offset, route)
        elif character == "[":
            end = self._array(offset, route)
        elif character == '"':
            end = scanstring(self.text, offset + 1, True)[1]
        else:
            match = _ATOM.match(self.text, offset)
            end = match.end() if match else offset + 1
        self.spans[route] = Span(offset, end, "json")
        return end

    def _skip(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset)
        return match.end() if match else offset

    def _object(self, offset: int, route: Route) -> int:
        offset = self._skip(offset + 1)
        while self.text[offset] != "}":
            key, after = scanstring(self.text, offset + 1, True)
            if (*route, key) in self.spans and self.duplicate is None:
                self.duplicate = offset
            offset = self._skip(self.value(self._skip(after) + 1, (*route, key)))
            if self.text[offset] == ",":
                offset = self._skip(offset + 1)
        return offset + 1

    def _array(self, offset: int, route: Route) -> int:
        offset = self._skip(offset + 1)
        index = 0
        while self.text[offset] != "]":
            offset = self._skip(self.value(offset, (*route, str(index))))
            index += 1
            if self.text[offset] == ",":
                offset = self._skip(offset + 1)
        return offset + 1


def _spans(text: str) -> Mapping[Route, Span]:
    scanner = _Scanner(text)
    top: Route = (LIST_KEY,) if text.lstrip(" \t\r\n").startswith("[") else ()
    scanner.value(0, top)
    return scanner.spans


def _duplicate_offset(text: str) -> int:
    scanner = _Scanner(text)
    with suppress(IndexError, ValueError):  # What stands behind the duplicate may be broken too.
        scanner.value(0, ())
    return scanner.duplicate or 0
