"""The shapes that every reader in this package returns: a document, its values, their spans, its troubles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias, Union

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen

Value: TypeAlias = Union[str, int, float, bool, tuple["Value", ...], Mapping[str, "Value"], None]  # noqa: UP007 - runtime alias
"""A value as written. Front matter yields only text, None, tuples and mappings; JSON yields all of these."""

Route: TypeAlias = tuple[str, ...]
"""The way to a value: keys, and list positions as decimal strings, e.g. `("entries", "0", "slug")`."""

_BOM = "\ufeff"
_LINE_BREAK = expression(r"\r\n|\r|\n")


@frozen
class Trouble:
    """Why a document cannot be read, or what other readers would trip over.

    `kind` is one of: unterminated, conflict-markers, duplicate-key, byte-order-mark, not-utf-8, truncated,
    alias-or-tag, too-large, too-deep, syntax, not-a-mapping, misplaced; the file reader adds its own.
    `line` and `column` are 1-based and count characters.
    """

    kind: str
    message: str
    line: int = 1
    column: int = 1


class DocumentError(Exception):
    """A document that cannot be read; `trouble` says why and where."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble

    def __str__(self) -> str:
        trouble = self.trouble
        return f"{trouble.line}:{trouble.column}: {trouble.kind}: {trouble.message}"

    def in_file(self, path: object) -> str:
        """What is wrong, for people, with the file and the line."""
        return f"{path}:{self.trouble.line}: {self.trouble.message}"


class Refused(ValueError):
    """A change that can't be made exactly; the message says why, and nothing was changed."""

    def in_file(self, path: object) -> str:
        """Why it can't, with the file."""
        return f"{path}: {self}"


@frozen
class Span:
    """Where a value stands: `text[start:end]`, quotes and brackets included.

    `style` is plain, single, double, literal, folded, flow, block or json. A block scalar ends before its
    last line break, a block list or mapping with its last value; an empty value is an empty span after its
    `:` or `-`.
    """

    start: int
    end: int
    style: str


Scan: TypeAlias = Callable[[str], Mapping[Route, Span]]
"""Finds the spans of a document's text."""


class Document:
    """One ledger as read: decoded text, values, and on demand the exact span of each value. Never changes.

    Attributes:
        text: the decoded file without byte order mark, line ends untouched; all offsets count its characters.
        values: the front matter mapping, or the top-level JSON object.
        bom: whether the file began with a byte order mark.
        body_start: the offset where the body starts; `len(text)` for JSON.
        trouble: readable, but something that other readers would trip over; else None.
    """

    __slots__ = ("_anchored", "_data", "_lines", "_scan", "_spans", "_text", "body_start", "bom", "trouble", "values")

    values: Mapping[str, Value]
    bom: bool
    body_start: int
    trouble: Trouble | None

    def __init__(
        self,
        data: bytes,
        values: Mapping[str, Value],
        *,
        bom: bool,
        body_start: int,
        scan: Scan,
        text: str | None = None,
        anchored: bool = False,
    ) -> None:
        """Hold what was read: the bytes, from which the text is decoded each time, or the text where it is often used.

        One that is a part of its file is anchored: what isn't in it is shown where it begins.

        A hundred thousand files are held once so, not twice.
        """
        put = object.__setattr__
        put(self, "_data", data)
        put(self, "_text", text)
        put(self, "values", values)
        put(self, "bom", bom)
        put(self, "body_start", body_start)
        put(self, "trouble", _BYTE_ORDER_MARK if bom else None)
        put(self, "_scan", scan)
        put(self, "_spans", None)
        put(self, "_lines", None)
        put(self, "_anchored", anchored)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Document is immutable: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Document is immutable: {name}")

    def __repr__(self) -> str:
        return f"Document({len(self.text)} characters, keys {', '.join(self.values) or 'none'})"

    @property
    def text(self) -> str:
        """The decoded file."""
        text: str | None = self._text
        return decode(self._data)[0] if text is None else text

    @property
    def body(self) -> str:
        """The text after the front matter; empty for JSON."""
        return self.text[self.body_start :]

    def get(self, route: Route) -> Value:
        """Return the value at the route; None when there is none (or when it is null)."""
        value: Value = self.values
        for step in route:
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, tuple):
                value = _item(value, step)
            else:
                return None
        return value

    def span(self, route: Route) -> Span | None:
        """Return the exact span of the value at the route; None when the route isn't there."""
        return self._all_spans().get(route)

    def locate(self, route: Route) -> tuple[int, int]:
        """Return line and column (1-based, in characters) of the value at the route.

        When the route isn't there, those of the longest part of it that is; else where the document begins.
        """
        spans = self._all_spans()
        for length in range(len(route), 0, -1):
            span = spans.get(route[:length])
            if span is not None:
                return self._line_and_column(span.start)
        return self._line_and_column(spans[()].start) if self._anchored and () in spans else (1, 1)

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        """As `line_and_column`; the line starts are found once."""
        starts: tuple[int, ...] | None = self._lines
        if starts is None:
            starts = _line_starts(self.text)
            object.__setattr__(self, "_lines", starts)
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def _all_spans(self) -> Mapping[Route, Span]:
        """Scan the text for spans once; plain reading never pays for them."""
        spans: Mapping[Route, Span] | None = self._spans
        if spans is None:
            spans = self._scan(self.text)
            object.__setattr__(self, "_spans", spans)
        return spans

    _anchored: bool
    _data: bytes
    _text: str | None
    _scan: Scan
    _spans: Mapping[Route, Span] | None
    _lines: tuple[int, ...] | None


