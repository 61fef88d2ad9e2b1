"""The versions of a file whose front matter is merged: their lines, whose these are, and what changed in them."""

from collections.abc import Collection, Iterator, Mapping

from taskcheck.documents.document import Document, Value
from taskcheck.documents.linediff import Change, changes, lines_of
from taskcheck.documents.shape import Shape


class Side:
    """One version of the file: its lines, and which of them are whose."""

    def __init__(self, text: str, *, shape: Shape) -> None:
        self.lines = lines_of(text)
        self.document = shape.read(text.encode())
        self.keys: dict[str, range] = dict(_key_lines(self.document, shape)) if self.document else {}

    @property
    def values(self) -> Mapping[str, Value]:
        """The front matter's values."""
        return self.document.values if self.document else {}

    def touched(self, start: int, end: int) -> set[str]:
        """Return the keys that have some of these lines."""
        return {key for key, lines in self.keys.items() if lines.start < end and start < lines.stop}

    def alone(self, key: str) -> bool:
        """Return whether no other key has a line of a key's."""
        lines = self.keys[key]
        return self.touched(lines.start, lines.stop) == {key}

    def text_of(self, key: str) -> str:
        """Return the lines of a key."""
        lines = self.keys[key]
        return "".join(self.lines[lines.start : lines.stop])

    def around(self, key: str) -> tuple[str, str]:
        """Return what stands in the line of a key's value, before it and behind it."""
        span = self.document.span((key,)) if self.document else None
        if self.document is None or span is None:
            return "", ""
        text = self.document.text
        return text[: span.start].rpartition("\n")[2], text[span.end :].partition("\n")[0]

    def beside(self, key: str) -> str:
        """Return what follows a key's value in its line: a comment, as a rule."""
        if self.document is None or key not in self.keys:
            return ""
        span = self.document.span((key,))
        return "" if span is None else self.document.text[span.end :].partition("\n")[0].strip()


def _key_lines(document: Document, shape: Shape) -> Iterator[tuple[str, range]]:
    """Yield each key with its lines, from the one with its name to the last one of its value."""
    floor = line = at = 0
    text = document.text
    for key in document.values:
        span = document.span((key,))
        if span is None:
            continue
        line += text.count("\n", at, span.start)
        at = span.start
        first = line
        last = first + text.count("\n", span.start, max(span.start, span.end - 1))
        end = span.start
        start = text.rfind("\n", 0, end) + 1
        while first > floor and not shape.has_name(key, text[start:end]):
            first -= 1
            end = start - 1
            start = text.rfind("\n", 0, end) + 1
        yield key, range(first, last + 1)
        floor = last


def shared(base: Side, theirs: Side, keys: Collection[str]) -> tuple[list[Change], set[str]]:
    """Return the changes that some keys have lines in, with those of the keys that these touch too, and all the keys.

    Raises:
        Incomparable: the sides can't be compared.
    """
    touched = set(keys)
    waiting = changes(base.lines, theirs.lines)
    chosen: list[Change] = []
    while True:
        found = [change for change in waiting if touched & _touched_by(change, base, theirs)]
        if not found:
            return sorted(chosen), touched
        for change in found:
            waiting.remove(change)
            touched |= _touched_by(change, base, theirs)
        chosen += found


def _touched_by(change: Change, base: Side, theirs: Side) -> set[str]:
    """Return the keys with a line in a change, on either side."""
    return base.touched(change.start, change.end) | theirs.touched(change.other_start, change.other_end)
