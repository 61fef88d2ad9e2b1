"""Of a worktree that can't be compared, the branch speaks; and the command that is named links it again."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import NOW, begun, buried, entry, register, repo, task

__all__ = ["begun", "repo"]


@pytest.fixture
def finished(repo: Repo) -> Repo:
    """A worker's branch says in review; root doesn't know, and the worker is gone."""
    repo.commit(**{"tasks__x.md": task("in_progress", branch="task/x")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(code="2\n", **{"tasks__x.md": task("in_review", pr_number=5)})
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))
    return repo


def removed(repo: Repo) -> None:
    shutil.rmtree(repo.root / ".worktrees/x")


def on_a_disk_that_is_away(repo: Repo) -> None:
    repo.git("worktree", "lock", ".worktrees/x")
    removed(repo)


def moved_by_hand(repo: Repo) -> None:
    (repo.root / ".worktrees/x").rename(repo.root / ".worktrees/y")


def without_its_git_file(repo: Repo) -> None:
    (repo.root / ".worktrees/x/.git").unlink()


def with_a_git_file_of_elsewhere(repo: Repo) -> None:
    (repo.root / ".worktrees/x/.git").write_text(f"gitdir: {repo.root.parent}/elsewhere/.git/worktrees/x\n")


def without_its_record(repo: Repo) -> None:
    shutil.rmtree(repo.root / ".git/worktrees/x")


def found(repo: Repo) -> dict[str, dict]:
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    return {finding["rule"]: finding for incident in report["incidents"] for finding in incident["findings"]}


BROKEN = (removed, on_a_disk_that_is_away, moved_by_hand, without_its_git_file, with_a_git_file_of_elsewhere,
          without_its_record)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda world: world.__name__)
def test_what_its_branch_says_is_no_lost_work(broken: Callable[[Repo], None], finished: Repo) -> None:
    broken(finished)
    told = found(finished)
    assert "dispatch-completed-unreconciled" in told
    assert not {"worker-gone", "missing-terminal-state"} & told.keys()


@pytest.mark.parametrize("broken", [world for world in BROKEN if world not in {removed, moved_by_hand}])
def test_a_worktree_that_may_say_more_keeps_a_status_from_being_copied(
    broken: Callable[[Repo], None], finished: Repo
) -> None:
    """Of one that was removed, or moved to nobody knows where, the branch is all that there is."""
    buried(finished, "completed_with_pr", exit_code=0, pr_number=5)
    broken(finished)
    fixes = filter(None, (finding["fix"] for finding in found(finished).values()))
    assert any("can't be compared, and may say more" in (fix["why"] or "") for fix in fixes)


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Nothing is wrong with it but what a test breaks."""
    repo.commit(**{"tasks__x.md": task("ready")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    return repo


@pytest.mark.parametrize("broken", [moved_by_hand, without_its_git_file, with_a_git_file_of_elsewhere])
def test_the_command_that_is_named_links_it_again(broken: Callable[[Repo], None], ready: Repo) -> None:
    broken(ready)
    report = taskcheck("--now", NOW, "--format", "json", cwd=ready.root).json
    (incident,) = report["incidents"]
    command = [".worktrees/y" if word == "PATH" else word for word in incident["next"]["command"]]
    assert command[:3] == ["git", "worktree", "repair"]
    subprocess.run(command, cwd=ready.root, check=True, capture_output=True)
    assert "broken-worktree" not in found(ready)


def test_a_copy_of_a_worktree_does_not_take_the_others_record(ready: Repo) -> None:
    """To repair the copy would break the worktree that it was copied from."""
    shutil.copytree(ready.root / ".worktrees/x", ready.root / ".worktrees/y")
    assert "git worktree repair" not in str(found(ready)["broken-worktree"])


def test_a_worktree_without_a_record_needs_another_one(ready: Repo) -> None:
    without_its_record(ready)
    assert "git worktree add" in found(ready)["broken-worktree"]["expected"]


def test_a_run_says_why_it_cannot_use_it(ready: Repo) -> None:
    without_its_git_file(ready)
    ran = taskcheck("run", "x", "--", "true", cwd=ready.root)
    assert ran.code == 2
    assert "can't be used: its .git file is gone" in ran.err


@pytest.mark.parametrize("where", ["no\0name", "x" * 300])
def test_what_a_git_file_names_is_no_path(where: str, ready: Repo) -> None:
    without_its_record(ready)
    (ready.root / ".worktrees/x/.git").write_text(f"gitdir: {ready.root}/.git/worktrees/{where}\n")
    assert "broken-worktree" in found(ready)
