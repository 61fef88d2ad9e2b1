"""Makes text from files harmless where it leaves: one function for each kind of reader that it could speak to."""

import re
import unicodedata
from typing import Any

from taskcheck.documents.expression import expression

_ODD = expression(r"[^ -~]")
_LEADING_COMMAND = expression(r"\A(\s*):(?=:)")
_BRACKET_COMMAND = expression(r"##(\w*)\[")
_NOT_ASCII = expression(r"[\ud800-\udfff]|[^\n -~\ud800-\udfff]+")
_HARMLESS = expression(r"(?!www\.)[^\W_]+(?:[-.'/][^\W_]+)*|\d+(?::\d+)+Z?|[-–—·=]?", re.IGNORECASE)
_OPENING, _CLOSING = "(\"'", ".,;:!?)\"'…"
_AS_IT_IS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./")
_REFERENCE = expression(r"(?:[0-9a-f]{7,40}|[a-z]+-[0-9]+)\Z", re.IGNORECASE)

MAX_FIELD = 300
"""Characters that one field of a report may have; what is longer is cut, visibly."""


def visible(text: str, limit: int | None = MAX_FIELD) -> str:
    """For terminals, the logs of CI and XML: on one line, with everything that isn't visible spelled out as an escape.

    Escaped are control characters, bidirectional and zero-width ones, line separators, lone surrogates, private and
    unassigned code points; and what the runner of a CI takes for a command (``::x::``, ``##[x]``, ``##vso[x]``).
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if not (text.isascii() and text.isprintable()):
        text = _ODD.sub(_spelled, text)
    if "::" in text:
        text = _LEADING_COMMAND.sub(r"\1\\:", text)
    return _BRACKET_COMMAND.sub(r"##\1\\[", text) if "##" in text else text


def html(text: str, limit: int | None = MAX_FIELD) -> str:
    """For HTML, as text or as the value of an attribute in quotes."""
    import html

    return html.escape(visible(text, limit))


def markdown(text: str, limit: int | None = MAX_FIELD) -> str:
    """For Markdown as GitHub and GitLab read it, within a line that has begun: words stay, all else is code.

    So nothing becomes a link, an image, a tag, a mention, a reference or an emoji, and no table or list breaks.
    """
    return " ".join(_markdown_word(word) for word in visible(text, limit).split(" "))


def code(text: str, limit: int | None = MAX_FIELD) -> str:
    """For Markdown: the text as code, of which nothing is read."""
    text = visible(text, limit)
    if not text or text != text.strip() or "`" in text or "|" in text:
        from string import punctuation

        # No code span holds these in a table. The comment keeps an address from being one.
        spelled = (f"&#{ord(c)};" if c in punctuation or (c.isspace() and c != " ") else c for c in text)
        return f"<code>{''.join(spelled).replace('&#64;', '&#64;<!-- -->')}</code>"
    return f"`{text}`"


def shell(text: str) -> str | None:
    r"""For a command line that is copied from a screen: one word of bash, zsh or ksh; None where none can hold it.

    What isn't visible, or wouldn't stay as it is on its way, is spelled out: ``$'a\012b'`` has a newline.
    """
    if visible(text, None) == text == " ".join(text.split()):
        import shlex

        return shlex.quote(text)
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None
    spelled = (chr(byte) if chr(byte) in _AS_IT_IS else f"\\{byte:03o}" for byte in data)
    return None if 0 in data else f"$'{''.join(spelled)}'"


def github_data(lines: str) -> str:
    """For the message of a workflow command, as actions/toolkit escapes it; the lines are already visible."""
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """For a property of a workflow command, as actions/toolkit escapes it."""
    return github_data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in ASCII that a strict parser reads: what is no text (a lone surrogate) is spelled out.

    What a CI log would take for a command is escaped, which leaves the value as it is.
    """
    import json

    text = _NOT_ASCII.sub(_json_escape, json.dumps(value, ensure_ascii=False, indent=indent))
    return _BRACKET_COMMAND.sub(r"##\1\\u005b", text)


def _markdown_word(word: str) -> str:
    opens = len(word) - len(word.lstrip(_OPENING))
    core = word[opens:].rstrip(_CLOSING)
    if _HARMLESS.fullmatch(core) and not _REFERENCE.match(core):
        return word
    return f"{word[:opens]}{code(core, None)}{word[opens + len(core) :]}"


def _json_escape(match: re.Match[str]) -> str:
    import json

    characters = match[0]
    spelled = json.dumps(characters)[1:-1]
    return f"\\{spelled}" if "\ud800" <= characters[0] <= "\udfff" else spelled


def _spelled(match: re.Match[str]) -> str:

    character = match[0]
    if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
