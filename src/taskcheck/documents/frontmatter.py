"""Reads the YAML front matter of a Markdown file, strictly: every value as written, every doubt an error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from taskcheck.documents.document import Document, DocumentError, Route, Span, Trouble, Value, decode
from taskcheck.documents.fences import find_fences, refuse_conflict, refuse_hidden
from taskcheck.documents.plain import read_plain, scan_plain

if TYPE_CHECKING:
    from taskcheck.documents.shape import Fence

_MOST_BYTES = 8 * 1024 * 1024
_STARTS = (b"---", b"\xef\xbb\xbf---", b"\xff\xfe", b"\xfe\xff")


def read_front_matter(data: bytes, *, at_names: bool = False, fence: Fence = "line") -> Document | None:
    """Return the document that the bytes hold; None when they are Markdown without front matter.

    Scalars stay text as written (`011`, `no`, `2026-01-01`); an empty one, `~` and `null` are None; sequences
    are tuples, mappings are dicts. With `at_names`, an unquoted `@name` is a value too, as in Backlog.md; with the
    fence `start`, a line that begins with `---` closes the block, whatever follows in it.

    Raises:
        DocumentError: the front matter cannot be read; the trouble says why, and at which line and column.
    """
    if len(data) > _MOST_BYTES:
        raise DocumentError(Trouble("too-large", f"the file is larger than {_MOST_BYTES // 1024**2} MiB"))
    if not data.startswith(_STARTS) and b"\0" not in data[:4]:
        refuse_hidden(data.decode("utf-8", "replace").removeprefix("\ufeff"))
        return None
    text, bom = decode(data)
    fences = find_fences(text, fence)
    if fences is None:
        return None
    values = read_plain(text, fences.start, fences.end, at_names=at_names)
    if values is not None:
        scan = partial(_scan_plain, fences.start, fences.end, at_names)
    else:
        refuse_conflict(text, fences)
        values = _read_events(text[: fences.body_start], at_names=at_names)
        scan = partial(_scan_events, fences.end, at_names)
    return Document(data, values, bom=bom, body_start=fences.body_start, scan=scan)


def _read_events(text: str, *, at_names: bool) -> dict[str, Value]:
    """Return the values of `text`, a file up to its body; most runs need no YAML library at all."""
    from taskcheck.documents.events import read_events

    return read_events(text, at_names=at_names)


def _scan_plain(start: int, end: int, at_names: bool, text: str) -> dict[Route, Span]:
    """Return the spans of the plain values between the fences of `text`."""
    return scan_plain(text, start, end, at_names=at_names)


def _scan_events(end: int, at_names: bool, text: str) -> dict[Route, Span]:
    """Return the spans of the values of `text`, of which the closing fence begins at `end`."""
    from taskcheck.documents.events import scan_events

    return scan_events(text[:end], at_names=at_names)
