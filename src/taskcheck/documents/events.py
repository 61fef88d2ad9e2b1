"""Front matter through libyaml's events: bounded, without aliases and tags, scalars as text with their spans.

It is reached through python-frontmatter's handler interface, whose default loader is silently wrong or crashes on
more than half of a collection of nasty inputs (octal ids, ``no`` as False, duplicate keys, deep nesting).
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler

from taskcheck.documents.document import DocumentError, Route, Span, Trouble, Value, position

MAX_DEPTH = 16
MAX_NODES = 5_000

NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}

_STAND_IN = "\ue000"
"""Stands for an unquoted ``@`` while YAML, which reserves it, is parsed; private, and as long."""
_AT_VALUE = re.compile(r"(?m)^((?:[ ]*-[ ]+)*(?:[ ]*[\w-]+:[ ]+)?[ ]*)@")
_AT_IN_FLOW = re.compile(r"([\[,]\s*)@(?=[\w.-])")

_CURES = (
    (r"found character '@'", "; quote the value"),
    (r"mapping values are not allowed", "; a value with ': ' in it must be quoted"),
    (r"found character '\\t'", "; indent with spaces, not tabs"),
    (r"found character '`'|found character '%'", "; quote the value"),
    (r"could not find expected ':'", "; is a colon missing, or a quote left open?"),
)


class StrictHandler(BaseHandler):
    """python-frontmatter's way to a block that has been found already, read by the strict reader."""

    FM_BOUNDARY = re.compile(r"^---[ \t]*$", re.MULTILINE)

    def __init__(self, block: str, at_names: bool) -> None:
        super().__init__()
        self.block = block
        self.at_names = at_names
        self.spans: dict[Route, Span] = {}

    def split(self, text: str) -> tuple[str, str]:
        """The block as it stands in the file; python-frontmatter strips the text, which would move every place."""
        return self.block, text

    def load(self, fm: str) -> dict[str, Any]:
        """The block's values.

        Raises:
            DocumentError: the block can't be read; places count from its start.
        """
        reader = _Reader(fm, self.at_names)
        values = reader.read()
        self.spans = reader.spans
        return values


def parse(text: str, start: int, end: int, *, at_names: bool) -> tuple[dict[str, Value], dict[Route, Span]]:
    """Values and spans of the front matter that stands between two offsets of a text.

    Raises:
        DocumentError: it can't be read.
    """
    handler = StrictHandler(text[start:end], at_names)
    try:
        # Not frontmatter.loads: it would pass the keys on as keyword arguments, of which `content` is taken.
        values, _ = frontmatter.parse(text, handler=handler)
    except DocumentError as error:
        trouble = error.trouble
        line = trouble.line + position(text, start)[0] - 1
        raise DocumentError(Trouble(trouble.kind, trouble.message, line, trouble.column)) from None
    spans = {route: Span(span.start + start, span.end + start, span.style) for route, span in handler.spans.items()}
    return values, spans  # type: ignore[return-value]


class _Reader:
    """One pass over the events of a block."""

    def __init__(self, block: str, at_names: bool) -> None:
        self.block = block
        self.at_names = at_names
        self.spans: dict[Route, Span] = {}
        self.nodes = 0

    def read(self) -> dict[str, Value]:
        text = self.block
        if self.at_names:
            text = _AT_IN_FLOW.sub(rf"\1{_STAND_IN}", _AT_VALUE.sub(rf"\1{_STAND_IN}", text))
        try:
            events = iter(yaml.parse(text, Loader=_LOADER))
            for event in events:
                if isinstance(event, yaml.NodeEvent):
                    return self._top(event, events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = error.problem or error.context or "no YAML"
            self._fail("syntax", said + self._cure(said), mark)
        except yaml.reader.ReaderError as error:
            self._fail_at("syntax", error.reason, error.position)
        return {}

    def _top(self, event: Any, events: Iterator[Any]) -> dict[str, Value]:
        value = self._value(event, events, (), 1)
        trailing = next((later for later in events if isinstance(later, yaml.NodeEvent)), None)
        if trailing is not None:
            self._fail("syntax", "a second document", trailing.start_mark)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._fail("not-a-mapping", "the front matter is no mapping of keys to values", event.start_mark)
        return value

    def _value(self, event: Any, events: Iterator[Any], route: Route, depth: int) -> Value:
        self._bound(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, route)
        value: Value
        if isinstance(event, yaml.SequenceStartEvent):
            value, last = self._sequence(events, route, depth)
        else:
            value, last = self._mapping(events, route, depth)
        style = "flow" if event.flow_style else "block"
        start, end = event.start_mark.index, last.end_mark.index
        if style == "block":
            inner = [span.end for inside, span in self.spans.items() if inside[: len(route)] == route]
            end = max(inner, default=start)
        if route:
            self.spans[route] = Span(start, end, style)
        return value

    def _sequence(self, events: Iterator[Any], route: Route, depth: int) -> tuple[tuple[Value, ...], Any]:
        items: list[Value] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return tuple(items), event
            items.append(self._value(event, events, (*route, str(len(items))), depth + 1))
        raise AssertionError

    def _mapping(self, events: Iterator[Any], route: Route, depth: int) -> tuple[dict[str, Value], Any]:
        values: dict[str, Value] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return values, event
            self._bound(event, depth)
            if not isinstance(event, yaml.ScalarEvent):
                self._fail("syntax", "a key is no single word", event.start_mark)
            key = event.value.replace(_STAND_IN, "@")
            if key in values:
                self._fail("duplicate-key", f"the key {key} stands twice", event.start_mark)
            values[key] = self._value(next(events), events, (*route, key), depth + 1)
        raise AssertionError

    def _scalar(self, event: Any, route: Route) -> str | None:
        style = _STYLES[event.style]
        self.spans[route] = Span(event.start_mark.index, event.end_mark.index, style)
        text: str = event.value.replace(_STAND_IN, "@")
        return None if style == "plain" and text in NULLS else text

    def _bound(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            self._fail("too-deep", f"nested more than {MAX_DEPTH} deep", event.start_mark)
        if self.nodes > MAX_NODES:
            self._fail("too-deep", f"more than {MAX_NODES} values", event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._fail("alias-or-tag", "an anchor or alias; write the value out", event.start_mark)
        if getattr(event, "tag", None) is not None:
            self._fail("alias-or-tag", f"the tag {event.tag}; write a plain value", event.start_mark)

    def _cure(self, problem: str) -> str:
        return next((cure for pattern, cure in _CURES if re.search(pattern, problem)), "")

    def _fail(self, kind: str, message: str, mark: Any) -> NoReturn:
        self._fail_at(kind, message, mark.index if mark else 0)

    def _fail_at(self, kind: str, message: str, offset: int) -> NoReturn:
        line, column = position(self.block, min(offset, len(self.block)))
        raise DocumentError(Trouble(kind, message, line, column))
