"""Clones without all of the history: what can't be told is said once, with the cure, where something rests on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck

Store = Callable[..., Path]
CARD = "---\nid: TASK-{0}\ntitle: Card {0}\nstatus: {1}\n{2}---\n"
CURE = "git fetch --unshallow; in GitHub Actions, set `fetch-depth: 0` of actions/checkout"


def cards(*named: int) -> dict[str, str]:
    """Three tasks, of which some name their branch."""
    files = {"backlog/config.yml": 'statuses: ["To Do", "In Progress", "Done"]\n'}
    for number in range(1, 4):
        branch = f"branch: tasks/TASK-{number}\n" if number in named else ""
        files[f"backlog/tasks/task-{number} - Card.md"] = CARD.format(number, "In Progress", branch)
    return files


@pytest.fixture
def origin(store: Store) -> Path:
    """A store in which the branch of the first task was merged."""
    root = store(cards(1))
    git("checkout", "-q", "-b", "tasks/TASK-1", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "Work", cwd=root)
    (root / "code.py").write_text("pass\n")
    git("add", "code.py", cwd=root)
    git("commit", "-q", "-m", "Code", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    git("merge", "-q", "--no-ff", "--no-edit", "tasks/TASK-1", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "Later", cwd=root)
    return root


def cloned(origin: Path, *how: str) -> Path:
    git("clone", "-q", *how, f"file://{origin}", "../clone", cwd=origin)
    return origin.parent / "clone"


def unseen(root: Path, *arguments: str) -> list[Any]:
    told: list[Any] = taskcheck("--format", "json", *arguments, cwd=root).json["unseen"]
    return told


@pytest.mark.parametrize(("named", "told"), [((1,), "TASK-1"), ((1, 3), "2 tasks (first: TASK-1)")])
def test_that_work_may_have_landed_is_said_once(origin: Path, named: tuple[int, ...], told: str) -> None:
    for path, text in cards(*named).items():
        (origin / path).write_text(text)
    git("commit", "-q", "--allow-empty", "-am", "Name branches", cwd=origin)
    clone = cloned(origin, "--depth", "1")
    why = f"this clone is shallow, so it is unknown whether the work on {told} landed"
    assert unseen(clone) == [{"kind": "history", "where": "history", "why": why, "cure": CURE}]
    ran = taskcheck(cwd=clone)
    assert (ran.code, "all agree" in ran.out, "not looked at: history" in ran.out) == (0, False, True), ran.out
    assert taskcheck("--select", "unknown-dependency", cwd=clone).code == 0
    assert taskcheck("--select", "unknown-dependency", "--strict", cwd=clone).code == 1


def test_the_cure_is_one(origin: Path) -> None:
    clone = cloned(origin, "--depth", "1", "--no-single-branch")
    assert len(unseen(clone)) == 1
    git("fetch", "-q", "--unshallow", cwd=clone)
    assert unseen(clone) == []
    report = taskcheck("--format", "json", cwd=clone).json
    assert [incident["task"] for incident in report["incidents"]] == ["TASK-1"]


def test_checkouts_that_cannot_be_compared_are_said_with_it(origin: Path) -> None:
    clone = cloned(origin, "--depth", "1", "--no-single-branch")
    git("worktree", "add", "-q", "../work", "origin/tasks/TASK-1", cwd=clone)
    ((told),) = unseen(clone, "--branches", "origin/tasks/*")
    assert told["why"].endswith("and what 2 checkouts (first: worktree work) changed")
    assert "no common commit" not in taskcheck("-v", "--branches", "*", cwd=clone).out


def test_where_nothing_rests_on_history_nothing_is_said(store: Store) -> None:
    root = store(cards())
    git("commit", "-q", "--allow-empty", "-m", "Later", cwd=root)
    clone = cloned(root, "--depth", "1")
    assert (unseen(clone), "all agree" in taskcheck(cwd=clone).out) == ([], True)
    git("worktree", "add", "-q", "-b", "work", "../work", cwd=clone)
    path = clone.parent / "work/backlog/tasks/task-2 - Card.md"
    path.write_text(path.read_text().replace("In Progress", "Done"))
    git("commit", "-q", "-am", "Done", cwd=path.parent)
    assert unseen(clone) == [], "it grew from what is here"


def test_a_trunk_that_is_not_compared_has_the_cure_too(store: Store) -> None:
    root = store(cards())
    git("commit", "-q", "--allow-empty", "-m", "Later", cwd=root)
    clone = cloned(root, "--depth", "1")
    git("commit", "-q", "--allow-empty", "-m", "Later still", cwd=root)
    git("fetch", "-q", "--depth", "1", "origin", cwd=clone)
    assert "isn't compared with origin/main: history is cut off" in taskcheck(cwd=clone).out
    assert "help: git fetch --unshallow" in taskcheck(cwd=clone).out
