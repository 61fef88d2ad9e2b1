"""What of a text is a word, in any script: letters, digits, and the marks that belong to a letter."""

from unicodedata import category, normalize

SIGNS = frozenset("+#")
"""Behind a letter they are a part of its word: C, C++ and C# are three."""

_OF_LETTERS = frozenset({"Mn", "Mc"})
_FIRST_SELECTOR, _LAST_SELECTOR = "\ufe00", "\ufe0f"


def is_of_word(character: str) -> bool:
    """Return whether a character is a letter, a digit, or a mark of one, as the vowels of many scripts are.

    What chooses the picture of an emoji is none, though Unicode counts it among the marks.
    """
    if character.isalnum():
        return True
    chooses_picture = _FIRST_SELECTOR <= character <= _LAST_SELECTOR
    return not chooses_picture and category(character) in _OF_LETTERS


def words_of(text: str) -> str:
    """Return the words of a text without regard to case, with one space between them; empty where it has none.

    Example:
        ``Fix `C++` now!`` is ``fix c++ now``.
    """
    kept = ""
    for character in normalize("NFC", text.casefold()):
        is_sign = character in SIGNS and kept[-1:] not in {"", " "}
        kept += character if is_sign or is_of_word(character) else " "
    return " ".join(kept.split())
