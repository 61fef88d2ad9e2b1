"""The full reader: front matter as bounded YAML events, so that scalars keep their text and their place.

Events, not PyYAML's constructors: those turn `011` into 9 and `no` into False, crash on deep nesting, and
expand aliases without bound. Offsets count from the opening fence, which is the file's first line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, cast

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler

from taskcheck.documents.document import DocumentError, Route, Span, Trouble, Value, trouble_at
from taskcheck.documents.expression import expression
from taskcheck.documents.fences import CLOSE, find_fences
from taskcheck.documents.yamlerrors import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NODES = 100_000
MOST_OF_FILE = 300_000
"""Values of a whole file, which holds many tasks."""

MOST_DEPTH = 16

# libyaml's parser when PyYAML was built with it. Only its events are used, never a constructor.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_STYLES = {"'": "single", '"': "double", "|": "literal", ">": "folded"}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))

# YAML takes the last four for line breaks or rejects them, other readers don't: no two agree on such a text.
_UNPRINTABLE = expression("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = expression("[\ud800-\udfff]")


class StrictHandler(BaseHandler):
    """python-frontmatter's handler for front matter that is read without guessing."""

    FM_BOUNDARY = CLOSE
    START_DELIMITER = END_DELIMITER = "---"

    def __init__(self, *, at_names: bool) -> None:
        super().__init__()
        self.at_names = at_names

    def split(self, text: str) -> tuple[str, str]:
        """Return the text up to the closing fence, opening fence included, and the text after it."""
        fences = find_fences(text)
        return (text[: fences.end], text[fences.body_start :]) if fences else ("", text)

    def load(self, fm: str) -> dict[str, Any]:
        """Return the values of what `split` gave first."""
        return cast("dict[str, Any]", _EventReader(fm, at_names=self.at_names).mapping())


def read_events(text: str, *, at_names: bool) -> dict[str, Value]:
    """Return the values of the front matter at the start of `text`.

    Raises:
        DocumentError: duplicate-key, alias-or-tag, too-deep, syntax, not-a-mapping; with line and column.
    """
    values, _ = frontmatter.parse(text, handler=StrictHandler(at_names=at_names))
    return cast("dict[str, Value]", values)


def scan_events(text: str, *, at_names: bool) -> dict[Route, Span]:
    """Return the span of each value of what `read_events` could read; `text` ends before the closing fence.

    Not through `frontmatter.parse`, which turns CRLF into LF and so moves every offset.
    """
    spans: dict[Route, Span] = {}
    _EventReader(text, at_names=at_names, spans=spans).mapping()
    return spans


def read_file(text: str) -> tuple[Value, dict[Route, Span]]:
    """Return what a whole file of YAML holds, with the span of each value; an empty mapping where that is nothing.

    Raises:
        DocumentError: as `read_events`; its value may be a list.
    """
    spans: dict[Route, Span] = {}
    reader = _EventReader(text, at_names=False, spans=spans, most=MOST_OF_FILE, what="YAML")
    value, _ = reader.whole()
    return value, spans


