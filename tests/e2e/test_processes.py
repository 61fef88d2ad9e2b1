"""How often git is started: a fixed number of times, however many worktrees, branches and merges there are."""

import os
import shutil
from pathlib import Path

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import CONFIG, Repo

MOST = 12
TASK = "---\ntitle: Task {number}\nowner: ana\nstatus: {status}\n---\n"


def fleet(root: Path, size: int) -> Repo:
    """As many of each kind: in a worktree and on a branch, with a tombstone, merged, squashed, merged and reverted."""
    repo = Repo(root)
    root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main")
    names = [f"{kind}-{number}" for kind in ("tree", "branch", "merge", "squash", "revert") for number in range(size)]
    files = {f"tasks__{name}.md": TASK.format(number=name, status="ready") for name in names}
    repo.commit(**{"taskcheck.toml": CONFIG, ".gitignore": "/.worktrees/\n"}, **files)
    for name in names:
        kind = name.partition("-")[0]
        repo.branch(f"task/{name}")
        work = {f"src__{name}.py": "pass\n", f"tasks__{name}.md": TASK.format(number=name, status="in_progress")}
        if kind == "branch":
            work[f"tasks__logs__dispatch-{name}.status.json"] = '{"state": "ended", "outcome": "blocked"}'
        repo.commit(f"work on {name}", **work)
        repo.on_main()
        repo.commit(f"beside {name}", **{f"src__beside-{name}.py": "pass\n"})
        if kind == "tree":
            repo.git("worktree", "add", "-q", f".worktrees/{name}", f"task/{name}")
            logs = root / ".worktrees" / name / "tasks/logs"
            logs.mkdir()
            (logs / f"dispatch-{name}.status.json").write_text('{"state": "ended", "outcome": "blocked"}')
        if kind in {"merge", "revert"}:
            repo.git("merge", "-q", "--no-ff", "--no-edit", f"task/{name}")
        if kind == "revert":
            repo.git("revert", "--no-edit", "-m", "1", "HEAD")
        if kind == "squash":
            repo.git("merge", "-q", "--squash", f"task/{name}")
            repo.commit(f"{name} (#1)")
    return repo


def started(tmp_path: Path, root: Path) -> list[str]:
    """The commands of the git processes that a check starts."""
    log, programs = tmp_path / "log", tmp_path / "bin"
    log.unlink(missing_ok=True)
    programs.mkdir(exist_ok=True)
    shim = programs / "git"
    shim.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec "{shutil.which("git")}" "$@"\n')
    shim.chmod(0o755)
    ran = taskcheck("--format", "json", cwd=root, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert ran.json["complete"], ran.err
    return [line.rpartition("core.quotePath=false ")[2] for line in log.read_text().splitlines()]


def test_git_is_started_a_fixed_number_of_times(tmp_path: Path) -> None:
    one = fleet(tmp_path / "few", 1).root
    started(tmp_path, one)  # what is only asked once by one process of Python is asked
    few = started(tmp_path, one)
    many = started(tmp_path, fleet(tmp_path / "many", 4).root)
    assert taskcheck("--format", "json", cwd=one).json["incidents"], "there is work, merged and not"
    assert sorted(command.split()[0] for command in many) == sorted(command.split()[0] for command in few)
    assert len(many) <= MOST, many


def test_git_lists_no_worktrees_where_there_is_one_checkout(tmp_path: Path) -> None:
    """Its record is what its branch says, but for what has no branch, or no work tree."""
    repo = Repo(tmp_path / "store")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main")
    assert "worktree list" in " ".join(started(tmp_path, repo.root)), "no commit yet"
    repo.commit(**{"tasks__a.md": TASK.format(number=1, status="ready"), "taskcheck.toml": CONFIG})
    for change in (
        (),
        ("symbolic-ref", "refs/heads/alias", "refs/heads/main"),
        ("symbolic-ref", "HEAD", "refs/heads/alias"),
    ):
        if change:
            repo.git(*change)
        commands = started(tmp_path, repo.root)
        assert not any(command.startswith("worktree") for command in commands), commands
        assert "not on trunk" not in taskcheck("-v", cwd=repo.root).out
    repo.git("worktree", "add", "-q", ".worktrees/a", "-b", "task/a")
    assert "worktree list" in " ".join(started(tmp_path, repo.root))
    repo.git("worktree", "remove", ".worktrees/a")
    repo.git("switch", "-q", "--detach")
    assert "worktree list" in " ".join(started(tmp_path, repo.root))
    assert "on no branch, not on trunk (main)" in taskcheck("-v", cwd=repo.root).out
    repo.git("switch", "-q", "main")
    repo.git("config", "core.bare", "true")
    assert "worktree list" in " ".join(started(tmp_path, repo.root))
