"""The hook in the real pre-commit: installed from this checkout, run by git's own commits."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import environment, git
from tests.e2e.test_promises import fingerprint

PRE_COMMIT = shutil.which("pre-commit", path=str(Path(sys.executable).parent))
CONFIG = "[people]\ndave-fowler = []\n"
HOOKS = "repos:\n- repo: {repo}\n  rev: {rev}\n  hooks:\n  - id: taskcheck\n    verbose: true\n"
IGNORED = ".tasks/\n.worktrees/\ntasks/logs/\n"

pytestmark = pytest.mark.skipif(PRE_COMMIT is None, reason="pre-commit isn't installed")


def task(status: str = "ready", owner: str = "dave-fowler", **keys: str) -> str:
    more = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"---\ntitle: A task\nowner: {owner}\nstatus: {status}\n{more}---\nbody\n"


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """This checkout as it is now, committed somewhere else, and the folder of pre-commit's environments."""
    copy = tmp_path_factory.mktemp("hook") / "taskcheck"
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, listed):
        source, target = ROOT / name, copy / name
        if (source.is_file() and not name.startswith(("fixtures/", "tests/", "docs/"))) or name.startswith(
            "fixtures/inc"
        ):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    git("init", "-q", cwd=copy)
    git("add", "-A", "--force", cwd=copy)
    git("commit", "-q", "-m", "here", cwd=copy)
    return str(copy), tmp_path_factory.mktemp("home")


@pytest.fixture
def repository(hook: tuple[str, Path], store: Callable[..., Path]) -> Path:
    """A repository with the hook installed, and a worktree."""
    repo, _ = hook
    root = store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        ".pre-commit-config.yaml": HOOKS.format(repo=repo, rev=git("rev-parse", "HEAD", cwd=Path(repo)).strip()),
        "tasks/fix-login.md": task(),
        "tasks/write-docs.md": task(),
    })  # fmt: skip
    pre_commit(hook, "install", cwd=root)
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=root)
    return root


def variables(hook: tuple[str, Path]) -> dict[str, str]:
    folder = Path(sys.executable).parent
    return environment(PRE_COMMIT_HOME=str(hook[1]), PATH=f"{folder}:{os.environ['PATH']}", PRE_COMMIT_COLOR="never")


def pre_commit(hook: tuple[str, Path], *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    assert PRE_COMMIT
    command = [PRE_COMMIT, *arguments]
    return subprocess.run(command, cwd=cwd, env=variables(hook), capture_output=True, text=True, check=False)


def commit(hook: tuple[str, Path], *arguments: str, cwd: Path) -> tuple[bool, str]:
    """Whether git committed, and what was said."""
    command = ["git", "commit", "-m", "work", *arguments]
    done = subprocess.run(command, cwd=cwd, env=variables(hook), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.returncode == 0, done.stdout + done.stderr


def test_try_repo(hook: tuple[str, Path], repository: Path) -> None:
    """Passes on a repository that agrees, and fails as it should; nothing is written."""
    held = fingerprint(repository)
    done = pre_commit(hook, "try-repo", hook[0], "taskcheck", "--all-files", "--verbose", cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 tasks in 2 checkouts: all agree" in done.stdout
    (repository / "tasks/write-docs.md").write_text(task(depends_on="[nowhere]"))
    done = pre_commit(hook, "try-repo", hook[0], "taskcheck", "--all-files", cwd=repository)
    assert done.returncode == 1
    assert "unknown-dependency" in done.stdout
    (repository / "tasks/write-docs.md").write_text(task())
    names = {name for name, now in fingerprint(repository).items() if held.get(name, now)[2] != now[2]}
    assert not {name for name in names if "/.git/" not in name}


def test_commits_in_root_worktree_and_in_part(hook: tuple[str, Path], repository: Path) -> None:
    """What the commit itself decides stops it, in the main checkout and in a worktree; what is staged counts."""
    ours = repository / "tasks/write-docs.md"
    ours.write_text(task(owner="ghost"))
    committed, said = commit(hook, "-a", cwd=repository)
    assert not committed
    assert "role-routing" in said
    git("add", "tasks/write-docs.md", cwd=repository)
    ours.write_text(task())  # mended, but not staged
    assert not commit(hook, cwd=repository)[0], "the staged text is what is judged"
    assert ours.read_text() == task(), "the unstaged mend is still there"
    git("reset", "-q", cwd=repository)
    (repository / "code.py").write_text("pass\n")
    git("add", "code.py", cwd=repository)
    ours.write_text(task(owner="ghost"))  # broken, but not staged
    assert commit(hook, cwd=repository)[0], "what isn't staged stops nobody"
    assert ours.read_text() == task(owner="ghost")
    ours.write_text(task())

    worktree = repository / ".worktrees/fix-login"
    theirs = worktree / "tasks/fix-login.md"
    theirs.write_text(task("in_progress"))
    committed, said = commit(hook, "-a", cwd=worktree)
    assert committed, "a worker's own commit isn't stopped by what root has yet to learn"
    assert "metadata-drift" in said, "but it is shown"
    theirs.write_text(task("in_progres"))
    committed, said = commit(hook, "-a", cwd=worktree)
    assert not committed
    assert "invalid-field" in said
