"""What front matter says, and where."""

from __future__ import annotations

import sys
from subprocess import run

import pytest
from _oracles import every_scalar, reread, through_events

from taskcheck.documents import Document, Span, read_front_matter
from taskcheck.documents.plain import read_plain


def read(front_matter: str, *, at_names: bool = False) -> Document:
    document = read_front_matter(f"---\n{front_matter}---\nbody\n".encode(), at_names=at_names)
    assert document is not None
    return document


AS_WRITTEN = [
    ("k: 011\n", "011"),
    ("k: no\n", "no"),
    ("k: 1e3\n", "1e3"),
    ("k: 12:30\n", "12:30"),
    ("k: 2026-01-01\n", "2026-01-01"),
    ("k: 2026-01-01 10:00:00\n", "2026-01-01 10:00:00"),
    ("k: https://x.y/z#a\n", "https://x.y/z#a"),
    ("k: fix #12\n", "fix"),
    ("k: a  # note: it\n", "a"),
    ("k: a#b\n", "a#b"),
    ("k:\n", None),
    ("k: # only a comment\n", None),
    ("k: ~\n", None),
    ("k: null\n", None),
    ("k: Null\n", None),
    ("k: NULL\n", None),
    ("k: nULL\n", "nULL"),
    ("k: 'null'\n", "null"),
    ("k: ''\n", ""),
    ('k: ""\n', ""),
    ("k: 'it''s'\n", "it's"),
    ('k: "a\\tb \\u00e9"\n', "a\tb é"),
    ("k: '@a: b # c'\n", "@a: b # c"),
    ("k: []\n", ()),
    ("k: [ ]\n", ()),
    ("k: {}\n", {}),
    ("k: [011, null, 'x, y', \"\", a b ]\n", ("011", None, "x, y", "", "a b")),
    ("k: [a:b, c]\n", ("a:b", "c")),
    ("k:\n- a\n- ~\n-\n", ("a", None, None)),
    ("k:\n\n  # c\n  - 'a'\n\n  - b # d\n", ("a", "b")),
    ("k:\n  - a\n    more\n", ("a more",)),
    ("k: {a: 1, b: [2]}\n", {"a": "1", "b": ("2",)}),
    ("k:\n  a:\n    - b: c\n      d:\n", {"a": ({"b": "c", "d": None},)}),
    ("k: |\n  a\n   b\n\n", "a\n b\n"),
    ("k: |-\n  a\n", "a"),
    ("k: |+\n  a\n\n", "a\n\n"),
    ("k: >\n  a\n  b\n", "a b\n"),
    ("k: a\n  b\n", "a b"),
    ("k: <<\n", "<<"),
    ("k: ü — ñ 🎉\n", "ü — ñ 🎉"),
]


@pytest.mark.parametrize(("source", "value"), AS_WRITTEN)
def test_values_are_as_written(source: str, value: object) -> None:
    document = read(source)
    assert document.values == {"k": value}
    assert through_events(document.text)[0] == {"k": value}
    for route, scalar in every_scalar(document.values):
        assert reread(document, route) == scalar


@pytest.mark.parametrize("source", ["", "\n", "# only a comment\n", "   \n"])
def test_empty_front_matter_is_a_document(source: str) -> None:
    document = read(source)
    assert document.values == {}
    assert document.body == "body\n"
    assert document.span(("k",)) is None
    assert document.locate(("k",)) == (1, 1)


def test_keys_are_text() -> None:
    assert read("1: a\ntrue: b\n~: c\n? d\n'e f': g\n").values == {
        "1": "a",
        "true": "b",
        "~": "c",
        "d": None,
        "e f": "g",
    }


@pytest.mark.parametrize(
    "data", [b"", b"# Title\n", b"----\n", b"--- a\nk: v\n---\n", b"text\n---\nk: v\n---\n", b"\xe9"]
)
def test_markdown_without_front_matter_is_none(data: bytes) -> None:
    assert read_front_matter(data) is None


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"---\nk: v\n---\nbody", "body"),
        (b"--- \t\nk: v\n---\t \nbody", "body"),
        (b"---\nk: v\n...\nbody", "body"),
        (b"---\nk: v\n---", ""),
        (b"---\r\nk: v\r\n---\r\nbody\r\n", "body\r\n"),
        (b"---\rk: v\r---\rbody\r", "body\r"),
        (b"---\nk: v\n---\n\n---\nx: y\n---\n", "\n---\nx: y\n---\n"),
        (b"---\nk: v\n---\nbody\r\n  \n", "body\r\n  \n"),
    ],
)
def test_fences(data: bytes, body: str) -> None:
    document = read_front_matter(data)
    assert document is not None
    assert (document.values, document.body, document.trouble) == ({"k": "v"}, body, None)
    assert document.text[slice(*_ends(document.span(("k",))))] == "v"


def _ends(span: Span | None) -> tuple[int, int]:
    assert span is not None
    return span.start, span.end


def test_a_byte_order_mark_is_read_and_told() -> None:
    document = read_front_matter(b"\xef\xbb\xbf---\nk: v\n---\n")
    assert document is not None
    assert document.bom
    assert document.trouble is not None
    assert document.trouble.kind == "byte-order-mark"
    assert document.text == "---\nk: v\n---\n"
    assert document.locate(("k",)) == (2, 4)


