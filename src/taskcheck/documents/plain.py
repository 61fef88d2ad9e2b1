"""The fast reader: front matter made of `key: value` lines and flat lists, which is what most tasks have.

It answers only when it is sure that YAML says the same, and otherwise leaves the text to `events`. One
pattern does the work, one match a line, so that the loop over lines runs in C.
"""

from __future__ import annotations

import re
from sys import intern

from taskcheck.documents.document import Route, Span, Value
from taskcheck.documents.expression import expression

# Longer front matter goes to the event reader, which counts nodes: in so little text there can't be too many.
_MOST_CHARACTERS = 4096

_NULLS = frozenset(("~", "null", "Null", "NULL"))


def _line_pattern(indicators: str, flow_start: str) -> re.Pattern[str]:
    """Return the pattern of a line; a plain scalar starts with none of the indicators."""
    quoted = r""""[^"\\\n]*+"|'[^'\\\n]*+'"""
    item = rf"\ *+(?:{quoted}|[{flow_start}][A-Za-z0-9_./@+\ -]*+)\ *+"
    return expression(
        rf"""
        (?:(?P<key>[A-Za-z_][A-Za-z0-9_-]{{0,99}}+): | (?P<dash>\ *-))
            (?:\ +(?:
                (?P<plain>[^\ \n{indicators}][^\n:#]*+(?:(?::(?![ \n])|(?<!\ )\#)[^\n:#]*+)*)
                | (?P<quoted>{quoted})
                | (?P<flow>\[(?:{item}(?:,{item})*+)?\])
            ))?
            \ *(?:\ \#[^\n]*)?\n
        | \ *(?:\#[^\n]*)?\n
        | (?P<other>[\s\S]+)
        """,
        re.VERBOSE,
    )


_LINE = _line_pattern(r"""?:,[\]{}#&*!|>'"%@`-""", "A-Za-z0-9_./")
_LINE_WITH_AT_NAMES = _line_pattern(r"""?:,[\]{}#&*!|>'"%`-""", "A-Za-z0-9_./@")
_FLOW_ITEM = expression(r""""[^"]*"|'[^']*'|[^],['" ](?:[^],]*[^], ])?""")


# Decisions: the innermost loop of reading, once for each line of front matter; a call for each would cost more.
def read_plain(text: str, start: int, end: int, *, at_names: bool) -> dict[str, Value] | None:
    """Return the values of the front matter `text[start:end]`; None when this reader isn't sure of them."""
    # Tabs, carriage returns, control characters and odd spaces are where YAML readers differ.
    if end - start > _MOST_CHARACTERS or not text[start:end].replace("\n", "").isprintable():
        return None
    values: dict[str, Value] = {}
    # The list that may go on in the next line; None after a value on the key's own line.
    items: tuple[Value, ...] | None = None
    list_dash = last_key = ""
    line = _LINE_WITH_AT_NAMES if at_names else _LINE
    for key, dash, plain, quoted, flow, other in line.findall(text, start, end):
        if plain:
            written = plain.rstrip(" ")
            value = None if written in _NULLS else written
        elif quoted:
            value = quoted[1:-1]
        else:
            value = tuple(map(_item, _FLOW_ITEM.findall(flow))) if flow else None
        if key:
            if key in values:
                return None
            values[intern(key)] = value
            items = None if plain or quoted or flow else ()
            last_key, list_dash = key, ""
        elif dash:
            if items is None or list_dash not in ("", dash) or not (plain or quoted):
                return None
            items = (*items, value)
            values[last_key] = items
            list_dash = dash
        elif other:
            return None
    return values


def scan_plain(text: str, start: int, end: int, *, at_names: bool) -> dict[Route, Span]:
    """Return the span of each value in front matter that `read_plain` could read."""
    spans: dict[Route, Span] = {}
    key, count = "", 0
    for match in (_LINE_WITH_AT_NAMES if at_names else _LINE).finditer(text, start, end):
        span = _span(match)
        if match["key"]:
            key, count = match["key"], 0
            spans[key,] = span
            if span.style == "flow":
                for position, item in enumerate(_FLOW_ITEM.finditer(text, span.start, span.end)):
                    spans[key, str(position)] = Span(item.start(), item.end(), _style(item[0]))
        elif match["dash"]:
            first = spans[key,].start if count else match.end("dash") - 1
            spans[key,] = Span(first, span.end, "block")
            spans[key, str(count)] = span
            count += 1
    return spans


def _item(written: str) -> str | None:
    """Return what an item of a flow list says."""
    if written[0] in "\"'":
        return written[1:-1]
    return None if written in _NULLS else written


def _style(written: str) -> str:
    """Return the style of a scalar."""
    return {"'": "single", '"': "double"}.get(written[0], "plain")


def _span(match: re.Match[str]) -> Span:
    """Return the span of the value in a line."""
    if written := match["plain"] or match["quoted"]:
        start = match.start("plain" if match["plain"] else "quoted")
        return Span(start, start + len(written.rstrip(" ")), _style(written))
    if match["flow"]:
        return Span(*match.span("flow"), "flow")
    after_colon = match.end("key") + 1
    return Span(after_colon, after_colon, "plain")
