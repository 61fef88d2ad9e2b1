"""A document that was read: its values as written, and where in the text each of them stands."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, Union

Value: TypeAlias = Union[str, int, float, bool, "tuple[Value, ...]", "Mapping[str, Value]", None]
"""What a document holds. Front matter only yields text, None, tuples and mappings; JSON all of them."""

Route: TypeAlias = tuple[str, ...]
"""Where in a document a value stands: keys, and positions in lists as decimal numbers."""

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a document can't be read, or what other readers of it would trip over."""

    kind: str
    """A word for it: ``unterminated``, ``duplicate-key``, ``not-utf-8`` …"""
    message: str
    line: int = 1
    column: int = 1


class DocumentError(Exception):
    """The document can't be read; ``trouble`` says why and where."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"line {trouble.line}: {trouble.message}")
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: character offsets into the document's text, and how it is written."""

    start: int
    end: int
    style: str
    """``plain``, ``single``, ``double``, ``literal``, ``folded``, ``flow``, ``block`` or ``json``."""


Spans: TypeAlias = Mapping[Route, Span]


@dataclass(frozen=True)
class Document:
    """A text with the values that were read from it; spans are looked for when they are first asked for."""

    text: str
    """Decoded, a byte order mark removed, line ends untouched."""
    values: Mapping[str, Value]
    body_start: int
    """Offset at which the Markdown after the front matter begins; the text's length for JSON."""
    find_spans: Callable[[str], Spans] = field(repr=False, compare=False)
    trouble: Trouble | None = None
    """Set when the values could be read, but other readers would trip over the file."""

    @cached_property
    def spans(self) -> Spans:
        """The span of every value, by route."""
        return self.find_spans(self.text)

    @property
    def bom(self) -> bool:
        """Whether the file began with a byte order mark."""
        return self.trouble is not None and self.trouble.kind == "byte-order-mark"

    @property
    def body(self) -> str:
        """The Markdown after the front matter."""
        return self.text[self.body_start :]

    def span(self, route: Route) -> Span | None:
        """Where a value stands; None when there is none at this route."""
        return self.spans.get(route)

    def locate(self, route: Route) -> tuple[int, int]:
        """Line and column, from 1, of a value, else of the longest part of its route that exists, else (1, 1)."""
        for length in range(len(route), 0, -1):
            span = self.spans.get(route[:length])
            if span is not None:
                return position(self.text, span.start)
        return 1, 1


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character offset."""
    breaks = list(_LINE_BREAK.finditer(text, 0, offset))
    start = breaks[-1].end() if breaks else 0
    return len(breaks) + 1, offset - start + 1


def decode(data: bytes, limit: int, what: str) -> tuple[str, Trouble | None]:
    """The text of a UTF-8 file, its byte order mark removed and told of.

    Raises:
        DocumentError: not UTF-8, or more bytes than the limit.
    """
    if len(data) > limit:
        raise DocumentError(Trouble("too-large", f"{what} of {len(data):,} bytes; {limit:,} are read at the most"))
    bom = None
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        bom = Trouble("byte-order-mark", "the file starts with a byte order mark; save it as UTF-8 without one")
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(Trouble("not-utf-8", "the file is UTF-16; save it as UTF-8"))
    try:
        return data.decode("utf-8"), bom
    except UnicodeDecodeError as error:
        line, column = position(data[: error.start].decode("utf-8"), len(data[: error.start].decode("utf-8")))
        byte = data[error.start]
        message = f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        raise DocumentError(Trouble("not-utf-8", message, line, column)) from error
