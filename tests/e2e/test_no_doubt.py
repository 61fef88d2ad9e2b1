"""Worlds beside those in which nothing is guessed: nothing is in doubt, and a safe fix is right."""

import json
import os
import platform

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import (
    CONFIG,
    NOW,
    REGISTER,
    begun,
    buried,
    entry,
    fetched,
    register,
    repo,
    reviewed,
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


def status(repo: Repo) -> str:
    lines = (repo.root / "tasks/x.md").read_text().splitlines()
    return next(line.removeprefix("status: ") for line in lines if line.startswith("status: "))


def in_review_by_its_end(repo: Repo) -> Repo:
    """A worktree that has its task in review, as the end of its run says; root hasn't yet."""
    reviewed(repo)
    buried(repo, "completed_with_pr", exit_code=0, pr_number=5, branch="task/x", worktree_path=".worktrees/x")
    return Repo(repo.root / ".worktrees/x", repo.minutes)


def test_branch_updated_on_the_forge_says_nothing_new(repo: Repo) -> None:
    worktree = in_review_by_its_end(repo)
    repo.commit(other="1\n")
    worktree.git("merge", "-q", "--no-edit", "-X", "ours", "main")
    worktree.git("update-ref", "refs/remotes/origin/task/x", "HEAD")
    worktree.git("reset", "-q", "--hard", "HEAD~1")
    repaired(repo)
    assert status(repo) == "in_review"


def test_commit_amended_after_it_was_pushed_says_nothing_new(repo: Repo) -> None:
    worktree = in_review_by_its_end(repo)
    worktree.git("update-ref", "refs/remotes/origin/task/x", "HEAD")
    worktree.git("commit", "-q", "--amend", "-m", "in other words")
    repaired(repo)
    assert status(repo) == "in_review"


def test_detached_worktree_has_no_fetched_branch(repo: Repo) -> None:
    worktree = in_review_by_its_end(repo)
    worktree.git("checkout", "-q", "--detach")
    repo.branch("None")
    tip = repo.commit(other="1\n")
    repo.on_main()
    repo.git("branch", "-q", "-D", "None")
    repo.git("update-ref", "refs/remotes/origin/None", tip)
    repaired(repo)
    assert status(repo) == "in_review"


def test_merge_of_main_is_no_work_after_the_end(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(code="2\n")
    buried(repo, "blocked", branch="task/x")
    repo.minutes = 5 * 60
    repo.commit(other="1\n")
    Repo(repo.root / ".worktrees/x", repo.minutes).git("merge", "-q", "--no-edit", "main")
    repaired(repo)
    assert status(repo) == "blocked"


def test_what_root_alone_has_set_is_no_dispute(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("ready")})
    fetched(repo, task("ready") + "\nIn other words.\n")
    repo.commit(**{"tasks__x.md": task("in_progress")})
    register(repo, x=entry(worktree_path=".worktrees/x"))
    repaired(repo)
    assert registered(repo) == []


def test_abandoned_attempt_holds_no_entry(repo: Repo) -> None:
    """The second attempt landed; the branch of the first was left before the second began."""
    repo.branch("task/x")
    repo.commit(more="first\n")
    repo.on_main()
    repo.minutes = 2 * 60
    repo.branch("again/x")
    repo.commit(code="2\n")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "again/x")
    register(repo, x=entry(branch="again/x", worktree_path=".worktrees/again"))
    repaired(repo)
    assert registered(repo) == []


def test_one_process_with_and_without_its_host(repo: Repo) -> None:
    (repo.root / "taskcheck.toml").write_text(CONFIG.replace("ana = []", 'ana = ["ana-lee"]'))
    other = REGISTER.replace("-ana.", "-ana-lee.")
    alive = {"pid": os.getpid(), "branch": "task/x"}
    register(repo, x={**alive, "host": platform.node()})
    register(repo, at=other, x=alive)
    ran = taskcheck("--now", NOW, "--format", "json", cwd=repo.root)
    assert ran.json["incidents"][0]["findings"][0]["fix"]["safety"] == "safe"
