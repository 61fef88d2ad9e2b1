"""The columns of a text on a terminal: as wcwidth says, which follows the newest Unicode, and terminals themselves."""

import unicodedata
from collections.abc import Callable

import pytest
from wcwidth import wcswidth

from taskcheck.formats.cells import cells, clip, clip_before
from taskcheck.formats.lines import STYLES, Line, styled
from taskcheck.formats.sanitize import visible
from taskcheck.formats.screen import cell, cut, cut_inside
from tests.samples import growth

SHOWN = [chr(number) for number in range(0x110000) if visible(chr(number), None) == chr(number)]
"""Every code point that is printed as it is, and not spelled out."""

LATER_WIDE = {chr(number) for first, last in (
    (0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376),
) for number in range(first, last + 1)}  # fmt: skip
"""Trigrams, hexagrams and counting rods: narrow until Unicode 16, which Python knows since 3.14."""

TOGETHER = {
    "✈️": 2, "❤️": 2, "1️⃣": 2, "⏱️": 2, "✈": 1, "❤": 1, "✅": 2,
    "👍🏽": 2, "🇩🇪": 2, "🇩🇪🇫🇷": 4, "e\u0301": 1, "e\u0301\u0323x": 2, "日本": 4, "\uff24\uff41": 4, "ｶﾀ": 2, "한국": 4,
    "\u1112\u1161\u11ab": 2, "สวัสดี": 4, "नि": 2, "سلام": 4, "a·b…": 4, "—“q”": 4, "●━": 2,
}  # fmt: skip
"""Texts with marks, pictures, flags, wide letters and syllables, to their columns on a terminal."""


def test_no_character_takes_more_columns_than_are_counted() -> None:
    """So no line overflows; only marks of Indian and like scripts, and fillers of Korean syllables, take less."""
    after = {character: cells(f"a{character}") - wcswidth(f"a{character}") for character in SHOWN}
    assert {character for character, more in after.items() if more < 0} - LATER_WIDE <= {"\U0001171e"}
    assert {
        unicodedata.category(character) for character, more in after.items() if more > 0 and character != "\ufe0f"
    } <= {"Mc", "Lo"}
    assert sum(more != 0 for more in after.values()) < 220, "of a hundred and forty thousand"


@pytest.mark.parametrize("text", TOGETHER)
def test_what_a_terminal_draws_as_one_is_counted_as_one(text: str) -> None:
    assert cells(text) == wcswidth(text) == TOGETHER[text]


@pytest.mark.parametrize("text", [*TOGETHER, "".join(TOGETHER), "plain", "नमस्ते का"])
def test_a_cut_text_takes_no_more_than_its_columns_and_halves_nothing(text: str) -> None:
    for width in range(1, cells(text) + 3):
        for made in (cut(text, width), cut_inside(text, width), cell(text, width)):
            assert cells(made) <= width
        assert cells(cell(text, width)) == width
        begins, ends = clip(text, width), clip_before(text, width)
        assert text.startswith(begins)
        assert text.endswith(ends)
        for left in (text[len(begins) :], ends):
            assert not left or unicodedata.category(left[0]) not in {"Mn", "Me"}, "a mark without its letter"
    assert clip("🇩🇪x", 1) == clip_before("x🇩🇪", 1) == "", "no half of a flag"
    assert clip("👍🏽", 2) == "👍🏽"


@pytest.mark.parametrize("shorten", [cut, cut_inside])
def test_the_time_for_a_text_grows_with_its_length(shorten: Callable[[str, int], str]) -> None:
    assert growth(lambda size: shorten("两x" * size, 80), 500) < 8


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("error", "\x1b[1;31m"), ("warning", "\x1b[33m"), ("info", "\x1b[36m"), ("subject", "\x1b[1m"),
        ("rule", "\x1b[35m"), ("place", "\x1b[34m"), ("dim", "\x1b[2m"), ("good", "\x1b[32m"),
    ],
)  # fmt: skip
def test_a_kind_has_a_colour_that_every_terminal_has(kind: str, begins: str) -> None:
    line = Line(2, ((("fix", kind), (" is ready", ""), ("", kind))))
    assert styled([line], None) == f"  {begins}fix\x1b[0m is ready\n"
    assert styled([line], None, colour=False) == "  fix is ready\n"
    assert kind in STYLES
