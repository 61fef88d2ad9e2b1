"""A store whose tasks are elements of one JSON file: read, compared across checkouts, repaired and run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

Store = Callable[..., Path]
FILE = ".taskmaster/tasks/tasks.json"


def task(number: int, status: str = "pending", *needs: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "title": f"Task {number}", "dependencies": list(needs), "status": status, **more}


def text(*tasks: dict[str, Any], tags: bool = True, **others: list[dict[str, Any]]) -> str:
    lists: Any = {"tasks": list(tasks)}
    if tags:
        lists = {"master": lists, **{tag: {"tasks": of_tag} for tag, of_tag in others.items()}}
    return json.dumps(lists, indent=2) + "\n"


def found(root: Path, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The findings, by task and rule."""
    report = taskcheck("--format", "json", *arguments, cwd=root).json
    assert report["complete"], report["errors"]
    return {
        (incident["task"], finding["rule"]): finding
        for incident in report["incidents"]
        for finding in incident["findings"]
    }


def of(root: Path, number: int) -> dict[str, Any]:
    held: Any = json.loads((root / FILE).read_text())
    return next(each for each in held.get("master", held)["tasks"] if each["id"] == number)


@pytest.mark.parametrize("tags", [True, False])
def test_tasks_and_subtasks_are_read(store: Store, tags: bool) -> None:
    subtasks = [task(1, "done"), task(2, "pending", 1), {**task(3), "dependencies": ["2", "1.1", 9]}]
    root = store({FILE: text(task(1, "in-progress", subtasks=subtasks), task(2, "pending", 1, 7), tags=tags)})
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 5
    told = found(root)
    assert set(told) == {("2", "unknown-dependency"), ("1.3", "unknown-dependency")}
    assert "1.9" in told["1.3", "unknown-dependency"]["message"], "a number is a subtask beside it"


def test_one_id_twice_is_told(store: Store) -> None:
    root = store({FILE: text(task(1), task(2), task(1, "done"))})
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 3
    finding = found(root)["1", "duplicate-task"]
    assert [each["path"] for each in finding["evidence"]] == [FILE, FILE]


def test_a_finding_names_file_and_line(store: Store) -> None:
    root = store({FILE: text(task(1), task(2, "soon"))})
    finding = found(root)["2", "invalid-field"]
    lines = (root / FILE).read_text().splitlines()
    assert finding["path"] == FILE
    assert "soon" in lines[finding["line"] - 1]


def test_tags_are_scopes_and_do_not_collide(store: Store) -> None:
    root = store({FILE: text(task(1), login=[task(1, "done"), task(2, "pending", 1)], other=[task(2, "pending", 1)])})
    assert set(found(root)) == set(), "a reference that its own tag doesn't have is to the home tag"
    shown = taskcheck("check", "--show-files", cwd=root).out.splitlines()
    assert [line.partition("(")[2].partition(",")[0] for line in shown] == ["1", "login/1", "login/2", "other/2"]


def test_a_file_that_cannot_be_read_is_told_and_hides_nothing_else(store: Store) -> None:
    root = store({FILE: '{"master": {"tasks": [{"id": 1, "status": "done",]}}'})
    told = found(root)
    assert [rule for _, rule in told] == ["unreadable-task"]
    assert next(iter(told.values()))["path"] == FILE


@pytest.fixture
def fleet(store: Store) -> Path:
    """Two tasks; a worktree in which the first one moved on."""
    root = store({FILE: text(task(1, "pending"), task(2, "pending")), ".gitignore": ".worktrees/\n.tasks/\n"})
    git("worktree", "add", "-q", "-b", "task/1", ".worktrees/1", cwd=root)
    return root


def test_only_the_task_that_differs_is_compared(fleet: Path) -> None:
    (fleet / ".worktrees/1" / FILE).write_text(text(task(1, "review"), task(2, "pending")))
    (fleet / "taskcheck.toml").write_text('preset = "task-master"\n[drift]\nauthority = "root"\n')
    told = found(fleet)
    assert set(told) == {("1", "metadata-drift")}
    assert {evidence["path"] for evidence in told["1", "metadata-drift"]["evidence"]} == {FILE}


def test_another_layout_alone_is_no_difference(fleet: Path) -> None:
    held = json.loads((fleet / FILE).read_text())
    (fleet / ".worktrees/1" / FILE).write_text(json.dumps(held))
    (fleet / "taskcheck.toml").write_text('preset = "task-master"\n[drift]\nauthority = "root"\n')
    assert found(fleet) == {}


def test_a_task_that_root_lacks_and_one_that_the_worktree_lacks_are_no_errors(fleet: Path) -> None:
    (fleet / ".worktrees/1" / FILE).write_text(text(task(2), task(3)))
    assert found(fleet) == {}


def test_a_merged_branch_completes_its_task_and_nothing_else(fleet: Path) -> None:
    worktree = fleet / ".worktrees/1"
    (worktree / "a.txt").write_text("x")
    git("add", "-A", cwd=worktree)
    git("commit", "-q", "-m", "work", cwd=worktree)
    git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/1'", "task/1", cwd=fleet)
    assert ("1", "merged-not-completed") in found(fleet)
    before = (fleet / FILE).read_text()
    assert taskcheck("--fix", "--unsafe-fixes", "1", cwd=fleet).code in {0, 1}
    assert of(fleet, 1)["status"] == "done"
    assert (fleet / FILE).read_text() == before.replace('"status": "pending"', '"status": "done"', 1)


@pytest.mark.parametrize(
    ("said", "outcome", "status"),
    [
        (f"--outcome completed_with_pr --pr-url {PULL}", "completed_with_pr", "review"),
        ("--outcome blocked --reason x", "blocked", "blocked"),
    ],
)
def test_a_run_is_recorded_in_the_element_of_its_task(store: Store, said: str, outcome: str, status: str) -> None:
    root = store({FILE: text(task(1), task(2, subtasks=[task(1)])), ".gitignore": ".worktrees/\n"})
    ran = taskcheck("run", "1", "--", "sh", "-c", f"{TASKCHECK} finish 1 {said}", cwd=root)
    assert ran.code == 0, ran.err
    record = json.loads((root / ".tasks/runs/1.status.json").read_text())
    assert (record["outcome"], record["status_after"]) == (outcome, status)
    assert of(root, 1)["status"] == status
    assert of(root, 2) == task(2, subtasks=[task(1)]), "the others stay as they are"
    assert json.loads((root / ".worktrees/1" / FILE).read_text())["master"]["tasks"][0]["status"] == status


def test_a_subtask_is_run_by_its_own_name(store: Store) -> None:
    root = store({FILE: text(task(1, "in-progress", subtasks=[task(1)])), ".gitignore": ".worktrees/\n"})
    ran = taskcheck("run", "1.1", "--", "sh", "-c", f"{TASKCHECK} finish 1.1 --outcome blocked --reason x", cwd=root)
    assert ran.code == 0, ran.err
    assert (of(root, 1)["status"], of(root, 1)["subtasks"][0]["status"]) == ("in-progress", "blocked")
