"""TOML to tables, for files that anybody may have written: what would take the reader too long is refused first."""

import re
import tomllib
from typing import Any

from taskcheck.documents.expression import expression

MOST_NAMES = 32
"""Names that a key may join by dots: the time and memory that the reader takes grow with their square."""

_TOKEN = expression(
    r'"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+(?:"{3,5})?|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+(?:'{3,5})?|'[^'\n]*+'?"
    r"|\#[^\n]*+|[A-Za-z0-9_-]++|[ \t]++|.",
    re.DOTALL,
)


class TomlError(ValueError):
    """A text can't be read as TOML; the message says where."""


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text.

    Raises:
        TomlError: it is no TOML, is nested too deep, or has a key of too many names.
    """
    line = _long_key(text)
    if line is not None:
        raise TomlError(f"a key of more than {MOST_NAMES} names (at line {line}); nothing here is nested that deep")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # tomllib's own, and Python's of a number with too many digits
        raise TomlError(str(error)) from error
    except RecursionError as error:
        raise TomlError("it is nested too deep") from error


def _long_key(text: str) -> int | None:
    """Return the line of the first key of too many names; None where there is none."""
    if text.count(".") < MOST_NAMES:
        return None
    dots = 0
    is_after_dot = False
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word.isspace() and word != "\n":
            continue
        if word == ".":
            dots += 1
            if dots >= MOST_NAMES:
                return text.count("\n", 0, token.start()) + 1
        elif not is_after_dot:
            dots = 0
        is_after_dot = word == "."
    return None
