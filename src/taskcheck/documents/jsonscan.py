"""Our own JSON scanner: slower than Python's, but it knows the place of every value and of every fault."""

from __future__ import annotations

import math
import re

from taskcheck.documents.document import DocumentError, Route, Span, trouble_at
from taskcheck.documents.expression import expression

MOST_DEPTH = 32
MOST_DIGITS = 400

_SPACE = expression(r"[ \t\n\r]*+")
_STRING = expression(r'"((?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+)"')
_STRING_START = expression(r'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_CUT_ESCAPE = expression(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_NUMBER = expression(r"-?(?:0|[1-9][0-9]*+)(?P<fraction>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)")
_CUT_NUMBER = expression(r"(?:-|-?(?:0|[1-9][0-9]*+)(?:\.|(?:\.[0-9]++)?[eE][+-]?))\Z")
_WORD = expression(r"[A-Za-z]+")
_WORDS = ("true", "false", "null")
_LONE_SURROGATE = expression("[\ud800-\udfff]")
# Everything that is no bracket, strings whole, then one bracket.
_BRACKET = expression(r'(?:[^][{}"]++|"(?:[^"\\]++|\\.)*+")*+([][{}])', re.DOTALL)

_EMPTY = "the file is empty: its writer has not finished, or was stopped"
_CUT_OFF = "the file ends too early: its writer hasn't finished, or was stopped"


def refuse_deep(text: str) -> None:
    """Raise DocumentError when the text nests too deep, before a recursive reader sees it."""
    if text.count("{") + text.count("[") <= MOST_DEPTH:
        return
    depth = position = 0
    while bracket := _BRACKET.match(text, position):
        position = bracket.end()
        depth += 1 if bracket[1] in "{[" else -1
        if depth > MOST_DEPTH:
            message = f"more than {MOST_DEPTH} levels of nesting"
            raise trouble_at("too-deep", message, text, position - 1)


def scan_json(text: str) -> dict[Route, Span]:
    """Return the span of each value; those of a top-level list are under `entries`.

    Raises:
        DocumentError: truncated, duplicate-key, too-large (a number), syntax; with line and column.
    """
    return _Scanner(text).scan()


class _Scanner:
    """One pass over a text that `refuse_deep` let pass, so recursion is bounded."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._spans: dict[Route, Span] = {}

    def scan(self) -> dict[Route, Span]:
        """Return the spans of the whole text."""
        self._value(("entries",) if self._peek() == "[" else ())
        if self._peek():
            raise self._fault("text after the end of the JSON; delete it")
        return self._spans

    def _value(self, route: Route) -> None:
        """Scan one value of any kind."""
        character = self._peek()
        start = self._position
        if character == "{":
            self._object(route)
        elif character == "[":
            self._array(route)
        elif character == '"':
            self._string()
        else:
            self._number_or_word()
        self._spans[route] = Span(start, self._position, "json")

    def _object(self, route: Route) -> None:
        """Scan an object."""
        keys: set[str] = set()
        self._position += 1
        if self._peek() == "}":
            self._position += 1
            return
        while True:
            if self._peek() != '"':
                raise self._fault("a key in double quotes belongs here (no comma after the last one)")
            start = self._position
            key = self._string()
            if key in keys:
                message = f"the key `{key}` appears twice; delete one"
                raise trouble_at("duplicate-key", message, self._text, start)
            keys.add(key)
            self._expect(":", "a colon is missing after the key")
            self._value((*route, key))
            if self._expect(",}", "a comma or a closing `}` is missing") == "}":
                return

    def _array(self, route: Route) -> None:
        """Scan an array."""
        self._position += 1
        if self._peek() == "]":
            self._position += 1
            return
        count = 0
        while True:
            self._value((*route, str(count)))
            count += 1
            if self._expect(",]", "a comma or a closing `]` is missing") == "]":
                return

    def _string(self) -> str:
        """Scan a string and return its text."""
        match = _STRING.match(self._text, self._position)
        if match is None:
            raise self._bad_string()
        import json

        value: str = json.loads(match[0]) if "\\" in match[1] else match[1]
        if _LONE_SURROGATE.search(value):
            raise self._fault("half of a surrogate pair (\\ud800 to \\udfff) is no character")
        self._position = match.end()
        return value

    def _bad_string(self) -> DocumentError:
        """Return what is wrong with the string at this position."""
        begun = _STRING_START.match(self._text, self._position)
        self._position = begun.end() if begun else self._position
        if self._position == len(self._text) or _CUT_ESCAPE.match(self._text, self._position):
            return self._cut_off()
        if self._text[self._position] == "\\":
            return self._fault("an unknown escape; write `\\\\` for a backslash")
        return self._fault("a line break or control character in a string; write it as an escape such as `\\n`")

    def _number_or_word(self) -> None:
        """Scan a number, true, false or null."""
        text, start = self._text, self._position
        if _CUT_NUMBER.match(text, start):
            raise self._cut_off()
        if number := _NUMBER.match(text, start):
            self._check_number(number)
            self._position = number.end()
            return
        word = _WORD.match(text, start)
        if word and word[0] in _WORDS:
            self._position = word.end()
        elif word and word.end() == len(text) and any(name.startswith(word[0]) for name in _WORDS):
            raise self._cut_off()
        else:
            raise self._fault("expected a value here: text in double quotes, a number, true, false or null")

    def _check_number(self, number: re.Match[str]) -> None:
        """Refuse a number that Python cannot hold, or only at a price."""
        if not number["fraction"]:
            if len(number[0]) > MOST_DIGITS:
                message = f"a number of more than {MOST_DIGITS} digits"
                raise trouble_at("too-large", message, self._text, number.start())
        elif math.isinf(float(number[0])):
            raise self._fault("a number too large to read")

    def _expect(self, characters: str, complaint: str) -> str:
        """Step over one of the characters and return it."""
        character = self._peek()
        if not character:
            raise self._cut_off()
        if character not in characters:
            raise self._fault(complaint)
        self._position += 1
        return character

    def _peek(self) -> str:
        """Return the next character that is no space; empty at the end of the text."""
        space = _SPACE.match(self._text, self._position)
        self._position = space.end() if space else self._position
        return self._text[self._position : self._position + 1]

    def _fault(self, message: str) -> DocumentError:
        """Return a syntax trouble at this position, or that the file ends here."""
        if self._position >= len(self._text):
            return self._cut_off()
        return trouble_at("syntax", message, self._text, self._position)

    def _cut_off(self) -> DocumentError:
        """Return the trouble of a file that ends too early."""
        message = _CUT_OFF if self._text.strip() else _EMPTY
        return trouble_at("truncated", message, self._text, len(self._text))
