"""Tasks that are the entries of a YAML file: read as an independent reader does, each found at its place, none set."""

import contextlib
import os
import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st
from tests.figures import Figure
from tests.unit.documents._oracles import AsWritten
from tests.unit.documents.test_mutated_stores import MUTATIONS, mutated

from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.shape import YamlTasks

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
LIST = YamlTasks(lists=("tasks",), nested="steps", setter=("board", "set"))
FILE = YamlTasks()

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"]), max_size=12)
TASKS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 12).map("t-{}".format), "status": WORDS.filter(bool)},
        optional={"title": WORDS, "needs": st.lists(WORDS, max_size=2), "who": st.fixed_dictionaries({"dev": WORDS})},
    ),
    max_size=6,
)
BOARD = """\
version: 1   # of the file
tasks:
  - id: t-1
    title: "Käse \\u00e9"
    status: done   # at last
  - {id: t-2, status: 'in progress', needs: [t-1, t-9]}
  - id: t-3
    status: >-
      todo
    steps:
      - id: a
        status: todo
      - id: b
        status: done
  - no: id
tags: {x: {status: todo}}
""".encode()


@settings(max_examples=EXAMPLES, deadline=None)
@given(TASKS, st.booleans(), st.sampled_from([None, True, False]), st.booleans())
def test_each_entry_is_read_and_placed_and_none_is_written(tasks: Any, bom: bool, flow: Any, whole: bool) -> None:
    shape = FILE if whole else LIST
    text = yaml.safe_dump(tasks if whole else {"tasks": tasks}, allow_unicode=True, default_flow_style=flow)
    data = ("\ufeff" * bom + text).encode()
    found = shape.elements(data)
    assert [element.values["status"] for element in found.values()] == [task["status"] for task in tasks]
    for name, task in zip(found, tasks, strict=True):
        assert name.partition("#")[0] == task["id"]
        one = shape.of(f"plan.yaml#{name}")
        document = one.read(data)
        assert document is not None
        span = document.span(("status",))
        assert span is not None
        assert yaml.safe_load(document.text[span.start : span.end]) == task["status"]
        with pytest.raises(Refused, match=r"only (board|a person) writes that file"):
            one.set_scalars(data, {("status",): "done"})


def test_mutated_yaml_tasks(figure: Figure) -> None:
    read = statuses = 0
    for seed in range(MUTATIONS):
        data = mutated(BOARD, random.Random(seed))
        try:
            found = LIST.elements(data)
        except DocumentError:
            continue
        read += 1
        held = yaml.load(data.decode("utf-8-sig"), Loader=AsWritten)
        listed = held.get("tasks") if isinstance(held, dict) else None
        entries = listed.values() if isinstance(listed, dict) else listed if isinstance(listed, list | tuple) else ()
        expected = [entry.get("status") for entry in entries if isinstance(entry, dict)]
        for name, element in found.items():
            document = LIST.of(f"x.yaml#{name}").read(data)
            assert document is not None
            line, column = document.locate(("status",))
            assert line >= 1
            assert column >= 1
            if "parent" not in element.values or "." not in name:
                assert element.values.get("status") in expected, seed
        statuses += len(found)
    assert read > MUTATIONS / 20
    figure("mutated YAML stores", MUTATIONS)
    figure("tasks that they still had", statuses)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(BOARD)), st.binary(max_size=4))
def test_damaged_bytes_raise_nothing_but_a_document_error(at: int, put: bytes) -> None:
    with contextlib.suppress(DocumentError):
        LIST.elements(BOARD[:at] + put + BOARD[at + len(put) :])


@pytest.mark.parametrize(
    ("shape", "text", "names"),
    [
        (LIST, BOARD.decode(), ["t-1", "t-2", "t-3", "t-3.a", "t-3.b"]),
        (LIST, "tasks: {one: {status: todo}, two: {status: done, id: '2'}, three: x}\n", ["one", "2"]),
        (LIST, "tasks:\n- id: a\n- id: a\n", ["a", "a#2"]),
        (LIST, "tasks: []\n", []),
        (LIST, "tasks: later\n", []),
        (LIST, "- id: a\n", []),
        (LIST, "", []),
        (LIST, "# nothing\n", []),
        (LIST, "%YAML 1.2\n--- # one\ntasks: [{id: 007}, {id: no}]\n...\n", ["007", "no"]),
        (FILE, "- id: a\n- id: b\n", ["a", "b"]),
        (FILE, "a: {status: todo}\nb: {status: done}\n", ["a", "b"]),
        (YamlTasks(lists=("*.tasks",), home="main"), "main: {tasks: [{id: a}]}\nx: {tasks: [{id: a}]}\n", ["a", "x/a"]),
        (YamlTasks(lists=("epic.tasks",)), "epic: {id: e, tasks: [{id: a}]}\n", ["a"]),
    ],
)
def test_what_is_a_task(shape: YamlTasks, text: str, names: list[str]) -> None:
    assert list(shape.elements(text.encode())) == names


LAUGHS = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\ntasks: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (LAUGHS, "1:4: alias-or-tag"),
        ("tasks:\n- id: !!python/object:os.system x\n", "2:7: alias-or-tag"),
        ("tasks:\n- {id: a, <<: {x: 1}, id: b}\n", "2:23: duplicate-key: the key `id` appears twice"),
        ("tasks:\n- id: a\ntasks:\n- id: b\n", "3:1: duplicate-key"),
        ("tasks:\n- id: a\n---\ntasks:\n- id: b\n", "3:1: syntax: a second YAML document"),
        ("tasks:\n\t- id: a\n", "2:1: syntax"),
        ("tasks:\n<<<<<<< HEAD\n- id: a\n=======\n- id: b\n>>>>>>> x\n", "2:1: conflict-markers"),
        # The first is libyaml's own limit, which that of PyYAML 6.0.2 doesn't have.
        (f"tasks: {'[' * 5000}", "1:[0-9]+: (syntax: exceeded maximum nesting depth|too-deep: more than 16 levels)"),
        (f"tasks: {'[' * 20}{']' * 20}", "1:23: too-deep"),
        ("tasks: [{id: a", "syntax"),
        ("tasks:\n" + "- {id: a}\n" * 20_001, "too-large: the file holds more than 20,000 tasks"),
        pytest.param("x: [" + "1," * 300_001 + "]\n", "too-deep: more than 300000 values", marks=pytest.mark.journey),
        ("# " + "x" * (8 * 1024 * 1024), "too-large: the file is larger than 8 MiB"),
        ("tasks: \x07\n", "1:8: syntax: the character U.0007 cannot be in YAML"),
        ("tasks:\n- id: @ana\n", "2:7: syntax: .*quote a value that begins with `@`"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, trouble: str) -> None:
    with pytest.raises(DocumentError, match=trouble):
        LIST.elements(text.encode())
