"""The snippets of `taskcheck init --hook`: the script as a real hook of git, the block as pre-commit reads it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from taskcheck.version import __version__
from tests.conftest import ROOT
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.test_pre_commit import CONFIG, IGNORED, task
from tests.e2e.test_promises import fingerprint

HERE = str(Path(sys.executable).parent)


@pytest.fixture
def repository(store: Callable[..., Path]) -> Path:
    """A repository with a worktree and the printed hook, and a module that would be imported instead of ours."""
    root = store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        "tasks/fix-login.md": task(),
        "tasks/write-docs.md": task(),
    })  # fmt: skip
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=root)
    install(root)
    for checkout in (root, root / ".worktrees" / "fix-login"):
        (checkout / "taskcheck").mkdir()
        (checkout / "taskcheck" / "__init__.py").write_text("raise SystemExit('the code of the repository ran')\n")
    return root


def install(root: Path) -> None:
    """As its first lines say."""
    held = fingerprint(root)
    printed = taskcheck("init", "--hook", "git", cwd=root)
    assert (printed.code, printed.err) == (0, "")
    assert fingerprint(root).keys() == held.keys(), "nothing is written"
    hook = root / git("rev-parse", "--git-path", "hooks/pre-commit", cwd=root).strip()
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(printed.out)
    hook.chmod(0o755)


@pytest.fixture(params=["on PATH", "elsewhere"])
def path(request: pytest.FixtureRequest) -> str:
    """A search path on which the command is, or isn't."""
    others = [name for name in os.environ["PATH"].split(":") if not (Path(name) / "taskcheck").exists()]
    return ":".join([HERE, *others] if request.param == "on PATH" else others)


def commit(cwd: Path, path: str) -> tuple[bool, str]:
    """Whether git committed, and what was said."""
    done = subprocess.run(
        ["git", "commit", "-a", "-m", "work"],
        cwd=cwd,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def test_it_stops_what_the_commit_decides_in_root_and_in_a_worktree(repository: Path, path: str) -> None:
    ours = repository / "tasks" / "write-docs.md"
    ours.write_text(task(owner="ghost"))
    committed, said = commit(repository, path)
    assert (committed, "role-routing" in said) == (False, True), said
    ours.write_text(task("in_review"))
    committed, said = commit(repository, path)
    assert committed, said

    worktree = repository / ".worktrees" / "fix-login"
    theirs = worktree / "tasks" / "fix-login.md"
    theirs.write_text(task("in_progres"))
    committed, said = commit(worktree, path)
    assert (committed, "invalid-field" in said) == (False, True), said
    theirs.write_text(task("in_progress"))
    committed, said = commit(worktree, path)
    assert (committed, "metadata-drift" in said) == (True, True), "shown, and no reason to stop"


def test_of_a_store_in_a_folder_it_names_the_folder(store: Callable[..., Path]) -> None:
    top = store({"it's/mine/taskcheck.toml": CONFIG, "it's/mine/tasks/write-docs.md": task()})
    install(top / "it's" / "mine")
    assert commit(top, os.environ["PATH"])[0] is False, "there is nothing to commit"
    (top / "it's/mine/tasks/write-docs.md").write_text(task(owner="ghost"))
    committed, said = commit(top, os.environ["PATH"])
    assert (committed, "role-routing" in said) == (False, True), said
    block = yaml.safe_load(taskcheck("init", "--hook", "pre-commit", cwd=top / "it's" / "mine").out)
    assert block["repos"][0]["hooks"] == [{"id": "taskcheck", "args": ["--root=it's/mine"]}]


def test_the_block_is_that_of_the_readme(tmp_path: Path) -> None:
    printed = taskcheck("init", "--hook", "pre-commit", cwd=tmp_path)
    assert (printed.code, list(tmp_path.iterdir())) == (0, [])
    assert f"```yaml\n{printed.out}```" in (ROOT / "README.md").read_text()
    (repo,) = yaml.safe_load(printed.out)["repos"]
    assert repo["rev"] == f"v{__version__}"
    (ours,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert repo["hooks"] == [{"id": ours["id"]}]


def test_init_says_so(store: Callable[..., Path]) -> None:
    root = store({"tasks/write-docs.md": task()})
    assert "taskcheck init --hook pre-commit" in taskcheck("init", cwd=root).out
    ran = taskcheck("init", "--hook", "git", "--config", "taskcheck.toml", cwd=root)
    assert (ran.code, "--config" in ran.err) == (2, True)
