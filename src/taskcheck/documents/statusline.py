"""Reads and sets what a Markdown file says of its task in lines of its text: ``Status: review``, ``**Owner:** ana``.

A line is plain, a heading, an item of a list or a quotation; its label and its value may be bold. A bold label further
on in a line ends the value before it, and has a value of its own if the line begins with a bold one, too. A heading
``Status`` by itself has its value in the next line that isn't empty. Of several values of one label the first counts;
code and comments have none. The first heading of the first level is the title, a colon in it or not:
``# FIX-1: Repair it``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskcheck.documents.document import (
    Document,
    DocumentError,
    Refused,
    Route,
    Span,
    Trouble,
    Value,
    decode,
    encode,
    trouble_at,
)
from taskcheck.documents.expression import expression
from taskcheck.documents.fences import find_fences
from taskcheck.documents.letters import is_of_word

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

MOST_BYTES = 8 * 1024 * 1024

MOST_CHARACTERS = 16 * 1024
"""Of the text: what a task is called and where it stands is said at its top."""

LISTS = frozenset({"depends_on", "dependencies", "blocked_by"})
"""Labels of what a task depends on, each task between commas."""

MOST_WORDS = 2
"""Of what may name a task in a line of text: ``Task 7`` does."""

_LINE = expression(r"[^\r\n]*+(?:\r\n|\r|\n)?+")
_LABELLED = expression(
    r"(?P<lead>[ \u200b\ufeff]{0,3}(?:\#{1,6}[ \t]++|[-*+][ \t]++|>[ \t]*+)?)"
    r"(?P<mark>\*\*|__)?(?P<label>[A-Za-z][A-Za-z0-9_-]*+(?:[ ][A-Za-z0-9_-]++){0,3})"
    r"(?P<end>(?:\*\*|__)?[ \t]*+:(?:\*\*|__)?)[ \t]*+(?P<value>[^\r\n]*+)"
)
_FURTHER = expression(
    r"(?<=[ \t])(?P<mark>\*\*|__)(?P<label>[A-Za-z][A-Za-z-]*+(?:[ _][A-Za-z-]++){0,3})"
    r"(?:(?P<colon>(?P=mark)[ \t]*+:|:(?P=mark))[ \t]*+|[ \t]*+\Z)"
)
"""A bold label behind another value, ``**Status:** done **Owner:** ana``, or its words before a line break."""

_TITLE = expression(r"\#[ \t]++(?P<title>[^\r\n]*+)")
_BARE_HEADING = expression(r"\#{1,6}[ \t]++(?P<label>[Ss][Tt][Aa][Tt][Uu][Ss])[ \t]*+")
_COMMENT, _COMMENT_END = expression(r" {0,3}<!--"), "-->"
_FENCE = expression(r" {0,3}(?P<mark>`{3,}|~{3,})")
_REMARK = expression(r"[(\[<;,]|(?<=[ \t])[-#\u2013\u2014](?=[ \t])")
"""What follows a status in its line and is none of it."""

_NOTE = expression(r"[ \t]\([^()]*\)")
"""A remark behind the name of a task, which may have commas."""

_PAIR = expression(r"\s*(?P<one>[^\s\d_-]*[\d_-]\S*)\s+(?:and|&)\s+(?P<other>[^\s\d_-]*[\d_-]\S*)\s*")
"""Two words with a digit, a dash or a line in each, as ids have."""

_CONFLICT = "<<<<<<< "
_MARKUP = "*_`~"
_BETWEEN = "|\u00b7\u2022"
"""What may stand between a value and a further label."""

_AROUND_NAMES = f" \t{_MARKUP}[]."


def read_status_lines(data: bytes) -> Document | None:
    """Return the document that the bytes hold: label to value, and `title`; None where no line says a status.

    Labels are lower case, with `_` between their words: `Depends on` is `depends_on`. Values are text; a list is one
    value as it is written, but for what it depends on: its items stand between commas; neither a remark in brackets
    nor a sentence is one.

    Raises:
        DocumentError: too-large, not-utf-8, conflict-markers, and those of front matter above the text.
    """
    if len(data) > MOST_BYTES:
        raise DocumentError(Trouble("too-large", f"the file is larger than {MOST_BYTES // 1024**2} MiB"))
    if b"tatus" not in data and b"TATUS" not in data:
        return None
    text, bom = decode(data)
    found = _found(text)
    if "status" not in found:
        return None
    values: dict[str, Value] = {}
    for key, span in found.items():
        values[key] = _value(key, text[span.start : span.end])
    return Document(data, values, bom=bom, body_start=len(text), scan=_scan)


def _value(key: str, written: str) -> Value:
    """Return what a line says under its label."""
    if not written:
        return None
    if key == "status":
        return without_marks(written)
    if key not in LISTS:
        return written
    names = (name.strip(_AROUND_NAMES) for item in _NOTE.sub("", written).split(",") for name in _named(item))
    return tuple(name for name in names if _may_be_task(name))


def _named(item: str) -> tuple[str, ...]:
    """Return the names between two commas: two of ``ASK-1 and ASK-2``, which are no words of a sentence."""
    pair = _PAIR.fullmatch(item)
    return (pair["one"], pair["other"]) if pair else (item,)


def without_marks(status: str) -> str:
    """Return the words of a status, ``Done`` of ``✅ Done``: who sets another one replaces the mark with them.

    ``Done?`` stays as it is: who asks doesn't say so.
    """
    words = [at for at, character in enumerate(status) if is_of_word(character)]
    if not words or "?" in status[words[-1] :]:
        return status
    return status[words[0] : words[-1] + 1]


def _may_be_task(name: str) -> bool:
    """Return whether an item of a list of dependencies names a task: a sentence doesn't, nor does ``none``."""
    is_said = bool(name) and spelled(name) not in {"none", "n/a", "-"}
    return is_said and len(name.split()) <= MOST_WORDS


