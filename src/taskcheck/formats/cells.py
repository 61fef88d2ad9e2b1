"""The columns that a text takes on a terminal, and a text cut to so many."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_EMOJI_STYLE = "\ufe0f"
"""After a narrow symbol, it asks for the symbol's wide picture: ✈️ takes two columns, ✈ one."""
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
"""Two of them are a flag."""
_FOLLOWING_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Vowels and ends of a Korean syllable, which are drawn into the cell of its beginning."""
_FIRST_MARK = "\u0300"
"""Each character before it takes a column of its own."""


def cells(text: str) -> int:
    """Return the columns that a text takes on a terminal.

    If terminals differ, as for vowel signs of Indian scripts, this is the larger number, so that no line overflows.
    The text has passed `sanitize.visible`, which spells out control characters, joiners and unassigned code points.
    """
    if text.isascii():
        return len(text)
    return sum(width for _, width in _drawn(text))


def clip(text: str, width: int) -> str:
    """Return the beginning of a text that takes at most so many columns."""
    kept = ""
    for piece, columns in _drawn(text):
        width -= columns
        if width < 0:
            break
        kept += piece
    return kept


def clip_before(text: str, width: int) -> str:
    """Return the end of a text that takes at most so many columns."""
    kept: list[str] = []
    for piece, columns in reversed(list(_drawn(text))):
        width -= columns
        if width < 0:
            break
        kept.insert(0, piece)
    return "".join(kept)


def _drawn(text: str) -> Iterator[tuple[str, int]]:
    """Yield what a terminal draws as one, with its columns: a character, and the marks that follow it."""
    piece = ""
    columns = 0
    for character in text:
        if piece and _joins(character, piece):
            piece += character
            columns = 2 if character == _EMOJI_STYLE else columns
            continue
        if piece:
            yield piece, columns
        piece = character
        columns = _columns(character)
    if piece:
        yield piece, columns


def _joins(character: str, piece: str) -> bool:
    """Return whether a character is drawn into the cells of what is before it."""
    if character < _FIRST_MARK:
        return False
    if ord(character) in _SKIN_TONES:
        return _columns(piece[0]) == 2
    if ord(character) in _FLAG_LETTERS:
        return len(piece) == 1 and ord(piece) in _FLAG_LETTERS
    return _columns(character) == 0


@lru_cache(1024)
def _columns(character: str) -> int:
    """Return the columns of a character by itself."""
    if character < _FIRST_MARK:
        return 1
    code = ord(character)
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or any(code in jamo for jamo in _FOLLOWING_JAMO):
        return 0
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    return 2 if wide or code in _FLAG_LETTERS else 1
