"""Every trouble of front matter, with its exact line and column."""

from __future__ import annotations

import pytest
import yaml
from _oracles import trouble_of
from tests.samples import WHOLE, growth

from taskcheck.documents import DocumentError, events, read_front_matter

TROUBLES = [
    (b"---\nk: v\n", ("unterminated", 1, 1)),
    (b"---", ("unterminated", 1, 1)),
    (b"---\nk: v\n----\n", ("unterminated", 1, 1)),
    (b"---\nk: v\n ---\n", ("unterminated", 1, 1)),
    (b"---\nk: v\n<<<<<<< HEAD\n", ("conflict-markers", 3, 1)),
    (b"<<<<<<< HEAD\n---\nk: v\n---\n", ("conflict-markers", 1, 1)),
    (b"\xef\xbb\xbf<<<<<<< HEAD\n---\n", ("conflict-markers", 1, 1)),
    (b"---\nk: v\n<<<<<<< HEAD\nl: 1\n=======\nl: 2\n>>>>>>> b\n---\n", ("conflict-markers", 3, 1)),
    (b"---\r\nk: v\r\n=======\r\nl: 2\r\n---\r\n", ("conflict-markers", 3, 1)),
    (b"---\nk: v\n>>>>>>> b\n---\n", ("conflict-markers", 3, 1)),
    (b"---\na: 1\nb: 2\na: 3\n---\n", ("duplicate-key", 4, 1)),
    (b"---\na: 1\n'a': 3\n---\n", ("duplicate-key", 3, 1)),
    (b"---\na:\n  - b: 1\n    b: 2\n---\n", ("duplicate-key", 4, 5)),
    (b"---\na: {b: 1, b: 2}\n---\n", ("duplicate-key", 2, 11)),
    (b"\xff\xfe-\0-\0-\0\n\0", ("not-utf-8", 1, 1)),
    (b"\xfe\xff\0-\0-\0-", ("not-utf-8", 1, 1)),
    (b"-\0-\0-\0\n\0", ("not-utf-8", 1, 1)),
    (b"---\nk: v\nt: caf\xe9\n---\n", ("not-utf-8", 3, 7)),
    (b"---\nk: v\n---\nb\xc3\xa9\n \xff", ("not-utf-8", 5, 2)),
    (b"---\na: &x 1\n---\n", ("alias-or-tag", 2, 4)),
    (b"---\na: *x\n---\n", ("alias-or-tag", 2, 4)),
    (b"---\na: !!str 1\n---\n", ("alias-or-tag", 2, 4)),
    (b"---\na: ! x\n---\n", ("alias-or-tag", 2, 4)),
    (b"---\n<<: *base\n---\n", ("alias-or-tag", 2, 5)),
    (b"---\n*a : b\n---\n", ("alias-or-tag", 2, 1)),
    (b"---\na: [1, &y 2]\n---\n", ("alias-or-tag", 2, 8)),
    (b"---\n&a b: c\n---\n", ("alias-or-tag", 2, 1)),
    (b"---\na: " + b"x" * 1048576 + b"\n---\n", ("too-large", 1, 1)),
    (b"---\na: " + "ü".encode() * 524288 + b"\n---\n", ("too-large", 1, 1)),
    (b"---\na: b\n---\n" + b"x" * (8 * 1024 * 1024), ("too-large", 1, 1)),
    (b"---\na: " + b"[" * 16 + b"]" * 16 + b"\n---\n", ("too-deep", 2, 19)),
    (b"---\na: [" + b"x, " * 100_000 + b"]\n---\n", ("too-deep", 2, 4 + 1 + 3 * 99_997)),
    (b"---\na: b: c\n---\n", ("syntax", 2, 5)),
    (b"---\nt: x\nowner: @dave\n---\n", ("syntax", 3, 8)),
    (b"---\nt: `x`\n---\n", ("syntax", 2, 4)),
    (b"---\nt:\n\tx: 1\n---\n", ("syntax", 3, 1)),
    (b"---\na: 'b\nc: 1\n---\n", ("syntax", 2, 4)),
    (b"---\na: [b\nc: 1\n---\n", ("syntax", 2, 4)),
    (b"---\na: {{x}}\n---\n", ("syntax", 2, 5)),
    (b"---\n? [a]\n: b\n---\n", ("syntax", 2, 3)),
    (b"---\na: b\n--- c\n---\n", ("syntax", 3, 1)),
    (b"---\na: \x1b[0m\n---\n", ("syntax", 2, 4)),
    (b"---\na: x\0\n---\n", ("syntax", 2, 5)),
    (b"---\na: \xc2\x85x\n---\n", ("syntax", 2, 4)),
    (b"---\na: x\xe2\x80\xa8y\n---\n", ("syntax", 2, 5)),
    (b"---\na: \xef\xbb\xbfy\n---\n", ("syntax", 2, 4)),
    (b"---\n%YAML 1.1\n---\n", ("syntax", 3, 1)),
    (b"---\n- a\n---\n", ("not-a-mapping", 2, 1)),
    (b"---\n[a]\n---\n", ("not-a-mapping", 2, 1)),
    (b"---\n\n  text\n---\n", ("not-a-mapping", 3, 3)),
    (b"---\n~\n---\n", ("not-a-mapping", 2, 1)),
    (b"---\n''\n---\n", ("not-a-mapping", 2, 1)),
    (b"\n---\nk: v\n---\n", ("misplaced", 2, 1)),
    (b"# c\n\n<!-- x -->\n---\nk: v\nl:\n  - a\n- b\n\n---\n", ("misplaced", 4, 1)),
    (b" ---\nk: v\n---\n", ("misplaced", 1, 2)),
    (b"\xef\xbb\xbf\r\n---\r\nk:\r\n---\r\n", ("misplaced", 2, 1)),
]


