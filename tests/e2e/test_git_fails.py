"""Git that fails or has too much to say: in its words, about what it is asked, and never *all agree*."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran, environment, git, taskcheck
from tests.e2e.repository import Repo

TASK = "---\ntitle: Fix\nowner: ana\nstatus: ready\n---\n"
CONFIG = 'preset = "task-manager"\n[people]\nana = []\n[checkouts]\nbranches = ["task/*"]\n'


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "store")
    made.root.mkdir()
    made.git("init", "-q", "-b", "main")
    made.commit(**{"taskcheck.toml": CONFIG, "tasks__a.md": TASK, "tasks__b.md": TASK.replace("Fix", "Tidy")})
    return made


def forget(repo: Repo, name: str) -> None:
    """Take an object away, as a disk or a partial clone does."""
    (repo.root / ".git" / "objects" / name[:2] / name[2:]).unlink()


def check(repo: Repo) -> Ran:
    return taskcheck("--format", "json", cwd=repo.root)


def said(ran: Ran) -> str:
    text: str = ran.out + ran.err
    return text


def test_a_branch_whose_tree_is_gone_is_undecided(repo: Repo) -> None:
    repo.branch("task/a")
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_progress")})
    tree = repo.git("rev-parse", "task/a:tasks")
    repo.on_main()
    repo.branch("task/b")
    repo.commit(**{"tasks__b.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    forget(repo, tree)
    ran = check(repo)
    assert ran.json["complete"], said(ran)
    assert ran.code in {0, 1}
    assert [incident["task"] for incident in ran.json["incidents"]] == ["b", "a"], "the other branch is compared"
    assert "branch task/a of a can't be compared: git diff-tree: fatal: " in said(ran)
    assert "git fsck" in said(ran)


def test_a_commit_that_is_gone_is_no_missing_relation(repo: Repo) -> None:
    """`git merge-base` ends with 1 for unrelated histories and for an object that is missing: only its words differ."""
    repo.branch("task/a")
    middle = repo.commit()
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    repo.commit()
    forget(repo, middle)
    ran = check(repo)
    assert ran.json["complete"], said(ran)
    assert "no common commit" not in said(ran)
    assert middle[:7] in said(ran)


def test_a_version_that_is_gone_leaves_its_checkout_undecided(repo: Repo) -> None:
    base = repo.git("rev-parse", "HEAD:tasks/a.md")
    repo.branch("task/a")
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    repo.commit(**{"tasks__a.md": TASK.replace("Fix", "Mend"), "tasks__b.md": TASK.replace("Fix", "Tidy")})
    forget(repo, base)
    ran = check(repo)
    assert ran.json["complete"], said(ran)
    assert "can't be read" in said(ran)


def test_what_root_is_made_of_has_to_be_told(repo: Repo) -> None:
    (repo.root / ".git" / "refs" / "heads" / "main").write_text("0" * 39 + "1\n")
    ran = check(repo)
    assert ran.code == 3
    assert not ran.json["complete"]


def test_a_git_that_is_silent_says_nothing(repo: Repo) -> None:
    repo.branch("task/a")
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    packed = repo.root / ".git" / "shallow"
    os.mkfifo(packed)
    ran = check(repo)
    assert ran.code == 3
    assert "no answer" in said(ran)


@pytest.mark.journey
def test_giants_on_a_branch_are_told_by_their_size(repo: Repo) -> None:
    repo.branch("task/a")
    for name in ("x", "y", "z"):
        with (repo.root / "tasks" / f"{name}.md").open("wb") as file:
            file.truncate(100 * 1024 * 1024)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "giants")
    repo.on_main()
    worst, code, out = measured(repo.root)
    assert code in {0, 1}, out
    assert "104,857,600 bytes" in out
    assert worst < 160 * 1024, f"{worst} KiB"


def measured(root: Path) -> tuple[int, int, str]:
    """A check's largest size in KiB, its exit code, and what it prints.

    A small process starts it: what it is measured by begins with the size of who started it.
    """
    watcher = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(done.returncode)\n"
    )
    check = [sys.executable, "-m", "taskcheck", "--root", str(root), "--format", "json"]
    ran = subprocess.run(
        [sys.executable, "-c", watcher, *check], capture_output=True, text=True, env=environment(), check=False
    )
    return int(ran.stderr.split()[-1]), ran.returncode, ran.stdout


def test_a_partial_clone_knows_what_it_has(repo: Repo, tmp_path: Path) -> None:
    repo.branch("task/a")
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    repo.commit(**{"tasks__a.md": TASK.replace("Fix", "Mend")})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git("clone", "-q", "--filter=blob:none", f"file://{repo.root}", clone, cwd=tmp_path)
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", "origin/task/a", cwd=clone)
    git("remote", "set-url", "origin", tmp_path / "gone", cwd=clone)
    ran = taskcheck("--format", "json", cwd=clone)
    assert ran.json["complete"], said(ran)
    assert "partial clone" in said(ran), said(ran)
    assert "all agree" not in taskcheck(cwd=clone).out


def test_a_partial_clone_isnt_wrong_for_branches_of_which_nobody_asked(repo: Repo, tmp_path: Path) -> None:
    unasked = CONFIG.replace('branches = ["task/*"]', 'branch = "task/{task}"')
    repo.commit(**{"taskcheck.toml": unasked})
    repo.branch("task/a")
    repo.commit(**{"tasks__a.md": TASK.replace("ready", "in_review")})
    repo.on_main()
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git("clone", "-q", "--filter=blob:none", f"file://{repo.root}", clone, cwd=tmp_path)
    git("remote", "set-url", "origin", tmp_path / "gone", cwd=clone)
    ran = taskcheck("--format", "json", cwd=clone)
    assert ran.code == 0, said(ran)
    assert "unreadable-task" not in said(ran)
    assert "origin/task/a" in str(ran.json["unseen"]), said(ran)
