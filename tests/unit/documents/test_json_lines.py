"""Tasks that are the lines of a JSON file: read as an independent reader does, each found at its place, none set."""

import contextlib
import json
import os
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.jsonlines import Links
from taskcheck.documents.shape import JsonLines

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
LINKS = Links(key="dependencies", target="depends_on_id", kind="type", kinds=("blocks",))
SHAPE = JsonLines(links=LINKS, setter=("bd", "update"))

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"id": st.integers(1, 12).map("bd-{}".format), "status": WORDS},
            optional={"title": WORDS, "x": st.floats(allow_nan=False, allow_infinity=False)},
        ),
        st.none(),
    ),
    max_size=6,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(LINES, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_each_line_is_read_by_itself_and_none_is_written(lines: Any, bom: bool, end: str, ascii_only: bool) -> None:
    written = [json.dumps(line, ensure_ascii=ascii_only, allow_nan=False) if line else "" for line in lines]
    data = ("\ufeff" * bom + end.join(written)).encode()
    found = SHAPE.elements(data)
    tasks = [line for line in lines if line]
    assert [element.values["status"] for element in found.values()] == [task["status"] for task in tasks]
    for name, task in zip(found, tasks, strict=True):
        assert name.partition("#")[0] == task["id"]
        one = SHAPE.of(f".beads/issues.jsonl#{name}")
        document = one.read(data)
        assert document is not None
        span = document.span(("status",))
        assert span is not None
        assert json.loads(document.text[span.start : span.end]) == task["status"]
        with pytest.raises(Refused, match="only bd writes that file"):
            one.set_scalars(data, {("status",): "done"})


@settings(max_examples=EXAMPLES, deadline=None)
@given(LINES, st.integers(0, 400), st.binary(max_size=3))
def test_damaged_bytes_raise_nothing_but_a_document_error(lines: Any, at: int, put: bytes) -> None:
    data = "\n".join(json.dumps(line) for line in lines if line).encode()
    with contextlib.suppress(DocumentError):
        SHAPE.elements(data[:at] + put + data[at + len(put) :])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"id": "a-1"}\n{"id": "a-2"}\n', ["a-1", "a-2"]),
        ('{"id": "a-1"}\n\n{"no": "id"}\n{"id": 7}', ["a-1", "7"]),
        ('{"id": "a-1"}\n{"id": "a-1"}\n{"id": "a-1"}', ["a-1", "a-1#2", "a-1#3"]),
        ('{"id": "a-1#2"}\n{"id": "a-1"}\n{"id": "a-1"}', ["a-1#2#1", "a-1", "a-1#2"]),
        ("", []),
    ],
)
def test_what_is_a_task(text: str, names: list[str]) -> None:
    assert list(SHAPE.elements(text.encode())) == names


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ('{"id": "a-1"}\n{"id": "a-2"', "2:13: truncated"),
        ('{"id": "a-1"}\n<<<<<<< HEAD\n{"id": "a-2"}\n', "2:1: conflict-markers"),
        ('{"id": "a-1"}\n{"id": "a-2"}\n>>>>>>> x\n', "3:1: conflict-markers"),
        ('{"id": "a-1", "id": "a-2"}\n', "1:15: duplicate-key"),
        ("\n".join(f'{{"id": "a-{number}"}}' for number in range(20_001)), "too-large"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_place(text: str, trouble: str) -> None:
    with pytest.raises(DocumentError, match=trouble):
        SHAPE.elements(text.encode())


def test_dependencies_are_those_of_the_kinds_that_block_and_of_this_store() -> None:
    needs = [
        {"depends_on_id": "bd-2", "type": "blocks"},
        {"depends_on_id": "bd-3", "type": "related"},
        {"depends_on_id": "gt-4", "type": "blocks"},
        {"depends_on_id": None, "type": "blocks"},
        "bd-5",
        7,
    ]
    data = json.dumps({"id": "bd-1", "dependencies": needs}).encode()
    assert SHAPE.elements(data)["bd-1"].values["dependencies"] == ("bd-2", "bd-5")
