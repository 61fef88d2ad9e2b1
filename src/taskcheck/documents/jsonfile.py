"""Reads JSON ledgers strictly: what Python's reader lets pass or loses (NaN, duplicate keys) is an error."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from taskcheck.documents.document import Document, DocumentError, Trouble, Value, decode, trouble_at
from taskcheck.documents.expression import expression
from taskcheck.documents.jsonscan import MOST_DIGITS, refuse_deep, scan_json

if TYPE_CHECKING:
    from json import JSONDecoder

_MOST_BYTES = 16 * 1024 * 1024
_SURROGATE = expression(r"\\u[dD][89a-fA-F]")


def read_json(data: bytes) -> Document:
    """Return the document that the bytes hold: an object, or a list, which becomes the value of `entries`.

    Arrays are tuples, objects are dicts.

    Raises:
        DocumentError: the JSON cannot be read; the trouble says why, and at which line and column.
    """
    if len(data) > _MOST_BYTES:
        raise DocumentError(Trouble("too-large", f"the file is larger than {_MOST_BYTES // 1024**2} MiB"))
    text, bom = decode(data)
    refuse_deep(text)
    try:
        top = _frozen(_decoder().decode(text))
    except ValueError:
        _refuse(text)
    if _SURROGATE.search(text):
        scan_json(text)  # finds the surrogates without a partner, which Python's reader accepts
    if isinstance(top, tuple):
        top = {"entries": top}
    if not isinstance(top, dict):
        offset = len(text) - len(text.lstrip())
        raise trouble_at("not-a-mapping", "the file must contain an object or a list", text, offset)
    return Document(data, top, bom=bom, body_start=len(text), scan=scan_json, text=text)


def _refuse(text: str) -> NoReturn:
    """Raise the trouble of a text that Python's reader refused, found by our scanner, which knows places."""
    scan_json(text)
    raise DocumentError(Trouble("syntax", "not JSON"))


def _frozen(value: Any) -> Value:
    """Return the value with its lists, and those in them, as tuples; objects are frozen already."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Value]:
    """Return a JSON object, unless a key is there twice."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("duplicate key")
    for key, value in pairs:
        if isinstance(value, list):
            result[key] = _frozen(value)
    return result


def _integer(digits: str) -> int:
    """Return a whole number, unless it has so many digits that reading it is an attack."""
    if len(digits) > MOST_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _float(digits: str) -> float:
    """Return a number with a fraction or an exponent, unless it is beyond what a float can hold."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError("out of range")
    return number


def _constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which JSON doesn't have."""
    raise ValueError(name)


@cache
def _decoder() -> JSONDecoder:
    from json import JSONDecoder

    return JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
