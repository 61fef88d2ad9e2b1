"""Makes text from files harmless before it is shown: what could steer a terminal or a CI log is spelled out."""

import re
import unicodedata

_PLAIN = re.compile(r"[ -~]*\Z")
_LEADING_COMMAND = re.compile(r"\A(\s*):(?=:)")

MAX_FIELD = 300
"""Characters that one field of a report may have; what is longer is cut, visibly."""


def visible(text: str, limit: int | None = MAX_FIELD) -> str:
    """The text on one line, with everything that isn't visible spelled out as an escape.

    Escaped are control characters, bidirectional and zero-width ones, line separators, lone surrogates, private and
    unassigned code points; and what GitHub's runner would take for a workflow command (``::x::``, ``##[x]``).
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if not _PLAIN.match(text):
        text = "".join(character if _shown(character) else _escape(character) for character in text)
    return _LEADING_COMMAND.sub(r"\1\\:", text).replace("##[", "##\\[")


def _shown(character: str) -> bool:
    if " " <= character <= "~":
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _escape(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
