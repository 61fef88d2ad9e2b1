"""Managers that write, a repair that loops, and checks that look on: no update lost, no half of a file reported.

TASKCHECK_STRESS=10 makes many more (the nightly figures: 2,000 updates, 10,000 checks).
"""

import json
import os
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from taskcheck.checks import check_store
from taskcheck.fix import repair
from taskcheck.store import Request, UsageError, Where, open_store

SCALE = int(os.environ.get("TASKCHECK_STRESS", "0"))
UPDATES, CHECKS = (50 * SCALE, 500 * SCALE) if SCALE else (50, 150)
"""Of each of the four managers; of each of the two checkers."""

MANAGERS = {
    "ada": ("locked", "atomic"),
    "ben": ("locked", "in-place"),
    "cleo": ("free", "atomic"),
    "dan": ("free", "in-place"),
}
CONFIG = """
[people]
ada = []
ben = []
cleo = []
dan = []
[locks]
registers = ".tasks/task_manager/task-manager-{owner}.register.lock"
[rules]
select = ["register", "identity", "unreadable-state", "unreadable-task"]
"""


def task(status: str, owner: str) -> str:
    return f"---\ntitle: A task\nowner: {owner}\nstatus: {status}\n---\n"


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A store with a register per manager, each with an entry that is at work."""
    root = tmp_path / "store"
    (root / "tasks").mkdir(parents=True)
    (root / ".tasks/task_manager").mkdir(parents=True)
    (root / "taskcheck.toml").write_text(CONFIG)
    for owner in MANAGERS:
        (root / f"tasks/work-{owner}.md").write_text(task("in_progress", owner))
        entry = {f"work-{owner}": {"slug": f"work-{owner}", "attempt": 0}}
        register = root / f".tasks/task_manager/task-manager-{owner}.register.json"
        register.write_text(json.dumps({"owner": owner, "entries": entry}, indent=2))
    for number in range(7):
        (root / f"tasks/done-{number}.md").write_text(task("completed", "ada"))
    return root


def keep_repairing(root: Path, stop: Event, told: Any) -> None:
    """Repair until told to stop; how many entries were taken out, and what went wrong."""
    request = Request()
    store = open_store(Where(root=root, third_party=False))
    fixed, troubles = 0, []
    while not stop.is_set():
        try:
            report, _ = repair.fix(store, request, repair.Order())
        except UsageError as error:
            troubles.append(str(error))
            continue
        fixed += report.fixed
        troubles += [error.message for error in report.errors]
    told.put(("repair", fixed, troubles))


def keep_checking(root: Path, checks: int, told: Any) -> None:
    """Check so many times; how often, and every finding that no state of the store has."""
    request = Request()
    store = open_store(Where(root=root, third_party=False))
    wrong = []
    for _ in range(checks):
        report = check_store(store, request)
        wrong += [f"{f.rule} {f.task}: {f.message}" for f in report.findings if not _true(f.rule, f.task)]
        wrong += [error.message for error in report.errors]
    told.put(("check", checks, wrong))


def _true(rule: str, about: str | None) -> bool:
    """Whether a finding is of a task that is done and registered, by one manager or by several."""
    return rule in {"register-orphan", "duplicate-registration"} and (about or "").startswith("done-")


@pytest.mark.journey
def test_managers_repairs_and_checks_at_once(fleet: Path) -> None:
    context = get_context("fork")
    stop, told = context.Event(), context.Queue()
    script = Path(__file__).parent / "manager.py"
    managers = [
        subprocess.Popen([sys.executable, script, fleet, owner, str(UPDATES), *how], stdout=subprocess.PIPE, text=True)
        for owner, how in MANAGERS.items()
    ]
    others = [context.Process(target=keep_repairing, args=(fleet, stop, told))]
    others += [context.Process(target=keep_checking, args=(fleet, CHECKS, told)) for _ in range(2)]
    for process in others:
        process.start()
    lost = {}
    for process in managers:
        out, _ = process.communicate(timeout=600)
        said = json.loads(out)
        lost[said["owner"]] = said["lost"]
    results = []
    try:
        results += [told.get(timeout=600) for _ in range(2)]
        stop.set()
        results.append(told.get(timeout=60))
    except Empty:
        pytest.fail(f"somebody never came back: {results}")
    for process in others:
        process.join(timeout=60)
    checks = [(count, wrong) for kind, count, wrong in results if kind == "check"]
    fixed, troubles = next((count, wrong) for kind, count, wrong in results if kind == "repair")
    assert (lost["ada"], lost["ben"]) == (0, 0), "no update is lost under the lock"
    assert checks == [(CHECKS, []), (CHECKS, [])], "no half of a file is reported"
    assert fixed > 0
    assert [trouble for trouble in troubles if "is held by" not in trouble and "faster than" not in trouble] == []
    report, _ = repair.fix(*_opened(fleet), repair.Order())
    assert [finding.task for finding in report.findings if finding.rule == "register-orphan"] == []
    for owner in ("ada", "ben"):
        register = json.loads((fleet / f".tasks/task_manager/task-manager-{owner}.register.json").read_text())
        assert register["entries"] == {f"work-{owner}": {"slug": f"work-{owner}", "attempt": UPDATES}}


def _opened(root: Path) -> tuple[Any, Request]:
    return open_store(Where(root=root, third_party=False)), Request()
