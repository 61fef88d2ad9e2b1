"""The operator's view of work: who is at it, what waits for a person, what disagrees, on one screen; and as data."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
from wcwidth import wcswidth

from taskcheck import check
from taskcheck.formats import status
from taskcheck.testing import Built
from tests.e2e.conftest import taskcheck
from tests.e2e.test_incidents import NOW

ROOT = Path(__file__).parents[2]
Store = Callable[..., Path]
REGISTER = ".tasks/task_manager/task-manager-x.register.json"
SNAPSHOT = ".tasks/task_manager/task-manager-x.snapshot.json"


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def task(status: str, *, owner: str = "x", title: str = "T", more: str = "") -> str:
    return f"---\ntitle: {title}\nowner: {owner}\nstatus: {status}\n{more}---\n"


def register(*entries: dict[str, Any]) -> str:
    return json.dumps({"owner": "x", "updated_at": ago(seconds=5), "entries": list(entries)})


@pytest.fixture
def worker() -> Iterator[int]:
    """The pid of a process that lives as long as the test."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield process.pid
    process.communicate()


def validated(view: dict[str, Any]) -> dict[str, Any]:
    """The view, which is as its schema says."""
    schemas = {}
    for name in ("report.schema.json", "status.schema.json"):
        schemas[name] = json.loads((ROOT / "docs" / name).read_text())
    registry: Any = referencing.Registry().with_resources(
        (name, referencing.Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    jsonschema.Draft202012Validator(schemas["status.schema.json"], registry=registry).validate(view)
    return view


def test_a_healthy_fleet_shows_its_work(store: Store, worker: int) -> None:
    entry = {"task": "a", "pid": worker, "host": os.uname().nodename, "launched_at": ago(minutes=3)}
    snapshot = {"owner": "x", "generated_at": ago(seconds=5), "tasks": []}
    root = store(
        {
            "tasks/a.md": task("in_progress", title="Add the export", more=f"started_at: {ago(minutes=30)}\n"),
            "tasks/logs/dispatch-a.log": "working\n",
            "tasks/done.md": task("completed"),
            ".gitignore": ".tasks/\n",
            REGISTER: register(entry),
            SNAPSHOT: json.dumps(snapshot),
        }
    )
    ran = taskcheck("status", cwd=root)
    assert ran.code == 0, ran.out
    lines = ran.out.splitlines()
    at = lines.index("at work: 1")
    assert lines[at + 1].startswith(f"  a  x  process {worker} on {os.uname().nodename}  for 3m")
    assert "disagree" not in ran.out
    told = taskcheck("status", "-v", cwd=root).out
    assert "    Add the export\n    log tasks/logs/dispatch-a.log\n" in told
    view = validated(taskcheck("status", "--format", "json", cwd=root).json)
    [work] = view["at_work"]
    assert (work["task"], work["run"], work["pid"], work["log"]) == (
        "a",
        "running",
        worker,
        "tasks/logs/dispatch-a.log",
    )
    assert work["evidence"] == f"process {worker} is running"
    assert view["classes"] == {"active": 1, "done": 1}


def test_work_without_a_ledger_is_the_status_alone(store: Store) -> None:
    root = store({"tasks/a.md": task("in_progress", more=f"started_at: {ago(hours=2)}\n")})
    [line] = [line for line in taskcheck("status", cwd=root).out.splitlines() if line.startswith("  a ")]
    assert line.split("  ")[1:] == ["a", "x", "no run recorded", "for 2h", "sign 2h ago"]


def test_a_task_in_review_whose_worker_lives_is_at_work_and_does_not_wait(store: Store, worker: int) -> None:
    entry = {"task": "a", "pid": worker, "launched_at": ago(minutes=3)}
    root = store({"tasks/a.md": task("in_review"), "tasks/b.md": task("in_review"), REGISTER: register(entry)})
    view = taskcheck("status", "--format", "json", cwd=root).json
    assert [work["task"] for work in view["at_work"]] == ["a"]
    assert [each["task"] for queue in view["waiting"] for each in queue["longest"]] == ["b"]


def test_whose_run_is_over_is_not_at_work(store: Store) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    entry = {"task": "a", "pid": gone.pid, "launched_at": ago(minutes=30)}
    root = store({"tasks/a.md": task("in_progress"), REGISTER: register(entry)})
    assert taskcheck("status", "--format", "json", cwd=root).json["at_work"] == []
    assert "nobody is at work\n" in taskcheck("status", cwd=root).out


def test_a_fleet_whose_tasks_all_failed_waits_and_is_not_all_well(store: Store) -> None:
    ended = {"state": "ended", "outcome": "failed", "started_at": ago(hours=5), "ended_at": ago(hours=4)}
    files = {f"tasks/t{n}.md": task("failed") for n in range(4)}
    for n in range(4):
        tombstone = {"task": f"t{n}", **ended, "reason": f"no key for vault {n}"}
        files[f"tasks/logs/dispatch-t{n}.status.json"] = json.dumps(tombstone)
    out = " ".join(taskcheck("status", cwd=store(files)).out.split())
    assert "nobody is at work waiting for a person: 4 4 stopped: t0 (4h, no key for vault 0)" in out


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_first_screen_has_all_that_matters(incidents: Built, width: int) -> None:
    """Who is at work, how many wait and the oldest of them, and the worst that disagrees with its next step."""
    shown = status.render(check(incidents.root, now=datetime.fromisoformat(NOW)), width=width).splitlines()
    first = "\n".join(shown[:24])
    view = validated(taskcheck("status", "--now", NOW, "--format", "json", cwd=incidents.root).json)
    assert len(view["at_work"]) == 4
    for work in view["at_work"]:
        assert f"  {work['task']}" in first
    for queue in view["waiting"]:
        assert f"{queue['count']} {'stopped' if queue['class'] == 'stopped' else ''}".strip() in first
        assert queue["longest"][0]["task"] in first
    assert view["disagree"][0]["headline"] in first
    assert view["disagree"][0]["next"]["text"] in first
    assert all(wcswidth(line) <= width or " " not in line.strip(" \\") for line in shown)


def test_statuses_and_classes_choose_tasks(incidents: Built) -> None:
    def chosen(*words: str) -> dict[str, Any]:
        view: dict[str, Any] = taskcheck("status", "--now", NOW, "--format", "json", *words, cwd=incidents.root).json
        return view

    view = chosen("--status", "In_Review")
    assert {each["status"] for queue in view["waiting"] for each in queue["longest"]} == {"in_review"}
    assert (view["at_work"], view["disagree"]) == ([], [])
    assert view["exit_code"] == 0, "what isn't shown doesn't count"
    active = chosen("--status", "active")
    assert {work["status"] for work in active["at_work"]} == {"in_progress"}
    both = chosen("--status", "active", "--status", "ready")
    assert {row["status"] for row in both["disagree"]} == {"in_progress", "ready"}
    assert both["exit_code"] == 1


def test_rules_choose_incidents(incidents: Built) -> None:
    ran = taskcheck("status", "--now", NOW, "--rule", "worker-gone", cwd=incidents.root)
    assert ran.out.count("worker-gone") == 1
    assert "at work:" not in ran.out
    assert "disagree: 1\n" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--status", "redy"), "no status and no class of statuses is named 'redy'; did you mean ready?"),
        (("--rule", "worker-gon"), "no rule is named 'worker-gon'; did you mean worker-gone"),
        (("--watch", "--format", "json"), "--watch prints only text"),
    ],
)
def test_what_is_not_there_is_said(incidents: Built, words: tuple[str, ...], told: str) -> None:
    ran = taskcheck("status", *words, cwd=incidents.root)
    assert ran.code == 2
    assert told in ran.err


def test_each_line_says_what_it_is(incidents: Built) -> None:
    lines = taskcheck("status", "--now", NOW, "--format", "jsonl", cwd=incidents.root).out.splitlines()
    view = taskcheck("status", "--now", NOW, "--format", "json", cwd=incidents.root).json
    parts = [json.loads(line) for line in lines]
    assert parts[0]["schema"] == "taskcheck/status/1"
    for kind, key in {"manager": "managers", "work": "at_work", "waiting": "waiting", "incident": "disagree"}.items():
        assert [part for part in parts if part["kind"] == kind] == [{"kind": kind, **each} for each in view[key]]


def test_an_owners_view_has_the_owners_work(incidents: Built) -> None:
    view = taskcheck("status", "--now", NOW, "--owner", "rj", "--format", "json", cwd=incidents.root).json
    everybody = taskcheck("status", "--now", NOW, "--format", "json", cwd=incidents.root).json
    assert view["at_work"]
    assert {work["task"] for work in view["at_work"]} < {work["task"] for work in everybody["at_work"]}
    assert "dave-fowler" not in {work["owner"] for work in view["at_work"]}