@pytest.mark.parametrize(("data", "expected"), TROUBLES, ids=[str(pair[0][:40]) for pair in TROUBLES])
def test_trouble_has_kind_line_and_column(data: bytes, expected: tuple[str, int, int]) -> None:
    assert trouble_of(data) == expected


SHORT = [trouble for trouble in TROUBLES if WHOLE or len(trouble[0]) < 100_000]
"""What the pure parser, a hundred times as slow, reads in less than a second."""


@pytest.mark.parametrize(("data", "expected"), SHORT, ids=[str(pair[0][:40]) for pair in SHORT])
def test_the_pure_parser_finds_the_same(
    data: bytes, expected: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_LOADER", yaml.BaseLoader)
    assert trouble_of(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"# Title\n\n---\nsome prose\n---\n",
        b"# Title\n---\nNote: this is prose\nthat goes on\n---\n",
        b"\n---\nk: v\n",
        b"text\n---\nk: v\n---\n",
        b"\n\n\n# Title\n",
    ],
)
def test_markdown_with_rules_is_not_misplaced_front_matter(data: bytes) -> None:
    assert read_front_matter(data) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"---\nowner: @dave\n---\n", "quote a value that begins with `@`"),
        (b"---\ntitle: a: b\n---\n", "mapping values are not allowed"),
        (b"---\ntitle: a: b\n---\n", "quote a value that holds `: `"),
        (b"---\na:\n\t- b\n---\n", "spaces, not with tabs"),
        (b"---\na: 'b\n---\n", "never closed"),
        (b"---\na: **b**\n---\n", "quote a value that begins with `*`"),
        (b'---\na: "c:\\dir"\n---\n', "write `\\\\` for a backslash"),
        (b"---\na: &x b\n---\n", "quote a value that begins with `&`"),
    ],
)
def test_the_message_names_cause_and_cure(data: bytes, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_front_matter(data)
    assert words in caught.value.trouble.message
    assert words in str(caught.value)


@pytest.mark.parametrize("source", [b"@a: b\n", b"a: {@b: c}\n", b"? @a\n"])
def test_at_names_are_values_only(source: bytes) -> None:
    assert trouble_of(b"---\n" + source + b"---\n", at_names=True)[0] == "syntax"


@pytest.mark.parametrize("opening", [b"[", b"- ", b"{", b"? ", b"{a: ", b"[\n"])
@pytest.mark.parametrize("count", [250, 5_000, 25_000])
def test_deep_nesting_neither_crashes_nor_hangs(opening: bytes, count: int) -> None:
    def read(count: int) -> None:
        kind, _, _ = trouble_of(b"---\na:\n  " + opening * count + b"\n---\n")
        assert kind in ("too-deep", "too-large", "syntax")

    assert growth(read, count) < 8