def spelled(label: str) -> str:
    """Return the key that a label is: ``Depends on`` is ``depends_on``."""
    return label.strip().lower().replace(" ", "_").replace("-", "_")


def _scan(text: str) -> Mapping[Route, Span]:
    """Return the span of each value."""
    spans: dict[Route, Span] = {(key,): span for key, span in _found(text).items()}
    return spans


def _found(text: str) -> dict[str, Span]:
    """Return where the value of each label stands, in the order of the lines.

    Raises:
        DocumentError: conflict-markers, or the front matter above the text never ends.
    """
    fences = find_fences(text) if text.startswith("---") else None
    found: dict[str, Span] = {}
    at = fences.body_start if fences else 0
    end = min(len(text), at + MOST_CHARACTERS)
    code = ""
    awaited = ""
    while at < end:
        line = _LINE.match(text, at)
        if line is None or line.end() == at:
            break
        written = text[at : line.end()].rstrip("\r\n")
        if written.startswith(_CONFLICT):
            message = "a merge left its conflict markers here; settle the conflict and delete them"
            raise trouble_at("conflict-markers", message, text, at)
        code, is_code = _code(code, written)
        if not is_code:
            awaited = _take(found, awaited, written, at)
        at = line.end()
    return found


def _code(code: str, line: str) -> tuple[str, bool]:
    """Return the mark under which code or a comment goes on after a line; and whether the line is of one.

    A comment that begins a line ends with the line that closes it, empty lines or not (CommonMark 0.31, 4.6).
    """
    if code == _COMMENT_END or (not code and _COMMENT.match(line)):
        return ("" if _COMMENT_END in line else _COMMENT_END), True
    fence = _FENCE.match(line)
    if not code:
        return (fence["mark"], True) if fence else ("", False)
    closes = fence is not None and fence["mark"].startswith(code) and not line.strip(" `~")
    return ("" if closes else code), True


def _take(found: dict[str, Span], awaited: str, line: str, at: int) -> str:
    """Take what a line says into what was found; return the label whose value is to come in the next line."""
    if not line.strip():
        return awaited
    if awaited:
        found.setdefault(awaited, _trimmed(line, 0, len(line), awaited, at))
        return ""
    if _BARE_HEADING.fullmatch(line):
        return "status"
    labelled = _LABELLED.fullmatch(line)
    key = spelled(labelled["label"]) if labelled is not None else ""
    title = _TITLE.match(line)
    if title is not None and key != "status" and "title" not in found:
        found["title"] = _trimmed(line, title.start("title"), len(line), "title", at)
    elif labelled is not None:
        for name, start, end in _labels(line, labelled):
            found.setdefault(name, _trimmed(line, start, end, name, at))
    return ""


