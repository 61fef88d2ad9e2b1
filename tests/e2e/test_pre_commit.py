"""The hook in the real pre-commit and prek: installed from this checkout, run by git's own commits."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.test_promises import fingerprint
from tests.samples import WHOLE

CONFIG = "[people]\ndave-fowler = []\n"
IGNORED = ".tasks/\n.worktrees/\ntasks/logs/\n"

HERE = Path(sys.executable).parent


@dataclass(frozen=True)
class Hook:
    """A manager of hooks, the repository of ours, and the folder of the manager's environments."""

    manager: Path
    repo: Path
    home: Path

    def run(self, *command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        home = {"PRE_COMMIT_HOME": str(self.home), "PREK_HOME": str(self.home)}
        env = environment(
            **home,
            PIP_NO_COMPILE="1",
            PATH=f"{HERE}:{os.environ['PATH']}",
            PRE_COMMIT_COLOR="never",
            PREK_COLOR="never",
        )
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    def manage(self, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.manager), *arguments, cwd=cwd)

    def commit(self, *arguments: str, cwd: Path) -> tuple[bool, str]:
        """Whether git committed, and what was said."""
        done = self.run("git", "commit", "-m", "work", *arguments, cwd=cwd)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.returncode == 0, done.stdout + done.stderr


def task(status: str = "ready", owner: str = "dave-fowler", **keys: str) -> str:
    more = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"---\ntitle: A task\nowner: {owner}\nstatus: {status}\n{more}---\nbody\n"


@pytest.fixture(scope="module")
def hook(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Hook:
    """This checkout as it is now, committed somewhere else."""
    manager = HERE / str(request.param)
    if not manager.exists():
        pytest.skip(f"{request.param} isn't installed")
    copy = tmp_path_factory.mktemp("hook") / "taskcheck"
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, listed):
        source, target = ROOT / name, copy / name
        if (source.is_file() and not name.startswith(("fixtures/", "tests/", "docs/"))) or name.startswith(
            "fixtures/inc"
        ):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    if not WHOLE:
        _without_an_environment(copy / ".pre-commit-hooks.yaml")
    git("init", "-q", cwd=copy)
    git("add", "-A", "--force", cwd=copy)
    git("commit", "-q", "-m", "here", cwd=copy)
    return Hook(manager, copy, tmp_path_factory.mktemp("home"))


def _without_an_environment(manifest: Path) -> None:
    """Have the hook start the command of these tests, which takes a tenth of an environment of its own.

    That ours can be installed is what `test_wheel.py` sees; that managers of hooks do so, nightly.
    """
    text = manifest.read_text()
    assert text.count("language: python\n") == 1
    manifest.write_text(text.replace("language: python", "language: system"))


@pytest.fixture
def repository(hook: Hook, store: Callable[..., Path]) -> Path:
    """A repository with the hook installed by the printed block, and a worktree."""
    block = taskcheck("init", "--hook", "pre-commit", cwd=hook.repo.parent).out
    block = re.sub(r"(?<=repo: ).*", str(hook.repo), block)
    block = re.sub(r"(?<=rev: ).*", git("rev-parse", "HEAD", cwd=hook.repo).strip(), block)
    root = store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        ".pre-commit-config.yaml": f"{block}        verbose: true\n",
        "tasks/fix-login.md": task(),
        "tasks/write-docs.md": task(),
    })  # fmt: skip
    installed = hook.manage("install", cwd=root)
    assert installed.returncode == 0, installed.stderr
    assert hook.manager.name in (root / ".git/hooks/pre-commit").read_text()
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=root)
    return root


# It installs each time: nightly, below.
@pytest.mark.parametrize("hook", ["pre-commit", "prek"], indirect=True)
def try_repo(hook: Hook, repository: Path) -> None:
    """Passes on a repository that agrees, and fails as it should; nothing is written."""
    held = fingerprint(repository)
    done = hook.manage("try-repo", str(hook.repo), "taskcheck", "--all-files", "--verbose", cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 tasks in 2 checkouts: all agree" in done.stdout
    (repository / "tasks/write-docs.md").write_text(task(depends_on="[nowhere]"))
    done = hook.manage("try-repo", str(hook.repo), "taskcheck", "--all-files", cwd=repository)
    assert done.returncode == 1
    assert "unknown-dependency" in done.stdout
    (repository / "tasks/write-docs.md").write_text(task())
    names = {name for name, now in fingerprint(repository).items() if held.get(name, now)[2] != now[2]}
    assert not {name for name in names if "/.git/" not in name}


@pytest.mark.journey
@pytest.mark.parametrize("hook", ["pre-commit", "prek"] if WHOLE else ["pre-commit"], indirect=True)
def test_commits_in_root_worktree_and_in_part(hook: Hook, repository: Path) -> None:
    """What the commit itself decides stops it, in the main checkout and in a worktree; what is staged counts."""
    ours = repository / "tasks/write-docs.md"
    ours.write_text(task(owner="ghost"))
    committed, said = hook.commit("-a", cwd=repository)
    assert not committed
    assert "role-routing" in said
    git("add", "tasks/write-docs.md", cwd=repository)
    ours.write_text(task())  # mended, but not staged
    assert not hook.commit(cwd=repository)[0], "the staged text is what is judged"
    assert ours.read_text() == task(), "the unstaged mend is still there"
    git("reset", "-q", cwd=repository)
    (repository / "code.py").write_text("pass\n")
    git("add", "code.py", cwd=repository)
    ours.write_text(task(owner="ghost"))  # broken, but not staged
    assert hook.commit(cwd=repository)[0], "what isn't staged stops nobody"
    assert ours.read_text() == task(owner="ghost")
    ours.write_text(task())

    worktree = repository / ".worktrees/fix-login"
    theirs = worktree / "tasks/fix-login.md"
    theirs.write_text(task("in_progress"))
    committed, said = hook.commit("-a", cwd=worktree)
    assert committed, "a worker's own commit isn't stopped by what root has yet to learn"
    assert "metadata-drift" in said, "but it is shown"
    theirs.write_text(task("in_progres"))
    committed, said = hook.commit("-a", cwd=worktree)
    assert not committed
    assert "invalid-field" in said


if WHOLE:
    test_try_repo = try_repo
