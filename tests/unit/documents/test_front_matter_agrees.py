"""Laws: the fast reader, the event reader and python-frontmatter agree, and spans reread."""

from __future__ import annotations

import os
import string
from typing import TYPE_CHECKING

import frontmatter
import pytest
from _oracles import OracleHandler, corpora, every_scalar, reread, through_events
from hypothesis import HealthCheck, example, given, settings, strategies as st

from taskcheck.documents import Document, DocumentError, read_front_matter, read_json
from taskcheck.documents.plain import read_plain

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
_LAWS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_WORDS = st.sampled_from(
    [
        "a",
        "b c",
        "null",
        "~",
        "011",
        "x:y",
        "x: y",
        "a #c",
        "a#c",
        "é🎉",
        "''",
        '"q"',
        "'it''s'",
        '"\\t"',
        "[a, 'b']",
        "[]",
        "{a: b}",
        "- a",
        "-a",
        "@n",
        "[@n]",
        "x:",
        "#",
        "|",
        ">-",
        "*a",
        "&a",
        "!t",
        "\u00a0",
        "a\u00a0b",
        "a ",
        "[a b , c]",
        "[a,]",
        "[a, [b]]",
        "'a' # c",
        "'a'#c",
        '"a',
        "%",
        ",",
        "]",
        "?",
        "? a",
        "? ",
        "=",
        "<<",
        "...",
        "[-a]",
        "[.a]",
        "[a -b]",
        "['a''b']",
        "[a/b]",
        "[a\\b]",
        "'a\\b'",
        "[ ~ ]",
        "[a:b]",
        "x :y",
        "a\tb",
        "\t",
        "['a'b]",
        "[a 'b']",
    ]
)
_TEXTS = st.text(st.sampled_from(string.printable + "é\u2028\ufeff\x85"), max_size=12) | _WORDS
_KEYS = st.sampled_from(["a", "b", "status", "depends_on", "x-y", "_", "a b", "1", "'q'", "é", "@k", ""])
_LINES = st.one_of(
    st.builds(lambda key, value: f"{key}: {value}", _KEYS, _TEXTS),
    st.builds(lambda key: f"{key}:", _KEYS),
    st.builds(lambda indent, value: f"{' ' * indent}- {value}", st.integers(0, 3), _TEXTS),
    st.sampled_from(["", "  ", "# c", "  # c", "-", "  continued", "  a: b", "---x", "<<<<<<< H", "=======", " -"]),
)
_FRONT_MATTER = st.lists(_LINES, max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


@_LAWS
@given(_FRONT_MATTER, st.booleans())
@example("k:\n- a\n  - b\n", False)
@example("k: 'a' b\n", False)
@example("k: a\n- b\n", False)
def test_what_the_fast_reader_says_the_event_reader_says(source: str, at_names: bool) -> None:
    fast = read_plain(source, 0, len(source), at_names=at_names)
    if fast is None:
        return
    document = read_front_matter(f"---\n{source}---\n".encode(), at_names=at_names)
    assert document is not None
    values, spans = through_events(document.text, at_names=at_names)
    assert fast == values == document.values
    assert list(fast) == list(values)
    assert {route: document.span(route) for route in spans if route} == {r: s for r, s in spans.items() if r}


@_LAWS
@given(_FRONT_MATTER, st.booleans())
def test_every_scalar_rereads_from_its_span(source: str, at_names: bool) -> None:
    document = _read_or_none(f"---\n{source}---\n", at_names=at_names)
    if document is not None:
        for route, value in every_scalar(document.values):
            assert reread(document, route) == value
            assert document.get(route) == value


@_LAWS
@given(_FRONT_MATTER)
def test_python_frontmatter_reads_the_same(source: str) -> None:
    document = _read_or_none(f"---\n{source}---\nbody\n")
    if document is not None and not document.text.startswith("---\n...") and "\n..." not in document.text:
        values, _ = frontmatter.parse(document.text, handler=OracleHandler())
        assert document.values == values


def _read_or_none(text: str, *, at_names: bool = False) -> Document | None:
    try:
        return read_front_matter(text.encode(), at_names=at_names)
    except DocumentError:
        return None


_SEEDS = [
    b"---\ntitle: A 'b'\ndeps: [a, \"b\"]\ntags:\n  - x\n---\nbody\n",
    b"---\na:\n  b: |\n    c\n  d: {e: [f]}\n# g\nh: 'i\n  j'\n---\n",
    b'{"entries": {"a": {"pid": 12, "x": [1.5, true, null, "\\u00e9\\ud83d\\ude00"]}}}',
]
_PIECES = st.sampled_from(
    [b"---\n", b"\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"[", b"{", b"]", b"'", b'"', b": ", b"- "]
) | st.binary(max_size=3)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        data = data[:start] + draw(_PIECES) + data[start + draw(st.integers(0, 4)) :]
    return data


@settings(_LAWS, max_examples=2 * EXAMPLES)
@given(_mutated(), st.booleans())
def test_damaged_bytes_raise_nothing_but_a_document_error(data: bytes, at_names: bool) -> None:
    _check_outcome(data, lambda: read_front_matter(data, at_names=at_names))
    _check_outcome(data, lambda: read_json(data))


def _check_outcome(data: bytes, read: Callable[[], Document | None]) -> None:
    document = trouble = None
    try:
        document = read()
    except DocumentError as error:
        trouble = error.trouble
    if trouble is not None:
        assert 1 <= trouble.line <= len(data.decode("utf-8", "replace").splitlines()) + 1
        assert trouble.column >= 1
        assert trouble.message
    if document is not None:
        assert all(document.span(route) is not None for route, _ in every_scalar(document.values) if route)


def test_real_task_files_read_the_same() -> None:
    paths = corpora()
    if len(paths) < 300:
        pytest.skip("no corpora: set TASKCHECK_CORPORA to a folder with at least 300 real task files")
    agreed = 0
    for path in paths[:: max(1, len(paths) // 900)]:
        try:
            document = read_front_matter(path.read_bytes())
        except DocumentError:
            continue  # what is wrong with these is tested by kind elsewhere
        if document is None:
            continue
        expected, body = frontmatter.parse(document.text, handler=OracleHandler())
        values, spans = through_events(document.text)
        assert document.values == expected == values, path
        assert document.body.strip() == body, path
        assert all(document.span(route) == span for route, span in spans.items() if route), path
        assert all(reread(document, route) == value for route, value in every_scalar(document.values)), path
        agreed += 1
    assert agreed >= 300
