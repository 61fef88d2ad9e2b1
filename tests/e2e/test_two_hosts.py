"""Two hosts, each with processes and a name of its own; three stores, one board."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from taskcheck.model.hosts import Processes
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.watching import until

CONFIG = '[people]\nana = []\n[limits]\nreport_max_age = "15s"\n'
TASK = "---\ntitle: Work\nowner: ana\nstatus: ready\n---\n"
IGNORED = ".tasks/\n.worktrees/\ntasks/logs/\n"
ALONE = ["--pid", "--uts", "--mount", "--fork", "--mount-proc", "--kill-child"]
"""A namespace of processes, with its own /proc, and a host name of its own."""

HOST_B = """
hostname host-b
taskcheck() { "$PYTHON" -m taskcheck "$@"; }
for store in b1 b2; do
  ( cd "$store" && exec "$PYTHON" -m taskcheck run work --owner ana -- sleep 600 ) > "$store.log" 2>&1 &
  echo $! > "$store.pid"
done
while sleep 0.1; do
  if [ -e kill ]; then kill -9 "$(cat b1.pid)" && rm kill; fi
  if [ -e mute ]; then continue; fi
  for store in b1 b2; do
    taskcheck check --root "$store" --exit-zero --format json > ".$store" && mv ".$store" "$store.json"
  done
done
"""


def unshare() -> list[str] | None:
    """What begins a process on a host of its own; None where that isn't allowed."""
    program = shutil.which("unshare")
    for options in (ALONE, ["--user", "--map-root-user", *ALONE]):
        if program is None:
            break
        command = [program, *options]
        if subprocess.run([*command, "hostname", "host-b"], capture_output=True, check=False).returncode == 0:
            return command
    return None


UNSHARE = unshare()
HAS_NAME_OF_HOST = Path("/proc/self/ns/uts").exists() and Path("/proc/self/ns/uts").stat().st_ino == 0xEFFFFFFE


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = {}
    for name in ("a", "b1", "b2"):
        root = tmp_path / name
        (root / "tasks").mkdir(parents=True)
        (root / "taskcheck.toml").write_text(CONFIG)
        (root / ".gitignore").write_text(IGNORED)
        (root / "tasks/work.md").write_text(TASK)
        git("init", "-q", "-b", "main", cwd=root)
        git("add", ".", cwd=root)
        git("commit", "-qm", "all", cwd=root)
        made[name] = root
    return made


@contextmanager
def running(command: list[str], cwd: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        command, cwd=cwd, env=environment(PYTHON=sys.executable), start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.journey
@pytest.mark.skipif(UNSHARE is None, reason="no namespaces of processes may be made here")
def test_each_host_tells_of_its_own_processes(stores: dict[str, Path], tmp_path: Path) -> None:
    assert UNSHARE is not None
    reports = [word for name in ("b1", "b2") for word in ("--report", tmp_path / f"{name}.json")]

    def board() -> Any:
        return taskcheck("status", stores["a"], *reports, "--format", "json", cwd=stores["a"]).json

    def workers() -> dict[str, tuple[str | None, str | None]]:
        return {each["store"]: (each["run"], each["host"]) for each in board()["at_work"]}

    here = [sys.executable, "-m", "taskcheck", "run", "work", "--owner", "ana", "--", "sleep", "600"]
    with running(here, stores["a"]), running([*UNSHARE, "sh", "-c", HOST_B], tmp_path):
        everybody = {"a": ("running", os.uname().nodename), "b1": ("running", "host-b"), "b2": ("running", "host-b")}
        until(lambda: workers() == everybody)
        view = board()
        pids = {each["store"]: each["pid"] for each in view["at_work"]}
        assert [each["source"] for each in view["stores"]] == ["look", "report", "report"]
        assert pids["b1"] < 1000, "a number of its own host, where few processes have begun"

        (tmp_path / "kill").touch()
        until(lambda: any(row["store"] == "b1" for row in board()["disagree"]))
        (gone,) = [row for row in board()["disagree"] if row["store"] == "b1"]
        assert gone["headline"] == "worker-gone"
        assert {store: run for store, (run, _) in workers().items() if store != "b1"} == {
            "a": "running",
            "b2": "running",
        }
        assert {row["store"] for row in board()["disagree"]} == {"b1"}

        (tmp_path / "mute").touch()
        until(lambda: [each["late"] for each in board()["stores"]] == [False, True, True])
        late = taskcheck("status", stores["a"], *reports, cwd=stores["a"])
        assert late.code == 3
        assert late.out.count("at most 15s is allowed: it is late") == 2
        assert "process" in late.out

        (tmp_path / "mute").unlink()
        until(lambda: not any(each["late"] for each in board()["stores"]))
    told = json.loads((tmp_path / "b2.json").read_text())
    assert told["at_work"][0]["host"] == "host-b"


@pytest.mark.skipif(UNSHARE is None, reason="no namespaces may be made here")
@pytest.mark.skipif(not HAS_NAME_OF_HOST, reason="this is a container with a name of its own")
def test_in_a_sandbox_only_what_is_seen_is_known() -> None:
    now = datetime.now(UTC)
    skew = timedelta(seconds=60)
    processes = Processes(host="mac-1", started={5: now}, is_partial=True)
    assert processes.lives(5, "mac-1", now, skew) is True
    assert processes.lives(6, "mac-1", now, skew) is None
    assert processes.lives(5, "mac-1", now - timedelta(hours=1), skew) is None


@pytest.mark.parametrize("status", ["in_progress", "completed"])
def test_workers_of_the_host_are_unknown_in_a_sandbox(status: str, tmp_path: Path) -> None:
    """A sandbox has its own processes, and the name of the host that it is on."""
    (tmp_path / "taskcheck.toml").write_text(CONFIG)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/work.md").write_text(TASK.replace("ready", status))
    git("init", "-q", "--initial-branch=main", cwd=tmp_path)
    git("add", "-A", cwd=tmp_path)
    git("commit", "-qm", "first", cwd=tmp_path)
    worker = subprocess.Popen(["sleep", "600"])
    launched = datetime.now(UTC) - timedelta(minutes=1)
    entry = {"pid": worker.pid, "host": platform.node(), "launched_at": f"{launched:%Y-%m-%dT%H:%M:%SZ}"}
    register = tmp_path / ".tasks/task_manager/task-manager-ana.register.json"
    register.parent.mkdir(parents=True)
    register.write_text(json.dumps({"owner": "ana", "entries": {"work": entry}}))
    before = register.read_bytes()
    unshared = [option for option in UNSHARE or () if option != "--uts"]
    command = [*unshared, sys.executable, "-m", "taskcheck", "--fix"]
    try:
        ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    finally:
        worker.kill()
        worker.wait()
    assert ran.returncode in {0, 1}, ran.stderr
    assert register.read_bytes() == before
    assert "is gone" not in ran.stdout
