"""Where the store is found: monorepo, bare repository, submodule, detached, moved; and odd names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskcheck.read.locate import locate
from tests.e2e.conftest import git, taskcheck

TASK = "---\ntitle: A\nowner: rj\nstatus: {}\n---\n"


def put(root: Path, status: str = "ready") -> None:
    (root / "tasks").mkdir(parents=True, exist_ok=True)
    (root / "tasks" / "a.md").write_text(TASK.format(status))


def summary(cwd: Path, *arguments: str | Path) -> tuple[int, int, list[str]]:
    """Tasks, checkouts and rules of the findings, as seen from a folder."""
    report: Any = taskcheck("--format", "json", *arguments, cwd=cwd).json
    assert report["complete"], report["errors"]
    rules = [finding["rule"] for incident in report["incidents"] for finding in incident["findings"]]
    return report["summary"]["tasks"], report["summary"]["checkouts"], rules


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """A store in a sub-folder of a repository, with a worktree that is ahead."""
    top = tmp_path / "mono"
    put(top / "sub")
    (top / "sub" / "taskcheck.toml").write_text("[people]\nrj = []\n")
    (top / ".gitignore").write_text(".worktrees\n")
    git("init", "-q", "-b", "main", cwd=top)
    git("add", "-A", cwd=top)
    git("commit", "-q", "-m", "start", cwd=top)
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", cwd=top)
    put(top / ".worktrees" / "a" / "sub", "in_progress")
    return top


def test_store_in_a_folder_of_the_repository(monorepo: Path) -> None:
    ahead = (1, 2, ["metadata-drift"])
    for folder in ("sub", "sub/tasks", ".worktrees/a/sub", ".worktrees/a/sub/tasks"):
        assert summary(monorepo / folder) == ahead
    assert summary(monorepo / ".worktrees" / "a" / "sub" / "tasks", "a.md") == ahead
    assert summary(monorepo, "--root", "sub") == ahead
    assert taskcheck(cwd=monorepo).code == 4, "one run, one store"


def test_bare_repository_with_worktrees(monorepo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git("clone", "-q", "--bare", monorepo, bare / ".bare", cwd=tmp_path)
    (bare / ".git").write_text("gitdir: ./.bare\n")
    git("worktree", "add", "-q", "main", "main", cwd=bare)
    git("worktree", "add", "-q", "wt", "task/a", cwd=bare)
    put(bare / "wt" / "sub", "in_progress")
    for folder in ("main/sub", "wt/sub"):
        assert summary(bare / folder)[2] == ["metadata-drift"]


def test_bare_git_folder_with_worktrees(monorepo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git("clone", "-q", "--bare", monorepo, bare / ".git", cwd=tmp_path)
    git("worktree", "add", "-q", "main", "main", cwd=bare)
    git("worktree", "add", "-q", "wt", "task/a", cwd=bare)
    put(bare / "wt" / "sub", "in_progress")
    for folder in ("main/sub", "wt/sub"):
        assert summary(bare / folder)[2] == ["metadata-drift"]


def test_submodule(monorepo: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git("init", "-q", "-b", "main", cwd=outer)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", monorepo, "inner", cwd=outer)
    assert summary(outer / "inner" / "sub") == (1, 2, []), "the fetched branch of its task is looked at"


def test_detached_root_is_compared_with_nothing(monorepo: Path) -> None:
    git("checkout", "-q", "--detach", cwd=monorepo)
    report = taskcheck("--format", "json", cwd=monorepo / "sub").json
    reasons = {row["rule"]: row["reason"] for row in report["skipped"]}
    assert "on no branch" in reasons["metadata-drift"]
    assert report["incidents"] == []


def test_worktree_that_was_moved_by_hand(monorepo: Path) -> None:
    (monorepo / ".worktrees" / "a").rename(monorepo / ".worktrees" / "b")
    root_worktree_and_its_branch = 3
    found = (1, root_worktree_and_its_branch, ["broken-worktree"])
    assert summary(monorepo / "sub") == found
    assert summary(monorepo / ".worktrees" / "b" / "sub") == found


def test_names_that_are_no_text(tmp_path: Path, store: Callable[..., Path]) -> None:
    root = store({"tasks/ü — x.md": TASK.format("ready"), "taskcheck.toml": "[people]\nrj = []\n"})
    (root / os.fsdecode(b"tasks/caf\xe9.md")).write_text("---\nstatus: [\n---\n")
    worktree = os.fsdecode(b"../wt\xe9 \n1")
    git("worktree", "add", "-q", "-b", "w", worktree, cwd=root)
    (root / worktree / "tasks" / "ü — x.md").write_text(TASK.format("in_progress"))
    assert sorted(summary(root)[2]) == ["metadata-drift", "unreadable-task"]
    text = taskcheck(cwd=root).out
    assert "caf\\udce9" in text
    assert "wt\\udce9 \\n1" in text


def test_folder_without_anything_says_so(tmp_path: Path) -> None:
    assert "nothing to check" in taskcheck(cwd=tmp_path).out


def test_repository_that_lies_elsewhere(monorepo: Path, tmp_path: Path) -> None:
    (monorepo / ".git").rename(tmp_path / "kept.git")
    (monorepo / ".git").write_text(f"gitdir: {tmp_path / 'kept.git'}\n")
    git("worktree", "repair", cwd=monorepo)
    ahead = (1, 2, ["metadata-drift"])
    assert summary(monorepo / "sub") == ahead
    (monorepo / ".git").unlink()
    (monorepo / ".git").symlink_to(tmp_path / "kept.git")
    assert summary(monorepo / "sub") == ahead


@pytest.mark.parametrize("where", ["", "worktrees/a", "worktrees/none", "refs", "forged"])
def test_a_git_file_that_names_what_is_of_another_folder(monorepo: Path, tmp_path: Path, where: str) -> None:
    """Whoever unpacks a tree doesn't check, repair or undo what lies elsewhere."""
    planted = tmp_path / "planted"
    put(planted)
    admin = monorepo / ".git" / where
    if where == "forged":
        admin = planted / "admin"
        admin.mkdir()
        (admin / "HEAD").write_text("ref: refs/heads/main\n")
        (admin / "commondir").write_text(f"{monorepo / '.git'}\n")
        (admin / "gitdir").write_text(f"{planted / '.git'}\n")
    (planted / ".git").write_text(f"gitdir: {admin}\n")
    before = sorted(monorepo.rglob("*"))
    for command in ([], ["--fix"], ["undo"]):
        ran = taskcheck(*command, cwd=planted)
        assert (ran.code, ran.out) == (3, ""), ran.out + ran.err
        assert str(admin) in ran.err
    assert sorted(monorepo.rglob("*")) == before


