"""A merge of three texts, held to what git makes of them."""

import os
from pathlib import Path
from random import Random

import pytest

from taskcheck.documents.linediff import Change, Incomparable, changes
from taskcheck.documents.threeway import merge
from tests.merging import Versions, merged_by_git

MERGES = int(os.environ.get("TASKCHECK_MERGES", "80"))


def some_lines(chance: Random, letters: str, most: int) -> list[str]:
    return [chance.choice(letters) for _ in range(chance.randrange(most))]


def changed(chance: Random, lines: list[str], letters: str) -> list[str]:
    """Some lines with a few changes: a line more, less, other, or elsewhere."""
    lines = list(lines)
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(lines) + 1)
        if chance.random() < 0.4 or at == len(lines):
            lines.insert(at, chance.choice(letters))
            continue
        line = lines.pop(at)
        if chance.random() < 0.3:
            lines.insert(chance.randrange(len(lines) + 1), line)
        elif chance.random() < 0.6:
            lines.insert(at, chance.choice(letters))
    return lines


def text(chance: Random, lines: list[str]) -> str:
    whole = "".join(f"{line}\n" for line in lines)
    return whole[:-1] if chance.random() < 0.1 else whole


def versions(seed: int) -> Versions:
    chance = Random(seed)
    # Few letters: many lines are alike, and it is open which of them belong together.
    letters = "abcdefghijklmnop\r"[-chance.choice((2, 3, 5, 9, 17)) :]
    base = some_lines(chance, letters, chance.choice((5, 15, 40)))
    ours = changed(chance, base, letters)
    theirs = changed(chance, chance.choice((base, base, ours)), letters)
    return text(chance, base), text(chance, ours), text(chance, theirs)


def test_it_is_what_git_makes_of_them(tmp_path: Path) -> None:
    cases = [versions(seed) for seed in range(5 * MERGES)]
    clean = 0
    for case, (merged, is_clean) in zip(cases, merged_by_git(tmp_path, cases), strict=True):
        found = merge(*case)
        assert (not found.conflicts) == is_clean, case
        assert found.text == merged or not is_clean, case
        clean += is_clean
    assert len(cases) / 4 < clean < len(cases) * 3 / 4, "the cases say little"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("abc", "abc", []),
        ("", "ab", [Change(0, 0, 0, 2)]),
        ("ab", "", [Change(0, 2, 0, 0)]),
        ("abc", "axc", [Change(1, 2, 1, 2)]),
        ("abab", "ababab", [Change(4, 4, 4, 6)]),
    ],
)
def test_changes_are_pushed_down(one: str, other: str, expected: list[Change]) -> None:
    assert changes(one, other) == expected


def test_neighbouring_lines_are_one_place() -> None:
    assert merge("a\nb\n", "A\nb\n", "a\nB\n").conflicts
    assert not merge("a\n-\nb\n", "A\n-\nb\n", "a\n-\nB\n").conflicts


def test_what_says_the_same_too_often_is_not_compared() -> None:
    with pytest.raises(Incomparable):
        changes("a" * 70, "a" * 80)


def test_long_texts_are_compared_in_bounded_time() -> None:
    """Each two lines have changed places, so that each is found by itself, and the rest looked through again."""
    one = [str(number) for number in range(5_000)]
    other = [one[number ^ 1] for number in range(5_000)]
    with pytest.raises(Incomparable):
        changes(one, other)
    assert len(changes(one[:200], other[:200])) > 100
