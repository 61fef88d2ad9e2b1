"""Reads front matter as written: every scalar stays the text it is, and what can't be read is told with its place.

Two ways to one answer: a line reader for the plain subset that nearly all task files keep to, and libyaml's events,
through python-frontmatter's handler interface, for all the rest.
"""

import re
from functools import partial
from typing import Any

from taskcheck.documents.document import Document, DocumentError, Spans, Trouble, Value, decode, position

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_BLOCK_CHARACTERS = 64 * 1024
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain scalars that mean nothing is there (YAML 1.1, 10.2.1.2)."""

_FENCE = re.compile(r"---[ \t]*(?:\r\n|\n|\r|\Z)")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_CLOSING_AFTER_CR = re.compile(r"(?:(?<=\n)|(?<=\r))(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)")
_MISPLACED = re.compile(
    r"(?:[ \t]*(?:\#[^\r\n]*)?(?:\r\n|\n|\r))+(?P<fence>---[ \t]*(?:\r\n|\n|\r))[A-Za-z_][\w-]*:(?:[ \t\r\n]|\Z)"
)
_CONFLICT = re.compile(r"(?:\A|(?<=\n)|(?<=\r))(?:<{7} |={7}(?=[\r\n]|\Z)|>{7} )")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

_KEY = re.compile(r"[A-Za-z_][\w-]*\Z")
_ITEM = re.compile(r"( *)- +(\S.*)")
_WORD = re.compile(r"[A-Za-z0-9_][\w./-]*\Z")
_BEYOND_SUBSET = re.compile("[\t\r\x85\u2028\u2029\ufeff]")
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
"""Characters that no plain scalar begins with (YAML 1.1, 5.3), but for a few that need a look at the next one."""


def read_front_matter(data: bytes, *, at_names: bool = False) -> Document | None:
    """The front matter of a Markdown file, or None when it has none.

    Args:
        data: the file's bytes.
        at_names: whether an unquoted ``@name`` is a legal scalar, as Backlog.md writes them.

    Returns:
        A document whose values are text, None, tuples or mappings; with ``trouble`` set where the file begins with
        a byte order mark, for which most readers see no front matter.

    Raises:
        DocumentError: there is front matter, and it can't be read.
    """
    text, bom = decode(data, MAX_FILE_BYTES, "a file")
    fence = _FENCE.match(text)
    if fence is None:
        _refuse_hidden(text)
        return None
    closing = _CLOSING_AFTER_CR.search(text, fence.end() - 1) if "\r" in text else _CLOSING.search(text, fence.end())
    end = closing.start() if closing else len(text)
    block = text[fence.end() : end]
    _refuse(text, fence.end(), block)
    if closing is None:
        raise DocumentError(Trouble("unterminated", "the front matter has no closing --- line"))
    values = _read_subset(block, at_names)
    if values is None:
        values, _ = _read_events(text, start=fence.end(), end=end, at_names=at_names)
    find_spans = partial(_spans, start=fence.end(), end=end, at_names=at_names)
    return Document(text=text, values=values, body_start=closing.end(), find_spans=find_spans, trouble=bom)


def _refuse_hidden(text: str) -> None:
    """Tell of front matter that isn't at the top, where every reader looks for it."""
    if text.startswith("<<<<<<< "):
        raise DocumentError(Trouble("conflict-markers", "the file begins with a conflict marker; resolve the merge"))
    if text[:64].count("\0"):
        raise DocumentError(Trouble("not-utf-8", "the file holds NUL characters; save it as UTF-8 text"))
    match = _MISPLACED.match(text)
    if match and _CLOSING.search(text, match.end()):
        line, column = position(text, match.start("fence"))
        message = f"the front matter starts on line {line}; remove what stands before it"
        raise DocumentError(Trouble("misplaced", message, line, column))


def _refuse(text: str, start: int, block: str) -> None:
    """Tell of what no block may hold, before any parser sees it."""
    conflict = _CONFLICT.search(block)
    if conflict:
        _raise(text, start + conflict.start(), "conflict-markers", "conflict markers; resolve the merge")
    if len(block) > MAX_BLOCK_CHARACTERS:
        message = f"front matter of {len(block):,} characters; {MAX_BLOCK_CHARACTERS:,} are read at the most"
        raise DocumentError(Trouble("too-large", message))
    control = _CONTROL.search(block)
    if control:
        code = ord(control[0])
        _raise(text, start + control.start(), "syntax", f"control character U+{code:04X}; remove it")


def _raise(text: str, offset: int, kind: str, message: str) -> None:
    line, column = position(text, offset)
    raise DocumentError(Trouble(kind, message, line, column))


def _read_subset(block: str, at_names: bool) -> dict[str, Value] | None:
    """The values of a block of plain ``key: value`` lines and simple lists; None for any other, or when in doubt."""
    if _BEYOND_SUBSET.search(block):
        return None
    values: dict[str, Value] = {}
    listed: str | None = None
    items: list[Value] = []
    indent = ""
    for line in block.split("\n"):
        key, colon, rest = line.partition(":")
        if colon and key not in values and _KEY.match(key) and (not rest or rest[0] == " "):
            written = rest.strip(" ")
            if written:
                value = _simple(written, at_names)
                if value is _DOUBT:
                    return None
                listed, values[key] = None, value
            else:
                listed, items, values[key] = key, [], None
        elif (match := _ITEM.match(line)) and listed is not None and (not items or match[1] == indent):
            value = _simple(match[2].rstrip(" "), at_names)
            if value is _DOUBT or isinstance(value, tuple):
                return None
            indent = match[1]
            items.append(value)
            values[listed] = tuple(items)
        elif line.strip(" "):
            return None
    return values


_DOUBT = object()
"""The value of a scalar that the subset leaves to libyaml."""


def _simple(written: str, at_names: bool) -> Any:
    """The value of a scalar, or a flow list of words, that stands on one line; or doubt."""
    first = written[0]
    if first in _INDICATORS and not (first == "@" and at_names):
        return _quoted_or_listed(written, first)
    if ": " in written or " #" in written or written[-1] == ":":
        return _DOUBT
    return None if written in NULLS else written


def _quoted_or_listed(written: str, first: str) -> Any:
    inner = written[1:-1]
    if first == "'" == written[-1] and len(written) > 1 and "'" not in inner:
        return inner
    if first == '"' == written[-1] and len(written) > 1 and '"' not in inner and "\\" not in inner:
        return inner
    if first == "[" and written[-1] == "]":
        words = [word.strip(" ") for word in inner.split(",")] if inner.strip(" ") else []
        if all(map(_WORD.match, words)):
            return tuple(None if word in NULLS else word for word in words)
    return _DOUBT


def _read_events(text: str, *, start: int, end: int, at_names: bool) -> tuple[dict[str, Value], Spans]:
    from taskcheck.documents.events import parse  # noqa: PLC0415 - libyaml, only where the subset doesn't fit

    return parse(text, start, end, at_names=at_names)


def _spans(text: str, *, start: int, end: int, at_names: bool) -> Spans:
    return _read_events(text, start=start, end=end, at_names=at_names)[1]
