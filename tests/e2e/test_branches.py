"""Branch tips as checkouts: read from git's objects, compared like worktrees, and only where asked for."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck

Store = Callable[..., Path]


def task(status: str) -> str:
    return f"---\ntitle: Fix\nowner: rj\nstatus: {status}\n---\n"


@pytest.fixture
def fleet(store: Store) -> Path:
    """Root says ready; one branch has begun the task, another hasn't touched it."""
    root = store(
        {"tasks/fix-login.md": task("ready"), "tasks/other.md": task("ready"), "taskcheck.toml": "[people]\nrj = []\n"}
    )
    git("branch", "task/other", cwd=root)
    git("checkout", "-q", "-b", "task/fix-login", cwd=root)
    (root / "tasks" / "fix-login.md").write_text(task("in_progress"))
    git("commit", "-q", "-a", "-m", "begin", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    return root


def drift(root: Path, *arguments: str) -> list[Any]:
    report = taskcheck("--select", "metadata-drift", "--format", "json", *arguments, cwd=root).json
    return [finding for incident in report["incidents"] for finding in incident["findings"]]


def test_branches_are_compared_when_asked_for(fleet: Path) -> None:
    git("branch", "-m", "task/fix-login", "wip/login", cwd=fleet)
    assert drift(fleet) == []
    (finding,) = drift(fleet, "--branches", "wip/*")
    assert finding["severity"] == "error"
    assert "branch:wip/login" in {item["checkout"] for item in finding["evidence"]}
    (fleet / "taskcheck.toml").write_text('[people]\nrj = []\n[checkouts]\nbranches = ["wip/*"]\n')
    assert len(drift(fleet)) == 1


def test_an_open_tasks_own_branch_is_compared_unasked(fleet: Path) -> None:
    (finding,) = drift(fleet)
    assert finding["severity"] == "error"
    assert "branch:task/fix-login" in {item["checkout"] for item in finding["evidence"]}
    report = taskcheck("--branches", "task/*", "--format", "json", cwd=fleet).json
    assert report["summary"]["checkouts"] == 3


def test_a_branch_in_a_worktree_is_looked_at_there(fleet: Path) -> None:
    git("worktree", "add", "-q", ".worktrees/fix-login", "task/fix-login", cwd=fleet)
    (finding,) = drift(fleet, "--branches", "*")
    assert {item["checkout"] for item in finding["evidence"]} == {"root", "worktree:fix-login"}


def test_remote_branches_and_trunk(fleet: Path, tmp_path: Path) -> None:
    git("clone", "-q", fleet, tmp_path / "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    (finding,) = drift(clone, "--branches", "origin/*")
    assert "branch:origin/task/fix-login" in {item["checkout"] for item in finding["evidence"]}
    git("branch", "-q", "task/fix-login", "origin/task/fix-login", cwd=clone)
    (finding,) = drift(clone, "--branches", "*")
    assert "branch:task/fix-login" in {item["checkout"] for item in finding["evidence"]}, "one of two equal ones"


def test_a_merged_branch_is_silent_once_root_follows(fleet: Path) -> None:
    git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/fix-login'", "task/fix-login", cwd=fleet)
    assert drift(fleet, "--branches", "task/*") == []


def test_task_files_at_the_top_beside_those_in_a_folder(store: Store) -> None:
    paths = '[paths]\ntasks = ["tasks/*.md", "job-*.md"]\n'
    root = store(
        {"tasks/a.md": task("ready"), "job-b.md": task("ready"), "taskcheck.toml": f"{paths}[people]\nrj = []\n"}
    )
    git("checkout", "-q", "-b", "task/job-b", cwd=root)
    (root / "job-b.md").write_text(task("in_progress"))
    git("commit", "-q", "-a", "-m", "begin", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    (finding,) = drift(root, "--branches", "task/*")
    assert {item["path"] for item in finding["evidence"]} == {"job-b.md"}


def test_sha256_repository(tmp_path: Path) -> None:
    git("init", "-q", "-b", "main", "--object-format=sha256", cwd=tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.md").write_text(task("ready"))
    git("add", "-A", cwd=tmp_path)
    git("commit", "-q", "-m", "start", cwd=tmp_path)
    git("branch", "task/a", cwd=tmp_path)
    assert drift(tmp_path, "--branches", "task/*") == []
    report = taskcheck("--branches", "task/*", "--format", "json", cwd=tmp_path).json
    assert report["complete"]
    assert report["summary"]["checkouts"] == 2


def test_a_readme_on_a_branch_is_no_task(fleet: Path) -> None:
    git("checkout", "-q", "task/other", cwd=fleet)
    (fleet / "tasks" / "README.md").write_text("---\nstatus: [\n---\n")
    git("add", "-A", cwd=fleet)
    git("commit", "-q", "-m", "readme", cwd=fleet)
    git("checkout", "-q", "main", cwd=fleet)
    git("branch", "-D", "task/fix-login", cwd=fleet)
    assert taskcheck("--branches", "task/other", cwd=fleet).code == 0


def test_a_remote_tip_beside_a_worktree_of_that_branch(fleet: Path, tmp_path: Path) -> None:
    git("clone", "-q", fleet, tmp_path / "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", "main", cwd=clone)
    (finding,) = drift(clone, "--branches", "origin/task/*")
    assert "branch:origin/task/fix-login" in {item["checkout"] for item in finding["evidence"]}


def test_a_commit_dated_beyond_all_dates(fleet: Path) -> None:
    raw = git("cat-file", "commit", "task/fix-login", cwd=fleet)
    raw = re.sub(r"(committer .*> )\d+", r"\g<1>999999999999999", raw)
    (fleet / "raw").write_text(raw)
    made = git("hash-object", "-t", "commit", "-w", "--literally", "raw", cwd=fleet).strip()
    git("update-ref", "refs/heads/task/fix-login", made, cwd=fleet)
    assert len(drift(fleet, "--branches", "task/*")) == 1


def test_a_version_that_is_too_large_is_left_behind_in_a_branch(fleet: Path) -> None:
    """The branch has the file as it was when it left root, where it is small by now."""
    (fleet / "tasks/large.md").write_text(task("ready").ljust(8 * 1024 * 1024 + 1))
    git("add", "-A", cwd=fleet)
    git("commit", "-q", "-m", "large", cwd=fleet)
    git("checkout", "-q", "-b", "wip/large", cwd=fleet)
    (fleet / "code.py").write_text("x = 1\n")
    git("add", "-A", cwd=fleet)
    git("commit", "-q", "-m", "work", cwd=fleet)
    git("checkout", "-q", "main", cwd=fleet)
    (fleet / "tasks/large.md").write_text(task("ready"))
    git("commit", "-q", "-a", "-m", "small", cwd=fleet)
    ran = taskcheck("--branches", "wip/*", "--format", "json", cwd=fleet)
    assert ran.json["complete"], ran.json["errors"]
    (large,) = [incident for incident in ran.json["incidents"] if incident["task"] == "large"]
    assert [(each["rule"], each["checkout"]) for each in large["findings"]] == [("unreadable-task", "branch:wip/large")]
