"""What end-to-end tests share: the command as a process, the friction log's repository, git."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taskcheck.testing import Built, build, incidents_fixture


@dataclass(frozen=True)
class Ran:
    """A finished process."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would make git, the terminal or a forge speak differently."""
    ours = ("GIT_", "TASKCHECK_", "GITHUB_", "GH_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    author = {
        "GIT_AUTHOR_NAME": "test",
        "GIT_AUTHOR_EMAIL": "test@example.invalid",
        "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@example.invalid",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return {**kept, **author, "NO_COLOR": "1", **changes}


def taskcheck(*arguments: str | Path, cwd: Path, timeout: float = 60, **env: str) -> Ran:
    """Run the command line as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "taskcheck", *map(str, arguments)],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return Ran(done.returncode, out, err)


def git(*arguments: str | Path, cwd: Path, **env: str) -> str:
    """Run git for a test's own preparations."""
    done = subprocess.run(
        ["git", *map(str, arguments)], cwd=cwd, env=environment(**env), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install_plugin(folder: Path, module: str) -> str:
    """A distribution in a folder, for PYTHONPATH."""
    about = folder / "ours-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[taskcheck]\nours = ours\n")
    (folder / "ours.py").write_text(module)
    return str(folder)


@pytest.fixture(scope="session")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The friction log's repository; tests only read it."""
    return build(incidents_fixture(), tmp_path_factory.mktemp("incidents") / "repo")


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Path]:
    """Makes a small committed store: path to content."""

    def make(files: dict[str, str | bytes], *, repository: bool = True) -> Path:
        root = tmp_path / "store"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        root.mkdir(exist_ok=True)
        if repository:
            git("init", "-q", "-b", "main", cwd=root)
            git("add", "-A", cwd=root)
            git("commit", "-q", "--allow-empty", "-m", "start", cwd=root)
        return root

    return make