class _EventReader:
    """One pass over the events of one front matter, or one file; fills `spans` when it is given."""

    def __init__(
        self,
        text: str,
        *,
        at_names: bool,
        spans: dict[Route, Span] | None = None,
        most: int = MOST_NODES,
        what: str = "front matter",
    ) -> None:
        unprintable = _UNPRINTABLE.search(text)
        if unprintable:
            message = f"the character U+{ord(unprintable[0]):04X} cannot be in {what}; delete it"
            raise trouble_at("syntax", message, text, unprintable.start())
        self._text = text
        self._spans = spans
        self._nodes = 0
        self._most = most
        self._last = 0  # offset at which the value read last ends
        self._at = _stand_in(text) if at_names and "@" in text else None
        source = text.replace("@", self._at) if self._at else text
        self._events: Iterator[Any] = yaml.parse(source, Loader=_LOADER)

    def mapping(self) -> dict[str, Value]:
        """Return the whole front matter."""
        values, root = self.whole()
        if not isinstance(values, dict):
            self._refuse("not-a-mapping", "front matter must be `key: value` lines", root)
        return values

    def whole(self) -> tuple[Value, Any]:
        """Return all that there is, and the event with which it begins."""
        try:
            next(self._events)  # the stream begins
            if isinstance(next(self._events), yaml.StreamEndEvent):
                return {}, None
            root = next(self._events)
            # Front matter without a line in it is an empty plain scalar to YAML, and no values to us.
            nothing = isinstance(root, yaml.ScalarEvent) and not root.value and not root.style
            values: Value = {} if nothing else self._node(root, (), 1)
            next(self._events)
            rest = next(self._events)
        except yaml.YAMLError as error:
            raise explain(error, self._text) from None
        if not isinstance(rest, yaml.StreamEndEvent):
            self._refuse("syntax", "a second YAML document starts here; delete the `---`", rest)
        return values, root

    def _node(self, event: Any, route: Route, depth: int) -> Value:
        """Return the value that begins with this event, after reading its last one."""
        self._count(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, route)
        if depth > MOST_DEPTH:
            self._refuse("too-deep", f"more than {MOST_DEPTH} levels of nesting", event)
        if isinstance(event, yaml.MappingStartEvent):
            value, closing = self._mapping(route, depth)
        else:
            value, closing = self._sequence(route, depth)
        if self._spans is not None:
            # A block collection's closing event comes only after the blank lines and comments behind it.
            if event.flow_style:
                self._last = closing.end_mark.index
            style = "flow" if event.flow_style else "block"
            self._spans[route] = Span(event.start_mark.index, self._last, style)
        return value

    def _mapping(self, route: Route, depth: int) -> tuple[Value, Any]:
        """Return the mapping under way and its closing event."""
        values: dict[str, Value] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                return values, event
            key = self._key(event)
            if key in values:
                self._refuse("duplicate-key", f"the key `{key}` appears twice; delete one", event)
            values[key] = self._node(next(self._events), (*route, key), depth + 1)
        raise AssertionError("the parser closes every mapping")

    def _sequence(self, route: Route, depth: int) -> tuple[Value, Any]:
        """Return the sequence under way and its closing event."""
        items: list[Value] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return tuple(items), event
            items.append(self._node(event, (*route, str(len(items))), depth + 1))
        raise AssertionError("the parser closes every sequence")

    def _key(self, event: Any) -> str:
        """Return the text of a mapping key."""
        self._count(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse("syntax", "a key must be plain text; quote what begins with `{` or `[`", event)
        if self._at and not event.style and event.value.startswith(self._at):
            self._refuse("syntax", "a key cannot begin with `@`; quote it", event)
        return self._written(event)

    def _scalar(self, event: Any, route: Route) -> str | None:
        """Return a scalar's text as written, None for a plain null."""
        if self._spans is not None:
            self._spans[route] = self._scalar_span(event)
            self._last = self._spans[route].end
        text = self._written(event)
        return None if not event.style and text in _NULLS else text

    def _written(self, event: Any) -> str:
        """Return the text of a scalar event."""
        text: str = event.value
        if self._at:
            text = text.replace(self._at, "@")
        if event.style == '"' and _SURROGATE.search(text):
            self._refuse("syntax", "this text has half a surrogate pair, which no file can hold; delete it", event)
        return text

    def _scalar_span(self, event: Any) -> Span:
        """Return the span of a scalar event; that of a block scalar stops before its last line break."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            written = self._text[start:end]
            keeps = "+" in written[:3]  # the header: `|+`, or `|2+`
            written = re.sub(r"(?:\r\n|\r|\n)\Z", "", written) if keeps else written.rstrip("\r\n")
            end = start + len(written)
        return Span(start, end, _STYLES.get(event.style, "plain"))

    def _count(self, event: Any) -> None:
        """Refuse one node too many, and every anchor, alias and tag."""
        self._nodes += 1
        if self._nodes > self._most:
            self._refuse("too-deep", f"more than {self._most} values", event)
        if event.anchor is not None or isinstance(event, yaml.AliasEvent) or event.tag is not None:
            message = "anchors, aliases and tags are not read; quote a value that begins with `&`, `*` or `!`"
            self._refuse("alias-or-tag", message, event)

    def _refuse(self, kind: str, message: str, event: Any) -> NoReturn:
        """Raise the trouble at the start of the event."""
        mark = event.start_mark
        raise DocumentError(Trouble(kind, message, mark.line + 1, mark.column + 1))


def _stand_in(text: str) -> str:
    """Return a character that isn't in the text.

    YAML reserves `@` at the start of a plain scalar. Written with another character the text is legal, and
    every offset stays, because one character stands for one.
    """
    return next(chr(code) for code in range(0xF0000, 0xFFFFE) if chr(code) not in text)