def _labels(line: str, labelled: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield what a line has under its label, and under each further one if the first is bold: key, start and end."""
    key, start = spelled(labelled["label"]), labelled.start("value")
    for further in _FURTHER.finditer(line, start):
        before = line[start : further.start()].rstrip(f" \t{_BETWEEN}")
        if not before.strip(_MARKUP):
            continue  # a value that looks like a label: `Status: **Blocked:** no key`
        yield key, start, start + len(before)
        if labelled["mark"] is None or further["colon"] is None:
            return
        key, start = spelled(further["label"]), further.end()
    yield key, start, len(line)


def _trimmed(line: str, start: int, end: int, key: str, at: int) -> Span:
    """Return the span of a value in its line, without markup around it; a status has no remark behind it, either."""
    end = start + len(line[start:end].rstrip(f" \t{_MARKUP}"))
    while start < end and line[start] in f" \t{_MARKUP}":
        start += 1
    if key == "status":
        remark = _REMARK.search(line, start, end)
        if remark is not None:
            end = max(start, remark.start())
            end = start + len(line[start:end].rstrip(f" \t{_MARKUP}"))
    return Span(at + start, at + max(start, end), "plain")


def set_status_lines(data: bytes, changes: Mapping[Route, str]) -> bytes:
    """Return the file with some values set; one whose label isn't there gets a line below that of the status.

    The result is read again and compared: exactly the named values are other than they were.

    Raises:
        DocumentError: the file can't be read.
        Refused: it can't be done exactly.
    """
    document = read_status_lines(data)
    if document is None:
        raise Refused("no line says a status")
    for route, value in reversed(list(changes.items())):  # a new line stands above those that were added before
        document = _set(document, route, value)
    return encode(document.text, bom=document.bom)


def _set(document: Document, route: Route, value: str) -> Document:
    """Return the document with one value set."""
    name = ".".join(route)
    if len(route) != 1 or not value.isprintable() or value != value.strip(f" {_MARKUP}"):
        raise Refused(f"{name} can't be {value!r} in a line of text")
    if isinstance(document.get(route), tuple):
        raise Refused(f"{name} is no single value")
    span = document.span(route)
    text = document.text
    changed = _below_status(document, route[0], value) if span is None else _spliced(text, span, value)
    after = read_status_lines(encode(changed, bom=document.bom))
    if after is None or dict(after.values) != {**document.values, route[0]: value}:
        raise Refused(f"{name} can't be set to {value!r} without changing the text around it")
    return after


def _spliced(text: str, span: Span, value: str) -> str:
    """Return the text with another value at a place; behind a label without one, after a space."""
    gap = " " if span.start == span.end and text[: span.start].endswith((":", "*", "_")) else ""
    return f"{text[: span.start]}{gap}{value}{text[span.end :]}"


def _below_status(document: Document, key: str, value: str) -> str:
    """Return the text with a new line in the form of that of the status: below it, or below its paragraph.

    The status has a paragraph of its own below a heading, and shares one with the labels that follow in its line.
    """
    text = document.text
    status = document.span(("status",))
    if status is None or spelled(key) != key:
        raise Refused(f"{key} isn't there, and no line can be added for it")
    start = max(text.rfind("\n", 0, status.start), text.rfind("\r", 0, status.start)) + 1
    line = _LINE.match(text, start)
    end = line.end() if line else status.end
    line_break = "\r\n" if text[start:end].endswith("\r\n") else "\n"
    written = text[start:end].rstrip("\r\n")
    new = f"{_form(written, key.replace('_', ' ').capitalize())} {value}"
    if _FURTHER.search(written, status.end - start) is not None:
        end = _paragraph_end(text, end)
        lines = [text[start:end].rstrip("\r\n"), "", new]
    elif _LABELLED.fullmatch(written) is None:
        lines = [written, "", new]
    else:
        above = text[:start].removesuffix(line_break).rpartition(line_break)[2]
        own_break = _hard_break(written)
        lines = [written if own_break else f"{written}{_hard_break(above)}", f"{new}{own_break}"]
    return f"{text[:start]}{line_break.join(lines)}{line_break}{text[end:]}"


def _paragraph_end(text: str, at: int) -> int:
    """Return where the paragraph ends of which a line ends at a place: before an empty line, or at the end."""
    line = _LINE.match(text, at)
    while line is not None and line[0].strip():
        at = line.end()
        line = _LINE.match(text, at)
    return at


def _form(line: str, label: str) -> str:
    """Return a label as that of a line is written: ``- **Owner:**`` as ``- **Status:**``; a plain one for a heading."""
    like = _LABELLED.fullmatch(line)
    if like is None or "#" in like["lead"]:
        return f"{label}:"
    lead = like["lead"].lstrip("\u200b\ufeff")
    mark = like["mark"] or ""
    if mark not in like["end"]:  # it is closed behind the value: `**Status: todo**`
        return f"{lead}{label}:"
    return f"{lead}{mark}{label}{like['end']}"


def _hard_break(line: str) -> str:
    """Return the two spaces at the end of a line of Markdown that keep the next one apart from it; empty for none."""
    return "  " if line.strip() and line.endswith("  ") else ""
