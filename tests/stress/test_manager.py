"""The example manager over workers of six kinds, killed again and again: every task's end is explained."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import empty_repository, environment, store, taskcheck

__all__ = ["empty_repository", "store"]

STRESS = bool(os.environ.get("TASKCHECK_STRESS"))
KILLS = 20 if STRESS else 2
KINDS = ("finish", "block", "fail", "crash", "silent", "hang")
TASKS = [f"{KINDS[number % 6]}-{number // 6}" for number in range(200)]
"""All kinds of workers, and of crashes all three."""
if not STRESS:
    TASKS = [*(f"{kind}-0" for kind in KINDS), "crash-1", "crash-2"]
CONFIG = '[people]\ndave-fowler = ["dave"]\n[limits]\npickup_grace = "1s"\n'

OUTCOMES = {
    "finish": ("completed_with_pr", None),
    "block": ("blocked", "no key"),
    "fail": ("failed", "it doesn't build"),
    "silent": ("failed", "silent success"),
    "hang": ("failed", "timed out"),
}
CRASHES = [("failed", "killed by SIGKILL"), ("completed_with_pr", None), ("completed_with_pr", None)]


def manager(root: Path, proof: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(ROOT / "examples/manager.py"), "--owner", "Dave", "--root", str(root)]
    command += ["--workers", "4", "--lease", "15s", "--interval", "0.1", "--until-idle", "--"]
    worker = [sys.executable, str(ROOT / "tests/stress/worker.py"), str(proof), "{task}"]
    return subprocess.Popen([*command, *worker], env=environment(), stdout=subprocess.DEVNULL, start_new_session=True)


def until_idle(root: Path, proof: Path) -> None:
    assert manager(root, proof).wait(3600) == 0


def front(root: Path, name: str, key: str) -> str:
    found = re.search(rf"^{key}: (.*)$", (root / f"tasks/{name}.md").read_text(), re.M)
    return found[1] if found else ""


@pytest.mark.journey
@pytest.mark.skipif(not shutil.which("git"), reason="git isn't installed")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the crashing workers find their runner in /proc")
def test_a_fleet_under_fire(store: Callable[..., Path], tmp_path: Path) -> None:
    names = TASKS
    body = "---\ntitle: {}\nowner: dave\nstatus: ready\n---\n"
    files: dict[str, Any] = {f"tasks/{name}.md": body.format(name).replace("dave", "dave-fowler") for name in names}
    root = store({**files, "taskcheck.toml": CONFIG, ".gitignore": ".tasks/\n.worktrees/\ntasks/logs/\n"})
    proof = tmp_path / "proof"
    proof.mkdir()

    chance = random.Random(5)
    for _ in range(KILLS):
        process = manager(root, proof)
        time.sleep(chance.uniform(0.3, 4))
        process.send_signal(signal.SIGKILL)
        process.wait()
    until_idle(root, proof)

    assert not (proof / "overlap").exists(), "a task ran twice at the same time"
    crashed = {name for name in names if name.startswith("crash-") and int(name.rpartition("-")[2]) % 3 == 2}
    report = taskcheck("--format", "json", cwd=root).json
    assert report["complete"], report["errors"]
    wrong = {incident["task"]: incident["headline"] for incident in report["incidents"] if incident["headline"]}
    assert wrong == dict.fromkeys(crashed, "dispatch-completed-unreconciled"), "what the crashed workers deserve"

    assert taskcheck("--fix", cwd=root).code == 0
    until_idle(root, proof)
    left = taskcheck("--format", "json", cwd=root).json
    headlines = {incident["task"]: incident["headline"] for incident in left["incidents"] if incident["headline"]}
    assert headlines.items() <= dict.fromkeys(crashed, "register-orphan").items(), "entries of workers that are gone"
    assert taskcheck("--fail-on", "error", cwd=root).code == 0
    for name in names:
        kind, number = name.split("-")
        left = json.loads((root / f"tasks/logs/dispatch-{name}.status.json").read_text())
        outcome, reason = CRASHES[int(number) % 3] if kind == "crash" else OUTCOMES[kind]
        assert (left["outcome"], left["reason"]) == (outcome, reason), name
        status = {"completed_with_pr": "in_review"}.get(outcome, outcome)
        assert front(root, name, "status") == status, name
        starts = (proof / f"{name}.starts").read_text().splitlines()
        assert len(starts) == (2 if kind == "crash" and int(number) % 3 == 1 else 1), name
    register = root / ".tasks/task_manager/task-manager-dave-fowler.register.json"
    assert json.loads(register.read_text())["entries"].keys() <= crashed
    assert {path.name for path in register.parent.iterdir()} == {
        "task-manager-dave-fowler.register.json",
        "task-manager-dave-fowler.snapshot.json",
    }
