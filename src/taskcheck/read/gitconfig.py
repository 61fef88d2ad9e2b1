"""Read what a git configuration says of its repository, as git-config(1) writes it; nothing that it includes is read.

Line by line, each character once: a configuration comes along with a repository that was unpacked or copied.
"""

import re
from collections.abc import Iterator

from taskcheck.documents.expression import expression

_SECTION = expression(r"\[[ \t]*+([A-Za-z0-9.-]++)[ \t]*+(?:\"((?:[^\"\\]|\\.)*+)\"[ \t]*+)?\]")
_KEY = expression(r"([A-Za-z][A-Za-z0-9-]*+)[ \t]*+(=?)")
_PIECE = expression(r'[^"\\#;]++|"|\\.?|[#;]', re.DOTALL)

_ESCAPED = {"n": "\n", "t": "\t", "b": "\b"}


def core_values(text: str) -> dict[str, str]:
    """Return what ``[core]`` says, by key in lower case; the last word counts, and a key without a value is true."""
    values = {}
    for section, key, value in _settings(text):
        if section == "core":
            values[key.lower()] = value
    return values


def origin(text: str) -> str | None:
    """Return the first URL of the remote ``origin``, else of the only remote; None where nobody can tell which."""
    urls: dict[str, str] = {}
    for section, key, value in _settings(text):
        if section.startswith('remote "') and key.lower() == "url":
            urls.setdefault(section, value)
    named = urls.get('remote "origin"')
    if named is not None:
        return named
    others = list(urls.values())
    return others[0] if len(others) == 1 else None


def is_true(value: str) -> bool:
    """Return whether git takes a value for true."""
    if value.lower() in {"true", "yes", "on"}:
        return True
    is_number = value.isascii() and value.isdecimal()
    is_zero = value.strip("0") == ""
    return is_number and not is_zero


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value of each setting; a section with a name of its own keeps it, in quotes."""
    section = ""
    for line in _lines(text):
        rest = line.lstrip()
        opened = _SECTION.match(rest)
        if opened is not None:
            section = opened[1].lower()
            if opened[2] is not None:
                section += f' "{opened[2]}"'
            rest = rest[opened.end() :].lstrip()
        key = _KEY.match(rest)
        if key is None:
            continue
        value = "true"
        if key[2]:
            value = _value(rest[key.end() :])
        yield section, key[1], value


def _lines(text: str) -> Iterator[str]:
    """Yield lines, those that a backslash continues as one."""
    begun: list[str] = []
    for ended in text.split("\n"):
        line = ended.removesuffix("\r")
        backslashes = len(line) - len(line.rstrip("\\"))
        is_comment = not begun and line.lstrip()[:1] in {"#", ";"}
        if backslashes % 2 and not is_comment:
            begun.append(line[:-1])
            continue
        yield "".join([*begun, line])
        begun = []
    yield "".join(begun)


def _value(text: str) -> str:
    """Return a value without its quotes, escapes and comment."""
    parts: list[str] = []
    is_quoted = False
    for piece in _PIECE.findall(text.strip()):
        if piece == '"':
            is_quoted = not is_quoted
        elif piece in {"#", ";"} and not is_quoted:
            return "".join(parts).rstrip()
        elif piece[0] == "\\":
            parts.append(_ESCAPED.get(piece[1:], piece[1:]))
        else:
            parts.append(piece)
    return "".join(parts)
