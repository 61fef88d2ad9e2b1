"""`taskcheck watch` and the first `--record` as real processes, killed or refused by the kernel at what they write."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from taskcheck.read.locate import locate
from taskcheck.read.recorded import history_of
from taskcheck.watch import notices
from tests.e2e.conftest import PATIENCE, environment, taskcheck
from tests.e2e.killing import tree, unfinished
from tests.e2e.watching import real_watch, until
from tests.figures import KILLED, REFUSED, Figure
from tests.samples import sampled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

Store = Callable[..., Path]

CONFIG = '[people]\nana = ["an"]\n'
WELL = "---\ntitle: T\nowner: ana\nstatus: ready\n---\n"
BROKEN = WELL.replace("ready", "nonsense")
MISSPELT = WELL.replace("owner: ana", "owner: an")

OF_SQLITE = ("pwrite64", "ftruncate", "fdatasync", "fsync", "mkdir", "unlink")
OF_FIXES = ("fsync", "rename", "renameat", "renameat2", "linkat", "unlinkat")


def strace(root: Path, calls: Sequence[str], arguments: Sequence[str], inject: str = "") -> "subprocess.Popen[str]":
    """A command under strace, which makes a call fail, or kills the process at it."""
    options = ["-e", f"inject={inject}"] if inject else []
    return subprocess.Popen(
        ["strace", "-f", "-qq", "-e", f"trace={','.join(f'?{call}' for call in calls)}", "-e", "signal=none", *options,
         "-o", root.parent / "trace", sys.executable, "-m", "taskcheck", *arguments],
        cwd=root, env=environment(PYTHONDONTWRITEBYTECODE="1"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def made(root: Path, calls: Sequence[str]) -> list[tuple[str, int]]:
    """Every call that strace wrote down, and which one of its kind it is."""
    told = re.findall(r"^\d+ +(\w+)\(", (root.parent / "trace").read_text(), re.M)
    return [(call, number) for call in calls for number in range(1, told.count(call) + 1)]


def history(root: Path) -> list[tuple[str, str]]:
    ran = taskcheck("history", "--format", "json", cwd=root)
    return [(change["kind"], change["task"]) for change in ran.json["changes"]] if ran.code == 0 else []


@pytest.mark.parametrize("error", [None, "ENOSPC", "EIO"])
def test_the_first_look_is_recorded_whole_or_not_at_all(
    error: str | None, store: Store, state: Path, figure: Figure
) -> None:
    """The folder, the file and its tables are made by it."""
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": BROKEN})
    arguments = ["--record", "--no-cache"]
    process = strace(root, OF_SQLITE, arguments)
    _, err = process.communicate(timeout=PATIENCE)
    if "ptrace" in err and "ermitted" in err:
        pytest.skip("ptrace is denied here")
    assert history(root) == [("opened", "a")]
    points = sampled(made(root, OF_SQLITE), 24)
    assert len(points) > 1
    how = f"error={error}" if error else "signal=SIGKILL"
    for call, number in points:
        shutil.rmtree(state / "taskcheck", ignore_errors=True)
        process = strace(root, OF_SQLITE, arguments, f"{call}:{how}:when={number}")
        _, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        if error is None:
            assert process.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, err
        left = history(root)
        assert left in ([], [("opened", "a")]), (call, number)
        if error is not None and not left:
            assert process.returncode == 3, (call, number, err)
        assert taskcheck("--record", "--no-cache", cwd=root).err == "", (call, number)
        assert history(root) == [("opened", "a")], (call, number)
    figure(KILLED if error is None else REFUSED, len(points))


def told(folder: Path) -> list[Any]:
    file = folder / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def is_delivered(root: Path) -> bool:
    """Whether the notice of the last look that changed something is done."""
    book = history_of(locate(root)).read(lambda book: (book.fact(notices.DONE), book.next_changed(0)))
    if book is None or book[0] is None or book[1] is None:
        return False
    return int(book[0]) >= int(book[1])


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator[None]:
    """End a command that strace has begun, and strace with it."""
    try:
        yield
    finally:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if process.poll() is None:
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked for in /proc")
@pytest.mark.parametrize("error", [None, "ENOSPC"])
def test_a_notice_is_delivered_whatever_fails(
    error: str | None, store: Store, state: Path, tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed or refused at each write to the record: told at least once, by one id, and twice at the most."""
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": BROKEN})
    receiver = shlex.join(["sh", "-c", f"cat >> {tmp_path / 'told'}"])
    arguments = ["watch", "--no-cache", "--on-change", receiver]
    process = strace(root, OF_SQLITE, arguments)
    with ended(process):
        until(lambda: is_delivered(root) or process.poll() is not None)
    assert process.returncode == 0
    points = sampled(made(root, OF_SQLITE), 48)
    assert len(points) > 1
    how = f"error={error}" if error else "signal=SIGKILL"
    repeats = 0
    for call, number in points:
        shutil.rmtree(state / "taskcheck")
        (tmp_path / "told").unlink(missing_ok=True)
        process = strace(root, OF_SQLITE, arguments, f"{call}:{how}:when={number}")
        with ended(process):
            until(lambda process=process: is_delivered(root) or process.poll() is not None)
        again = real_watch(root, ["--no-cache", "--on-change", receiver])
        try:
            until(lambda: is_delivered(root))
        finally:
            again.send_signal(signal.SIGTERM)
            _, err = again.communicate(timeout=PATIENCE)
        assert err == "", (call, number)
        found = told(tmp_path)
        assert 1 <= len(found) <= 2, (call, number)
        assert all(each == found[0] for each in found), (call, number)
        assert [change["kind"] for change in found[0]["changes"]] == ["opened"]
        assert history(root) == [("opened", "a")], (call, number)
        repeats += len(found) - 1
    figure(KILLED if error is None else REFUSED, len(points))
    figure("notices repeated after a kill", repeats)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked for in /proc")
def test_a_repair_in_the_loop_survives_a_kill(store: Store, state: Path, figure: Figure) -> None:
    """At each call by which the fix is written: the next watch finishes it or takes it back, and makes it once."""
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": MISSPELT})
    arguments = ["watch", "--no-cache", "--fix"]

    def is_mended() -> bool:
        return history(root) == [("opened", "a"), ("closed", "a")]

    process = strace(root, OF_FIXES, arguments)
    with ended(process):
        until(lambda: is_mended() or process.poll() is not None)
    points = sampled(made(root, OF_FIXES), 8)
    assert len(points) > 1
    for call, number in points:
        shutil.rmtree(state / "taskcheck")
        shutil.rmtree(root / ".git/taskcheck")  # else the fix before would make this one wait
        (root / "tasks/a.md").write_text(MISSPELT)
        process = strace(root, OF_FIXES, arguments, f"{call}:signal=SIGKILL:when={number}")
        with ended(process):
            until(lambda process=process: is_mended() or process.poll() is not None)
        again = real_watch(root, ["--no-cache", "--fix"])
        try:
            until(lambda: "owner: ana" in (root / "tasks/a.md").read_text() and history(root)[-1:] == [("closed", "a")])
        finally:
            again.send_signal(signal.SIGTERM)
            _, err = again.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        assert unfinished(tree(root)) == [], (call, number)
        assert is_mended(), (call, number, history(root))
    figure(KILLED, len(points))
