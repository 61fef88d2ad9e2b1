"""Registers are merged without losing what only one of them says."""

import json
from typing import Any

import pytest

from taskcheck.documents import Refused
from taskcheck.documents.shape import PLAIN
from taskcheck.fix.edits import compose
from taskcheck.model.edit import MergeFile
from taskcheck.model.task import Place

EARLY, LATE = "2026-03-24T08:00:00Z", "2026-03-24T17:00:00Z"


def merged(one: Any, other: Any) -> Any:
    """What a register gets from another one of its person."""
    files = {"dave-fowler.json": one, "dave.json": other}
    edit = MergeFile(
        sources=tuple(Place(path=path) for path in files), target=Place(path="dave-fowler.json"), owner="dave-fowler"
    )
    made = compose([edit], {path: json.dumps(said, indent=1).encode() for path, said in files.items()}, shape=PLAIN)
    assert made["dave.json"].data is None
    return json.loads(made["dave-fowler.json"].data or b"") if "dave-fowler.json" in made else one


@pytest.mark.parametrize("swapped", [False, True])
def test_the_later_row_of_a_run_gets_what_only_the_other_says(swapped: bool) -> None:
    early = {"slug": "a", "worktree_path": "w", "registered_at": EARLY, "pr_number": 12}
    late = {"slug": "a", "worktree_path": "w", "registered_at": LATE, "note": {"by": ["x"]}}
    one, other = (late, early) if swapped else (early, late)
    assert merged({"entries": {"a": one}}, {"entries": {"a": other}}) == {"entries": {"a": {**late, "pr_number": 12}}}
    assert merged({"entries": [one]}, {"entries": [other]}) == {"entries": [{**late, "pr_number": 12}]}


def test_rows_of_one_moment_complete_each_other() -> None:
    assert merged({"entries": {"a": {"branch": "b"}}}, {"entries": {"a": {"branch": "b", "pr_number": 12}}}) == {
        "entries": {"a": {"branch": "b", "pr_number": 12}}
    }


def test_rows_of_two_runs_are_not_mixed() -> None:
    early = {"pid": 1, "registered_at": EARLY, "ended_at": EARLY}
    late = {"pid": 2, "registered_at": LATE}
    assert merged({"entries": {"a": early}}, {"entries": {"a": late}}) == {"entries": {"a": late}}
    assert merged({"entries": {"a": late}}, {"entries": {"a": early}}) == {"entries": {"a": late}}


def test_keys_that_only_the_other_register_has_are_taken_over() -> None:
    assert merged({"entries": {}}, {"owner": "dave", "updated_at": EARLY, "entries": {}, "more": 1.0}) == {
        "entries": {}, "owner": "dave-fowler", "updated_at": EARLY, "more": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"entries": {"b": {}}, "workers": {"c": {}}, "version": 1},
        {"entries": {"b": {}}, "version": True},
        {"entries": {"b": {}}, "version": 1.0},
    ],
)
def test_what_can_not_be_kept_is_not_merged(other: Any) -> None:
    with pytest.raises(Refused):
        merged({"entries": {"a": {}}, "version": 1}, other)