@lru_cache(maxsize=16)
def _line_starts(text: str) -> tuple[int, ...]:
    """Return where the lines of a text begin: once for all documents of a file that holds many."""
    return (0, *(found.end() for found in _LINE_BREAK.finditer(text)))


def _item(items: tuple[Value, ...], step: str) -> Value:
    """Return the item whose position is written exactly so; None when there is none."""
    if not (step.isascii() and step.isdecimal() and len(step) < 10 and str(int(step)) == step):
        return None
    return items[int(step)] if int(step) < len(items) else None


def entries(value: Value) -> Iterator[tuple[str, str | None, Value]]:
    """Yield what a list or a map holds: the step that leads to each entry, its key in a map, and the entry itself."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield key, key, entry
    elif isinstance(value, tuple):
        for position, entry in enumerate(value):
            yield str(position), None, entry


_BYTE_ORDER_MARK = Trouble(
    "byte-order-mark", "a UTF-8 byte order mark hides the first line from other readers; save without it"
)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    r"""Return the 1-based line and column of a character offset; lines end with \n, \r\n or \r."""
    line, line_start = 1, 0
    for line_break in _LINE_BREAK.finditer(text, 0, offset):
        line, line_start = line + 1, line_break.end()
    return line, offset - line_start + 1


def trouble_at(kind: str, message: str, text: str, offset: int) -> DocumentError:
    """Return the error, ready to raise, for a trouble at a character offset of the text."""
    return DocumentError(Trouble(kind, message, *line_and_column(text, offset)))


def decode(data: bytes) -> tuple[str, bool]:
    """Return the text of UTF-8 bytes without their byte order mark, and whether there was one.

    Raises:
        DocumentError: not-utf-8, at the first bad byte.
    """
    bom = data.startswith(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise DocumentError(Trouble("not-utf-8", "the file looks like UTF-16; save it as UTF-8"))
    try:
        return (data[3:] if bom else data).decode(), bom
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode()
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise trouble_at("not-utf-8", message, good, len(good)) from None


def encode(text: str, *, bom: bool) -> bytes:
    """The UTF-8 bytes of a text, with a byte order mark or without; what `decode` takes apart."""
    return f"{_BOM if bom else ''}{text}".encode()
