"""--fix as a real process, killed or refused by the kernel at its file system calls, with strace as the saboteur."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, environment, followed, taskcheck
from tests.figures import KILLED, REFUSED, WITHIN, Figure
from tests.samples import sampled

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

CALLS = ("fsync", "renameat", "linkat", "unlinkat", "fchmod")
"""Calls that only a commit makes in such a run, so that the n-th is always the same one."""

TASK = "---\ntitle: Fix login\nowner: dave # him\nstatus: ready\n---\nbody\n"
REGISTER = '{"owner": "dave", "entries": {"a": {"slug": "a"}}}\n'
OLD = {
    "tasks/a.md": TASK,
    "tasks/b.md": TASK,
    ".tasks/task_manager/task-manager-dave.register.json": REGISTER,
}
NEW = {
    "tasks/a.md": TASK.replace("dave # him", "dave-fowler # him"),
    "tasks/b.md": TASK.replace("dave # him", "dave-fowler # him"),
    ".tasks/task_manager/task-manager-dave-fowler.register.json": REGISTER.replace('"dave"', '"dave-fowler"'),
}
CONFIG = '[people]\ndave-fowler = ["dave"]\n[rules]\nselect = ["identity"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return store(tmp_path / "store")


def store(root: Path) -> Path:
    """A plain folder: no git, so that no other process makes any of the calls."""
    for name, text in {**OLD, "taskcheck.toml": CONFIG}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def files(root: Path) -> dict[str, str]:
    """The store's files, but for our own records; a leftover would be among them."""
    paths = (path for path in root.rglob("*") if path.is_file() and ".taskcheck" not in path.relative_to(root).parts)
    return {p.relative_to(root).as_posix(): p.read_text() for p in paths if p.name != "taskcheck.toml"}


def sabotaged(root: Path, *inject: str) -> subprocess.CompletedProcess[str]:
    """A repair under strace, which makes a call fail, or kills the process at it."""
    options = [part for rule in inject for part in ("-e", f"inject={rule}")]
    done = subprocess.run(
        ["strace", *followed(*inject), "-qq", "-e", f"trace={','.join(CALLS)}", *options, "-o", root.parent / "trace",
         sys.executable, "-m", "taskcheck", "--fix"],
        cwd=root, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr and "ermitted" in done.stderr:
        pytest.skip("ptrace is denied here")
    return done


def counts(root: Path) -> dict[str, int]:
    """How often an undisturbed repair makes each call."""
    assert sabotaged(root).returncode == 0
    trace = (root.parent / "trace").read_text()
    return {call: len(re.findall(rf"\b{call}\(", trace)) for call in CALLS}


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Every call of an undisturbed repair, and which one of its kind it is."""
    made = counts(store(tmp_path_factory.mktemp("first") / "store"))
    found = [(call, number) for call, count in made.items() for number in range(1, count + 1)]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("half", [0, 1])
def test_killed_at_each_call(half: int, points: list[tuple[str, int]], tmp_path: Path, figure: Figure) -> None:
    """A check then writes nothing, and the next repair leaves everything new."""
    interrupted = 0
    mine = sampled(points[half::2], 4)
    for call, number in mine:
        root = store(tmp_path / f"{call}-{number}")
        done = sabotaged(root, f"{call}:signal=SIGKILL:when={number}")
        assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, done.stderr
        held = files(root)
        interrupted += taskcheck(cwd=root).code == 3
        assert files(root) == held, "a check writes nothing"
        assert taskcheck("--fix", cwd=root).code == 0, (call, number)
        assert files(root) == NEW, (call, number)
    assert interrupted > len(mine) / 4
    figure(KILLED, len(mine))
    figure(WITHIN, interrupted)
    assert taskcheck("undo", cwd=root).code == 0
    assert files(root) == OLD


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS", "EACCES"])
def test_refused_at_each_call(error: str, points: list[tuple[str, int]], tmp_path: Path, figure: Figure) -> None:
    """All is old, or all is new; the message names the error; the next repair finds nothing in its way."""
    changed = 0
    mine = sampled(points[:: 2 if error == "ENOSPC" else 6], 3)
    for call, number in mine:
        root = store(tmp_path / f"{call}-{number}")
        done = sabotaged(root, f"{call}:error={error}:when={number}")
        held = files(root)
        assert "Traceback" not in done.stderr, done.stderr
        if held == NEW:
            changed += 1
        else:
            assert held == OLD, (call, number, error)
            assert done.returncode in {2, 3}, (call, number, error)
            assert re.search("No space|Input/output|Read-only|Permission", done.stdout + done.stderr)
        assert taskcheck("--fix", cwd=root).code == 0
        assert files(root) == NEW, (call, number, error)
    assert changed < len(mine) / 2
    figure(REFUSED, len(mine))


@pytest.mark.parametrize(("size", "enough"), [(128, True), (8, False), (0, False)])
def test_a_file_system_that_is_full(
    size: int, enough: bool, root: Path, make_full: Callable[[Path, int], None]
) -> None:
    """A real one: nothing is changed, nothing is left behind, and with room again it goes on."""
    make_full(root, size)
    done = taskcheck("--fix", cwd=root)
    assert (done.code == 0) == enough
    if not enough:
        assert done.code in {2, 3}
        assert "No space left on device" in done.out + done.err
        assert {name: text for name, text in files(root).items() if name != "ballast"} == OLD
    (root / "ballast").unlink()
    assert taskcheck("--fix", cwd=root).code == 0
    assert files(root) == NEW


@pytest.fixture
def make_full(request: pytest.FixtureRequest) -> Callable[[Path, int], None]:
    """Moves a store to a file system of its own, with so many KiB left."""

    def make(root: Path, left: int) -> None:
        kept = root.parent / "kept"
        root.rename(kept)
        root.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", root], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        request.addfinalizer(lambda: subprocess.run(["umount", root], check=True))
        shutil.copytree(kept, root, dirs_exist_ok=True)
        room = os.statvfs(root)
        (root / "ballast").write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - left * 1024))

    return make