SPANS = [
    ("k: v  # c\n", ("k",), "v", "plain", (2, 4)),
    ("k: 'v'\n", ("k",), "'v'", "single", (2, 4)),
    ('k: "v"\n', ("k",), '"v"', "double", (2, 4)),
    ("k:   \n", ("k",), "", "plain", (2, 3)),
    ("é: [a, 'b']\n", ("é",), "[a, 'b']", "flow", (2, 4)),
    ("é: [ü, 'b']\n", ("é", "1"), "'b'", "single", (2, 8)),
    ("k: [ab,  'b' ]  # c\n", ("k", "1"), "'b'", "single", (2, 10)),
    ("k: [ab,  'b' ]  # c\n", ("k",), "[ab,  'b' ]", "flow", (2, 4)),
    ("k:\n  - a\n  - b c\n\n# x\nl: 1\n", ("k",), "- a\n  - b c", "block", (3, 3)),
    ("k:\n  - a\n  - b c\n\n# x\nl: 1\n", ("k", "1"), "b c", "plain", (4, 5)),
    ("k:\n  a: b\n\n# x\nl: 1\n", ("k",), "a: b", "block", (3, 3)),
    ("k: {a: {b: c} }\n", ("k", "a"), "{b: c}", "flow", (2, 8)),
    ("k: |\n  a\n\n\nl: 1\n", ("k",), "|\n  a", "literal", (2, 4)),
    ("k: |+\n  a\n\nl: 1\n", ("k",), "|+\n  a\n", "literal", (2, 4)),
    ("k: >-\n  a\n  b\n# c\n", ("k",), ">-\n  a\n  b", "folded", (2, 4)),
    ("k: | # a+b\n  a\n\n\nl: 1\n", ("k",), "| # a+b\n  a", "literal", (2, 4)),
    ("k: |2+\n   a\n\nl: 1\n", ("k",), "|2+\n   a\n", "literal", (2, 4)),
    ("k: |\nl: 1\n", ("k",), "|", "literal", (2, 4)),
    ("k: a\n  b\nl: 1\n", ("k",), "a\n  b", "plain", (2, 4)),
]


@pytest.mark.parametrize(("source", "route", "written", "style", "place"), SPANS)
def test_spans_are_exact(source: str, route: tuple[str, ...], written: str, style: str, place: tuple[int, int]) -> None:
    document = read(source)
    span = document.span(route)
    assert span is not None
    assert (document.text[span.start : span.end], span.style) == (written, style)
    assert document.locate(route) == place
    assert through_events(document.text)[1][route] == span


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_locate_counts_every_kind_of_line(line_break: str) -> None:
    data = line_break.join(["---", "a: 1", "b:", "  - x", "  - é: y", "---", ""]).encode()
    document = read_front_matter(data)
    assert document is not None
    assert document.locate(("b", "1", "é")) == (5, 8)
    assert document.locate(("b", "1", "missing", "deep")) == (5, 5)
    assert document.locate(("b", "01")) == (4, 3)
    assert document.locate(("c",)) == (1, 1)
    assert document.locate(()) == (1, 1)


def test_get_walks_keys_and_positions() -> None:
    document = read("a: {b: [x, y]}\n")
    assert document.get(("a", "b", "1")) == "y"
    for absent in [
        ("z",),
        ("a", "b", "2"),
        ("a", "b", "-1"),
        ("a", "b", "01"),
        ("a", "b", "x"),
        ("a", "b", "1", "q"),
    ]:
        assert document.get(absent) is None
    assert document.get(()) == document.values


def test_a_document_never_changes() -> None:
    document = read("a: b\n")
    with pytest.raises(AttributeError):
        document.text = ""
    with pytest.raises(AttributeError):
        del document.values


AT_NAMES = [
    ("k: @dave\n", "@dave", ("k",), "@dave"),
    ("k: @dave # c\n", "@dave", ("k",), "@dave"),
    ("k: a@b\n", "a@b", ("k",), "a@b"),
    ("k:\n  - @dave\n  - '@x'\n", ("@dave", "@x"), ("k", "0"), "@dave"),
    ("k: [@a, @b-c , d]\n", ("@a", "@b-c", "d"), ("k", "1"), "@b-c"),
    ("k: {a: @b}\n", {"a": "@b"}, ("k", "a"), "@b"),
    ('k: ["\\u0040a", @b]\n', ("@a", "@b"), ("k", "1"), "@b"),
    ("k: |\n  @dave\n", "@dave\n", ("k",), "|\n  @dave"),
]


@pytest.mark.parametrize(("source", "value", "route", "written"), AT_NAMES)
def test_at_names(source: str, value: object, route: tuple[str, ...], written: str) -> None:
    document = read(source, at_names=True)
    assert document.values == {"k": value}
    span = document.span(route)
    assert span is not None
    assert document.text[span.start : span.end] == written
    assert through_events(document.text, at_names=True)[0] == document.values


def test_ordinary_tasks_take_the_fast_path_and_no_yaml_library() -> None:
    source = "title: A b\nowner: 'x'\ndeps: [a, b]\ntags:\n  - c\n# d\n\ndue: 2026-01-01\npr:\n"
    assert read_plain(source, 0, len(source), at_names=False) is not None
    data = f"---\n{source}---\n".encode()
    program = (
        "import sys; from taskcheck.documents import read_front_matter, read_json;"
        f"d = read_front_matter({data!r}); d.locate(('deps', '1'));"
        "print([name for name in ('yaml', 'frontmatter', 'pydantic') if name in sys.modules])"
    )
    answer = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_escaped_control_characters_are_text() -> None:
    """They are legal YAML; what is shown of them is made harmless where it is shown."""
    document = read_front_matter(b'---\na: "\\e[31m\\0\\n"\n"\\e": 1\n---\n')
    assert document is not None
    assert document.values == {"a": "\x1b[31m\0\n", "\x1b": "1"}
