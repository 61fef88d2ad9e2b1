"""Taking members out of JSON, adding some, setting text: the other tokens keep their characters."""

from __future__ import annotations

import json
import os
import random

import pytest
from hypothesis import given, settings, strategies as st

from taskcheck.documents import Document, Refused, jsonsplice, read_json

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
REGISTER = """{
  "owner": "dave",
  "budget": 1.10,
  "entries": {
    "a": {"pid": 1E2},
    "b": {
      "pid": 2
    },
    "c": {}
  }
}
"""


def document(text: str) -> Document:
    return read_json(text.encode())


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        ("a", '    "b": {\n      "pid": 2\n    },\n    "c": {}\n  '),
        ("b", '    "a": {"pid": 1E2},\n    "c": {}\n  '),
        ("c", '    "a": {"pid": 1E2},\n    "b": {\n      "pid": 2\n    }\n  '),
        ("ab", '    "c": {}\n  '),
        ("ac", '    "b": {\n      "pid": 2\n    }\n  '),
        ("bc", '    "a": {"pid": 1E2}\n  '),
    ],
)
def test_members_are_dropped_with_their_comma(dropped: str, left: str) -> None:
    held = jsonsplice.drop(document(REGISTER), [("entries", name) for name in dropped])
    assert held.text == REGISTER.partition('"entries": {\n')[0] + '"entries": {\n' + left + "}\n}\n"


def test_the_last_members_leave_an_empty_container() -> None:
    assert '"entries": {}' in jsonsplice.drop(document(REGISTER), [("entries", name) for name in "abc"]).text


def test_items_of_a_list_at_the_top() -> None:
    held = document('[{"slug": "a"}, {"slug": "b"} ,{"slug": "c"}]\n')
    assert jsonsplice.drop(held, [("entries", "1")]).text == '[{"slug": "a"}, {"slug": "c"}]\n'
    assert jsonsplice.drop(held, [("entries", "0"), ("entries", "2")]).text == '[{"slug": "b"}]\n'


def test_added_members_are_laid_out_like_their_neighbours() -> None:
    raw = jsonsplice.member_text(document(REGISTER), ("entries", "b"))
    added = jsonsplice.add(document(REGISTER), ("entries",), [("d", raw), ("e", "1.100")])
    assert added.text == REGISTER.replace('"c": {}\n', '"c": {},\n    "d": {\n      "pid": 2\n    },\n    "e": 1.100\n')


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("[]", '[1, {"a": 2}]'),
        ("[0]", '[0, 1, {"a": 2}]'),
        ("[\n  0\n]", '[\n  0,\n  1,\n  {"a": 2}\n]'),
        ('{\n\t"entries": []\n}', '{\n\t"entries": [\n\t\t1,\n\t\t{"a": 2}\n\t]\n}'),
    ],
)
def test_adding_to_a_list(text: str, result: str) -> None:
    assert jsonsplice.add(document(text), ("entries",), [("", "1"), ("", '{"a": 2}')]).text == result


def test_text_is_set_and_escaped_and_a_byte_order_mark_stays() -> None:
    held = read_json('\ufeff{"owner": "d\\u0061ve", "n": 1.10}'.encode())
    assert jsonsplice.encoded(jsonsplice.set_text(held, ("owner",), 'd"ä')) == (
        '\ufeff{"owner": "d\\"ä", "n": 1.10}'.encode()
    )


@pytest.mark.parametrize(("one", "other"), [("\n", "\r\n"), ("\r\n", "\n"), ("\r\n", "\r\n")])
def test_a_member_takes_the_line_ends_of_the_document_that_it_comes_to(one: str, other: str) -> None:
    target = document('{\n  "entries": {\n    "a": {}\n  }\n}\n'.replace("\n", one))
    source = document('{\n "entries": {\n  "b": {\n   "slug": "b"\n  }\n }\n}\n'.replace("\n", other))
    added = jsonsplice.add(target, ("entries",), [("b", jsonsplice.member_text(source, ("entries", "b")))])
    assert added.text == (
        '{\n  "entries": {\n    "a": {},\n    "b": {\n     "slug": "b"\n    }\n  }\n}\n'.replace("\n", one)
    )


def test_dropping_at_two_depths_at_once_is_refused() -> None:
    with pytest.raises(Refused):
        jsonsplice.drop(document('{"entries": ["a", {"b": [1, 2]}]}'), [("entries", "0"), ("entries", "1", "b", "0")])


def test_what_is_not_there_is_refused() -> None:
    held = document(REGISTER)
    with pytest.raises(Refused, match=r"nothing at entries\.z"):
        jsonsplice.drop(held, [("entries", "z")])
    with pytest.raises(Refused, match="a already"):
        jsonsplice.add(held, ("entries",), [("a", "1")])
    with pytest.raises(Refused, match="no tasks"):
        jsonsplice.add(held, ("tasks",), [("a", "1")])
    with pytest.raises(Refused, match="no text at budget"):
        jsonsplice.set_text(held, ("budget",), "x")


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-9, 10**20), st.text(max_size=4),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=6),
    st.integers(0, 2**32),
    st.sampled_from([None, 1, 2, "\t"]),
    st.booleans(),
)
def test_dropping_and_adding_again_says_the_same(
    rows: dict[str, object], seed: int, indent: int | str | None, as_list: bool
) -> None:
    rows_ = list(rows.values()) if as_list else rows
    before = document(json.dumps({"owner": "x", "entries": rows_}, indent=indent))
    names = list(map(str, range(len(rows)))) if as_list else list(rows)
    names = [name for name in names if random.Random(seed + hash(name) % 97).random() < 0.5]
    members = [(name, jsonsplice.member_text(before, ("entries", name))) for name in names]
    without = jsonsplice.drop(before, [("entries", name) for name in names])
    assert len(without.values["entries"]) == len(rows) - len(names)  # type: ignore[arg-type]
    again = jsonsplice.add(without, ("entries",), members)
    if as_list:
        assert sorted(map(json.dumps, again.values["entries"])) == sorted(map(json.dumps, before.values["entries"]))  # type: ignore[arg-type]
    else:
        assert again.values == before.values
