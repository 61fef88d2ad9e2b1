"""Whatever lies where a check reads: it ends, says which file it was and what would do, and never finds all well."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import environment
from tests.samples import sampled

TASK = "---\ntitle: Fix login\nowner: ana\nstatus: ready\n---\n"
CONFIG = 'preset = "task-manager"\n[people]\nana = []\n'
CARD = "---\nid: TASK-1\ntitle: x\nstatus: To Do\n---\n"

MEMORY = 1 << 30
"""Bytes of address space that a check may have; one that reads a giant needs more."""

Put = Callable[[Path], None]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def brackets(path: Path) -> None:
    path.write_text("a = " + "[" * 200_000 if path.suffix == ".toml" else "[" * 200_000)


def dotted(path: Path) -> None:
    path.write_text("a." * 200_000 + "b = 1\n")


def blank(path: Path) -> None:
    path.write_text("\n" * 900_000)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(60_000))


ALL = (pipe, folder, device, giant, brackets)


def bounded(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A check that is ended after a minute, and can't have more than so much memory."""
    return subprocess.run(
        [sys.executable, "-m", "taskcheck", *arguments],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


def replaced(path: Path, put: Put) -> None:
    if path.is_dir():
        path.rename(path.with_name("was"))
    else:
        path.unlink(missing_ok=True)
    put(path)


def cases() -> list[object]:
    told = [
        *[("taskcheck.toml", put, 2) for put in (*ALL, dotted)],
        *[("pyproject.toml", put, 2) for put in (pipe, folder, device, giant)],
        *[("accepted.toml", put, 2) for put in (*ALL, dotted)],
        *[("backlog/config.yml", put, 2) for put in ALL],
        *[(".git/config", put, 3) for put in (pipe, folder, device, giant)],
        *[(".git/HEAD", put, 3) for put in (pipe, folder)],
        *[(".git", put, 3) for put in (pipe, device, giant, brackets, zeros)],
    ]
    return [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in told]


@pytest.mark.parametrize(("name", "put", "code"), sampled(cases(), 3))
def test_what_a_check_opens_is_bounded_and_named(store: Callable[..., Path], name: str, put: Put, code: int) -> None:
    files = {"tasks/a.md": TASK, "taskcheck.toml": CONFIG}
    if name == "accepted.toml":
        files["taskcheck.toml"] = f'baseline = "{name}"\n{CONFIG}'
    elif name == "pyproject.toml":
        files = {"tasks/a.md": TASK}
    elif name.startswith("backlog"):
        files = {"backlog/tasks/task-1 - x.md": CARD, "backlog/config.yml": "statuses: [To Do]\n"}
    root = store(files)
    replaced(root / name, put)
    ran = bounded(root)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert "all agree" not in ran.stdout
    assert (name if name != ".git/HEAD" else "git") in ran.stdout + ran.stderr


def test_a_configuration_of_git_that_says_nothing_costs_nothing(store: Callable[..., Path]) -> None:
    root = store({"tasks/a.md": TASK, "taskcheck.toml": CONFIG})
    with (root / ".git" / "config").open("a") as config:
        config.write("\n" * 500_000 + "# bare = true \\\n" * 10_000)
    ran = bounded(root)
    assert (ran.returncode, "all agree" in ran.stdout) == (0, True), ran.stdout + ran.stderr
