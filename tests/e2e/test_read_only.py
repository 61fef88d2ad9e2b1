"""Stores whose task files are only read, and of which no tool is named that writes them: a person does it by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import TASKCHECK

Store = Callable[..., Path]
CONFIG = """
[paths]
tasks = ["todo.jsonl"]
tombstones = ".tasks/{task}.status.json"
registers = ""
[shape]
kind = "json-lines"
[statuses]
ready = ["open"]
active = ["doing"]
stopped = ["blocked"]
done = ["done"]
[outcomes]
blocked = ["blocked"]
failed = ["open"]
[checkouts]
worktree = ".worktrees/{task}"
branch = "task/{task}"
[drift]
authority = "branch"
"""


def lines(*statuses: str) -> str:
    tasks = [{"id": f"t-{at}", "title": f"Task {at}", "status": status} for at, status in enumerate(statuses, 1)]
    return "".join(f"{json.dumps(each)}\n" for each in tasks)


@pytest.fixture
def merged(store: Store) -> Path:
    """A store with a task whose branch was merged, and that is still in work."""
    root = store({"taskcheck.toml": CONFIG, "todo.jsonl": lines("doing", "open"), ".gitignore": ".worktrees/\n"})
    git("worktree", "add", "-q", "-b", "task/t-1", ".worktrees/t-1", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "Work", cwd=root / ".worktrees/t-1")
    git("merge", "-q", "--no-ff", "-m", "Merge it", "task/t-1", cwd=root)
    return root


def incident(root: Path, task: str) -> Any:
    report = taskcheck("--format", "json", cwd=root).json
    return next(each for each in report["incidents"] if each["task"] == task)


def test_what_would_be_a_repair_is_an_edit_by_hand(merged: Path) -> None:
    before = (merged / "todo.jsonl").read_bytes()
    told = incident(merged, "t-1")
    assert told["next"]["text"] == "edit todo.jsonl:1 so that status is done"
    assert told["next"]["note"].startswith("not safe: ")
    assert [finding["fix"] for finding in told["findings"]] == [None] * len(told["findings"])
    fixed = taskcheck("--fix", "--unsafe-fixes", cwd=merged)
    assert "couldn't" not in fixed.out + fixed.err
    assert "only its own tool" not in fixed.out + fixed.err
    assert (merged / "todo.jsonl").read_bytes() == before
    (merged / "todo.jsonl").write_text(lines("done", "open"))
    assert taskcheck(cwd=merged).code == 0


def test_a_run_ends_and_a_person_is_to_say_so(store: Store) -> None:
    root = store(
        {"taskcheck.toml": CONFIG, "todo.jsonl": lines("done", "open"), ".gitignore": ".worktrees/\n.tasks/\n"}
    )
    worker = f"{TASKCHECK} finish t-2 --outcome blocked --reason 'no key'"
    ran = taskcheck("run", "t-2", "--", "sh", "-c", worker, cwd=root)
    assert (ran.code, "t-2 is still open, and taskcheck doesn't write its file" in ran.err) == (0, True), ran.err
    assert incident(root, "t-2")["next"]["text"] == "edit todo.jsonl:2 so that status is blocked"
    (root / "todo.jsonl").write_text(lines("done", "blocked"))
    assert taskcheck("--format", "json", cwd=root).json["incidents"] == []
