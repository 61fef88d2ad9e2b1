"""JSON ledgers: values, spans, and every trouble with its exact line and column."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.samples import growth

from taskcheck.documents import DocumentError, read_json
from taskcheck.documents.jsonscan import scan_json

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))

TROUBLES = [
    (b"", ("truncated", 1, 1)),
    (b" \n", ("truncated", 2, 1)),
    (b'{"a": {"b": 1', ("truncated", 1, 14)),
    (b'{"a": [1,', ("truncated", 1, 10)),
    (b'{"a"', ("truncated", 1, 5)),
    (b'{"a":', ("truncated", 1, 6)),
    (b'{"a": "x', ("truncated", 1, 9)),
    (b'{"a": "x\\', ("truncated", 1, 10)),
    (b'{"a": "x\\u00', ("truncated", 1, 13)),
    (b'{"a": tr', ("truncated", 1, 9)),
    (b'{"a": -', ("truncated", 1, 8)),
    (b'{"a": 1.', ("truncated", 1, 9)),
    (b'{"a": 1e+', ("truncated", 1, 10)),
    (b'{"a": 1,\n', ("truncated", 2, 1)),
    (b'{"a": 1,\n "b": 2, "a": 3}', ("duplicate-key", 2, 10)),
    (b'{"e": [{"a": 1,\r\n"\\u0061": 2}]}', ("duplicate-key", 2, 1)),
    (b'{"a": NaN}', ("syntax", 1, 7)),
    (b'{"a": -Infinity}', ("syntax", 1, 7)),
    (b'{"a": 1e400}', ("syntax", 1, 7)),
    (b'{"a": "\\ud800"}', ("syntax", 1, 7)),
    (b'{"a": "\\udc00\\ud800"}', ("syntax", 1, 7)),
    (b'{"\\ud800": 1}', ("syntax", 1, 2)),
    (b'{"a": 1,}', ("syntax", 1, 9)),
    (b'{"a": [1,]}', ("syntax", 1, 10)),
    (b'{"a": [1 2]}', ("syntax", 1, 10)),
    (b'{"a" 1}', ("syntax", 1, 6)),
    (b"{'a': 1}", ("syntax", 1, 2)),
    (b'{"a": 01}', ("syntax", 1, 8)),
    (b'{"a": "x\ny"}', ("syntax", 1, 9)),
    (b'{"a": "\\x"}', ("syntax", 1, 8)),
    (b'{"a": 1} x', ("syntax", 1, 10)),
    (b'{"a": 1}{', ("syntax", 1, 9)),
    (b'{"a": 1, // c\n"b": 2}', ("syntax", 1, 10)),
    (b'\n<<<<<<< HEAD\n{"a": 1}', ("syntax", 2, 1)),
    (b'{"a": ' + b"9" * 401 + b"}", ("too-large", 1, 7)),
    (b'{"a": "' + b"x" * (16 * 1024 * 1024) + b'"}', ("too-large", 1, 1)),
    (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", ("too-deep", 1, 38)),
    (b'{"a": "\xe9"}', ("not-utf-8", 1, 8)),
    (b"\xff\xfe{\0}\0", ("not-utf-8", 1, 1)),
    (b"{\0}\0", ("not-utf-8", 1, 1)),
    (b" 3", ("not-a-mapping", 1, 2)),
    (b"null", ("not-a-mapping", 1, 1)),
]


@pytest.mark.parametrize(("data", "expected"), TROUBLES, ids=[str(pair[0][:40]) for pair in TROUBLES])
def test_trouble_has_kind_line_and_column(data: bytes, expected: tuple[str, int, int]) -> None:
    with pytest.raises(DocumentError) as caught:
        read_json(data)
    trouble = caught.value.trouble
    assert (trouble.kind, trouble.line, trouble.column) == expected


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["[",'])
def test_deep_nesting_neither_crashes_nor_hangs(opening: bytes) -> None:
    def read(count: int) -> None:
        with pytest.raises(DocumentError) as caught:
            read_json(opening * count)
        assert caught.value.trouble.kind == "too-deep"

    assert growth(read, 25_000) < 8


def test_many_brackets_in_strings_and_beside_each_other_are_not_deep() -> None:
    document = read_json(json.dumps({"a": "[" * 100, "b": [[]] * 100, "c": '\\"[['}).encode())
    assert document.values["b"] == ((),) * 100


def test_an_unclosed_string_after_many_brackets_is_read_in_linear_time() -> None:
    def read(length: int) -> None:
        with pytest.raises(DocumentError) as caught:
            read_json(b"[" + b"[]," * 20 + b'"' + b"x" * length)
        assert caught.value.trouble.kind == "truncated"

    assert growth(read, 250_000) < 8


def test_a_list_is_read_as_entries() -> None:
    document = read_json(b'[{"slug": "a"}, [1]]')
    assert document.values == {"entries": ({"slug": "a"}, (1,))}
    assert document.get(("entries", "0", "slug")) == "a"
    assert document.locate(("entries", "0", "slug")) == (1, 11)
    assert document.locate(("entries", "1", "0")) == (1, 18)


def test_a_byte_order_mark_is_read_and_told() -> None:
    document = read_json(b'\xef\xbb\xbf{"a": 1}')
    assert document.trouble is not None
    assert (document.bom, document.trouble.kind, document.values) == (True, "byte-order-mark", {"a": 1})
    assert document.locate(("a",)) == (1, 7)
    assert document.body == ""


def test_surrogate_pairs_and_escaped_backslashes_are_text() -> None:
    assert read_json(b'{"a": "\\ud83d\\ude00 \\\\ud800"}').values == {"a": "\U0001f600 \\ud800"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=EXAMPLES // 3)
@given(st.dictionaries(st.text(), _JSON, max_size=4) | st.lists(_JSON), st.booleans(), st.sampled_from([None, 2]))
def test_values_and_spans_agree_with_pythons_reader(top: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(top, ensure_ascii=ascii_only, indent=indent)
    document = read_json(text.encode())
    expected = {"entries": top} if isinstance(top, list) else top
    assert json.loads(json.dumps(document.values)) == expected
    for route, span in scan_json(text).items():
        assert document.span(route) == span
        if route:
            assert json.loads(text[span.start : span.end]) == json.loads(json.dumps(document.get(route)))


@settings(deadline=None, max_examples=3 * EXAMPLES)
@given(st.text(st.sampled_from('{}[]":,\\ \n0123.eE+-truefalsn"\u00e9'), max_size=14))
def test_the_scanner_refuses_exactly_what_pythons_reader_refuses(middle: str) -> None:
    text = f'{{"a": {middle}}}'
    values = trouble = None
    with suppress(ValueError):
        values = json.loads(text)
    try:
        document = read_json(text.encode())
    except DocumentError as error:
        trouble = error.trouble
    if trouble is None:
        assert json.loads(json.dumps(document.values)) == values
    else:
        # Python's reader keeps the last of two keys, and takes 1e999 for infinity.
        assert values is None or trouble.kind == "duplicate-key" or "too large" in trouble.message
        assert trouble.message != "not JSON"  # then the scanner would not have found the fault
