"""Worlds beside those in which nothing is guessed: nothing is in doubt, and a safe fix is right."""

import json

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import (
    NOW,
    REGISTER,
    begun,
    entry,
    register,
    repo,
    task,
)

__all__ = ("begun", "repo")


def repaired(repo: Repo) -> None:
    ran = taskcheck("--now", NOW, "--fix", cwd=repo.root)
    assert ran.code in {0, 1}, ran.err


def registered(repo: Repo) -> list[str]:
    return list(json.loads((repo.root / REGISTER).read_text())["entries"])


@pytest.mark.parametrize("path", [".worktrees/x/repo", ".worktrees/x/repo1"])
def test_worktrees_of_other_tasks_were_not_moved(path: str, repo: Repo) -> None:
    """The worktree of a task is gone, and those of two others have folders of one name."""
    repo.commit(**{"tasks__y.md": task("in_progress"), "tasks__z.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/y", ".worktrees/y/repo")
    repo.git("worktree", "add", "-q", "-b", "odd", ".worktrees/z/repo")
    of_z = {"registered_at": "2026-03-24T21:50:00Z", "worktree_path": ".worktrees/z/repo"}
    register(repo, x=entry(worktree_path=path), z=of_z)
    assert (repo.root / ".git/worktrees/repo1").is_dir()
    repaired(repo)
    assert registered(repo) == ["z"]


def test_git_numbers_its_records_of_worktrees(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/y/repo")
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/z/repo")
    register(repo, x=entry(worktree_path=".worktrees/x/repo1"))
    repaired(repo)
    assert registered(repo) == []