def test_a_git_link_to_the_repository_of_another_folder(monorepo: Path, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    put(planted)
    (planted / ".git").symlink_to(monorepo / ".git")
    ran = taskcheck(cwd=planted)
    assert (ran.code, "the repository of another folder" in ran.err) == (3, True)


def test_a_bare_repository_whose_records_name_any_folder(monorepo: Path, tmp_path: Path) -> None:
    bare, other = tmp_path / "bare", tmp_path / "other"
    git("clone", "-q", "--bare", monorepo, bare / ".bare", cwd=tmp_path)
    (bare / ".git").write_text("gitdir: ./.bare\n")
    git("worktree", "add", "-q", "aa", "main", cwd=bare)
    git("worktree", "add", "-q", "bb", "task/a", cwd=bare)
    put(other / "sub", "in_progress")
    (other / ".git").write_text("gitdir: nowhere\n")
    (bare / ".bare" / "worktrees" / "aa" / "gitdir").write_text(f"{other / '.git'}\n")
    assert locate(bare / "bb" / "sub").top == bare / "bb"


def test_what_a_sparse_root_leaves_out_is_told_and_may_be_referred_to(tmp_path: Path) -> None:
    """A task that isn't on disk is a task: a dependency on it is known, and the summary says that nobody looked."""
    task = "---\ntitle: {0}\nowner: ana\nstatus: {2}\ndepends_on: [{1}]\n---\n"
    root = tmp_path / "store"
    for name, needs, status in (("a/one", "two", "ready"), ("b/two", "", "completed")):
        path = root / "tasks" / f"{name}.md"
        path.parent.mkdir(parents=True)
        path.write_text(task.format(name, needs, status))
    (root / "taskcheck.toml").write_text('[paths]\ntasks = ["tasks/**/*.md"]\n[people]\nana = []\n')
    git("init", "-q", "-b", "main", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "all", cwd=root)
    assert "all agree" in taskcheck(cwd=root).out
    git("sparse-checkout", "set", "--no-cone", "/*", "!/tasks/b/", cwd=root)
    for _ in range(2):
        ran = taskcheck(cwd=root)
        assert ran.code == 0, ran.out
        assert "unseen  tasks/b/two.md: root is a sparse checkout" in ran.out
        assert "not looked at: tasks/b/two.md" in ran.out
    git("rm", "-q", "--sparse", "--cached", "tasks/b/two.md", cwd=root)
    git("commit", "-q", "-m", "no longer", cwd=root)
    assert "one depends on two, which doesn't exist" in taskcheck(cwd=root).out, "nothing of that was remembered"
    git("sparse-checkout", "disable", cwd=root)
    assert "unseen" not in taskcheck(cwd=root).out
