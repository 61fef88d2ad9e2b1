"""Lines of text before they are wrapped and coloured: for the report on a terminal and the operator's view."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.formats.cells import cells

STYLES = {
    "error": "1;31",  # bold, red
    "warning": "33",  # yellow
    "info": "36",  # cyan
    "subject": "1",  # bold
    "rule": "35",  # magenta
    "place": "34",  # blue
    "dim": "2",
    "good": "32",  # green
}
"""The kinds of segments, each with its attributes in a terminal's SGR sequence: the eight colours of every terminal."""

Segment = tuple[str, str]
"""A text, and what it is: a key of `STYLES`, or nothing."""

_WORD = expression(r"\S+\s*")

NO_LINKS: Mapping[str, str] = MappingProxyType({})


@frozen
class Line:
    """One line before it is wrapped: how far it is indented, and its segments with their kinds."""

    indent: int
    segments: tuple[Segment, ...]
    hang: int = 0
    """How much further its continuation is indented where it is wrapped."""
    whole: bool = False
    """Whether it is never wrapped: a command that is to be copied."""

    @property
    def plain(self) -> str:
        """The line without styles."""
        return " " * self.indent + "".join(text for text, _ in self.segments)


def plain_text(lines: Iterable[Line]) -> str:
    """Return the lines without styles, as they would be in a file."""
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def styled(lines: Iterable[Line], width: int | None, urls: Mapping[str, str] = NO_LINKS, *, colour: bool = True) -> str:
    """Return the lines in the colours that every terminal has, wrapped where there is a width.

    Args:
        lines: the lines.
        width: columns of the terminal; None leaves the lines as long as they are.
        urls: pages of rules, which their names lead to.
        colour: whether they are coloured at all.
    """
    shown = []
    for line in lines:
        rows = wrapped(line, width) if width and not line.whole else (line,)
        shown += [_painted(row, urls) if colour else f"{row.plain.rstrip()}\n" for row in rows]
    return "".join(shown)


def _painted(row: Line, urls: Mapping[str, str]) -> str:
    parts = [_painted_segment(text, kind, urls) for text, kind in row.segments]
    return " " * row.indent + "".join(parts).rstrip() + "\n"


def _painted_segment(text: str, kind: str, urls: Mapping[str, str]) -> str:
    if not kind:
        return text
    shown = f"\x1b[{STYLES[kind]}m{text}\x1b[0m" if text else ""
    url = urls.get(text.rstrip(": ")) if kind == "rule" else None
    return f"\x1b]8;;{url}\x1b\\{shown}\x1b]8;;\x1b\\" if url else shown


def wrapped(line: Line, width: int) -> Iterator[Line]:
    """Yield a line as rows that fit into so many columns, broken between words; a longer word is a row of its own.

    A path that the terminal itself breaks is still one that can be clicked, and copied.
    """
    room = max(6, width - line.indent - line.hang)
    if cells(line.plain) <= line.indent + room:
        yield line
        return
    text = "".join(segment for segment, _ in line.segments)
    breaks = _breaks(text, room)
    for number, (start, end) in enumerate(zip([0, *breaks], [*breaks, len(text)], strict=True)):
        indent = line.indent + line.hang if number else line.indent
        row = text[start:end].rstrip()
        # What a row begins with, a CI log would read as a command.
        escaped: tuple[Segment, ...] = (("\\", ""),) if row.lstrip().startswith("::") else ()
        yield Line(indent, (*escaped, *_cut(line.segments, start, start + len(row))))


def _breaks(text: str, room: int) -> list[int]:
    """Return where a text is broken into rows of so many columns: where words begin."""
    breaks = []
    used = 0
    for word in _WORD.finditer(text):
        if used and used + cells(word[0].rstrip()) > room:
            breaks.append(word.start())
            used = 0
        used += cells(word[0])
    return breaks


def _cut(segments: Iterable[Segment], start: int, end: int) -> Iterator[Segment]:
    """Yield the segments of a row, by where in the line it begins and ends."""
    at = 0
    for text, kind in segments:
        piece = text[max(0, start - at) : max(0, end - at)]
        at += len(text)
        if piece:
            yield piece, kind
