"""Tasks in the lists of a JSON file: read as an independent reader does, and set without touching anything else."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.shape import JsonList, element_of, file_of

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
SHAPE = JsonList(lists=("tasks", "*.tasks"), nested="subtasks", home="master")

WORDS = st.text(max_size=12)
SCALARS = st.one_of(WORDS, st.integers(-5, 5), st.booleans(), st.none())
TASKS = st.fixed_dictionaries(
    {"id": st.integers(1, 9), "status": WORDS},
    optional={"title": SCALARS, "details": st.lists(SCALARS, max_size=2), "subtasks": st.lists(
        st.fixed_dictionaries({"id": st.integers(1, 3), "status": WORDS}), max_size=3)},
)  # fmt: skip
STORES = st.one_of(
    st.fixed_dictionaries({"tasks": st.lists(TASKS, max_size=4)}),
    st.dictionaries(
        st.sampled_from(["master", "a", "b"]), st.fixed_dictionaries({"tasks": st.lists(TASKS, max_size=3)})
    ),
)


def expected(store: Any) -> dict[str, Any]:
    """The tasks by name, each with its status, by the plainest reading; the second of a name with its number."""
    lists = [("", store["tasks"])] if isinstance(store.get("tasks"), list) else []
    lists += [("" if tag == "master" else f"{tag}/", of["tasks"]) for tag, of in store.items() if isinstance(of, dict)]
    found: list[tuple[str, Any]] = []
    for prefix, tasks in lists:
        for task in tasks:
            name = f"{prefix}{task['id']}"
            found.append((name, task["status"]))
            found += [(f"{name}.{inner['id']}", inner["status"]) for inner in task.get("subtasks", [])]
    seen: dict[str, int] = {}
    named = {}
    for name, status in found:
        seen[name] = seen.get(name, 0) + 1
        named[name if seen[name] == 1 else f"{name}#{seen[name]}"] = status
    return named


@settings(max_examples=EXAMPLES, deadline=None)
@given(STORES, st.sampled_from([None, 1, "\t"]), st.booleans(), WORDS)
def test_each_task_is_read_and_set_by_itself(store: Any, indent: Any, bom: bool, value: str) -> None:
    try:
        data = ("\ufeff" * bom + json.dumps(store, indent=indent, ensure_ascii=False)).encode()
    except UnicodeEncodeError:
        return
    known = expected(store)
    assert {name: element.values["status"] for name, element in SHAPE.elements(data).items()} == known
    for name in known:
        one = SHAPE.of(f"x.json#{name}")
        document = one.read(data)
        assert document is not None
        span = document.span(("status",))
        assert span is not None
        assert json.loads(document.text[span.start : span.end]) == known[name]
        after = one.set_scalars(data, {("status",): value})
        assert expected(json.loads(after.decode("utf-8-sig"))) == {**known, name: value}
        text = document.text
        assert (
            after.decode("utf-8-sig")
            == f"{text[: span.start]}{json.dumps(value, ensure_ascii=False)}{text[span.end :]}"
        )


@settings(max_examples=EXAMPLES, deadline=None)
@given(STORES, st.integers(0, 400), st.binary(max_size=3))
def test_damaged_bytes_raise_nothing_but_a_document_error(store: Any, at: int, put: bytes) -> None:
    try:
        data = json.dumps(store).encode()
    except UnicodeEncodeError:
        return
    damaged = data[:at] + put + data[at + len(put) :]
    try:
        for name in SHAPE.elements(damaged):
            SHAPE.of(f"x.json#{name}").set_scalars(damaged, {("status",): "done"})
    except (DocumentError, Refused):
        pass


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"tasks": [{"id": "7", "status": "x"}, {"status": "y"}, 3, null]}', ["7"]),
        ('{"tasks": {"id": 1}}', []),
        ('[{"id": 1}]', []),
        ('{"a": {"b": {"tasks": [{"id": 1}]}}}', []),
        ('{"tasks": [{"id": 1, "status": "a"}, {"id": 1, "status": "b"}]}', ["1", "1#2"]),
        ('{"tasks": [{"id": 1, "subtasks": [{"id": 1, "subtasks": [{"id": 1}]}]}]}', ["1", "1.1"]),
    ],
)
def test_what_is_a_task(text: str, names: list[str]) -> None:
    assert list(SHAPE.elements(text.encode())) == names


def test_a_key_that_is_not_there_is_added_to_its_task() -> None:
    data = b'{"tasks": [{"id": 1, "status": "a"}, {"id": 2, "status": "b"}]}'
    after = SHAPE.of("x.json#1").set_scalars(data, {("pr_url",): "https://x/1"})
    assert after == b'{"tasks": [{"id": 1, "status": "a", "pr_url": "https://x/1"}, {"id": 2, "status": "b"}]}'


def test_what_is_no_text_is_not_overwritten() -> None:
    with pytest.raises(Refused):
        SHAPE.of("x.json#1").set_scalars(b'{"tasks": [{"id": 1, "status": 3}]}', {("status",): "done"})
    with pytest.raises(Refused):
        SHAPE.of("x.json#9").set_scalars(b'{"tasks": [{"id": 1, "status": "a"}]}', {("status",): "done"})


@pytest.mark.parametrize(
    ("path", "file", "name"),
    [("a/x.json#1.2", "a/x.json", "1.2"), ("a#b.md", "a#b.md", None), ("x.jsonl#a#2", "x.jsonl", "a#2")],
)
def test_a_path_leads_to_a_file_and_a_task_in_it(path: str, file: str, name: str | None) -> None:
    assert (file_of(path), element_of(path)) == (file, name)
