"""What every ledger says about one task, in order of time: the friction log's incidents, gaps, doubts."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from taskcheck.testing import Built
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.test_growth import Store as Growing
from tests.e2e.test_incidents import HEADLINES, NOW
from tests.unit.formats.payloads import PAYLOADS

ROOT = Path(__file__).parents[2]
Store = Callable[..., Path]
REGISTER = ".tasks/task_manager/task-manager-x.register.json"
PLAN = "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching"
SERVER = "make-tasks-server-status-page-use-fresh-heartbeat-data-and-auto-refresh"
WIRE = "wire-markdown-svg-to-dataface-font-config-and-vendored-inter"
MOVE = "move-task-links-to-workstream-relative-paths"
AXIS = "redesign-axis-label-collision-handling-for-narrow-cards"


def told(root: Path, task: str, *more: str, now: str = NOW) -> dict[str, Any]:
    """The timeline of a task, which is as its schema says."""
    ran = taskcheck("timeline", task, "--now", now, "--format", "json", *more, cwd=root)
    assert ran.code in {0, 1}, ran.err
    view: dict[str, Any] = ran.json
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/timeline.schema.json").read_text())).validate(view)
    return view


def events(view: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    """Time of day, what, and who says so."""
    return [(each["at"] and each["at"][11:16], each["what"], each["source"]) for each in view["events"]]


def arising(view: dict[str, Any]) -> dict[str, str]:
    """Each rule to the event at which what it found arises."""
    return {finding["rule"]: each["what"] for each in view["events"] for finding in each["findings"]}


def conditions(view: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in view["conditions"]}


def test_split_identity_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 1: two registers and two snapshots of one person, the active heartbeat elsewhere."""
    view = told(incidents.root, "dave-fowler")
    assert conditions(view)["spelled"] == "dave, dave-fowler"
    said = [what for _, what, _ in events(view)]
    assert said.index("heartbeat of dave, 6 tasks") < said.index("heartbeat of dave-fowler, 12 tasks")
    assert "register of dave written, 1 entry" in said
    assert arising(view)["split-manager"] == "heartbeat of dave-fowler, 12 tasks"


def test_a_dispatch_that_root_never_learnt_of_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 2: root says ready, the worktree in_progress with a pull request, the log exit code 0."""
    view = told(incidents.root, PLAN)
    stands = conditions(view)
    assert stands["root"] == "ready, owner dave-fowler"
    assert stands["worktree"].startswith("in_progress, in .worktrees/plan-activity")
    assert stands["worker"] == "ended: its end is recorded, exit code 0"
    assert stands["pull request"].startswith("#409 https://")
    assert [(what, who) for _, what, who in events(view) if "commit:" not in what and "added" not in what] == [
        ("work begins", "worktree"),
        ("registered by dave-fowler", "register"),
        ("worker launched, process 48112 on mac-1", "register"),
        ("pull request #409 opened", "worktree"),
        ("worker exits with 0", "log"),
        ("pickup_overdue (attention): ready for 160 minutes, not picked up", "heartbeat of dave-fowler"),
        ("seen as ready, registered, dispatch exited", "heartbeat of dave-fowler"),
    ]
    assert arising(view)["dispatch-completed-unreconciled"] == "worker exits with 0"
    refuted = next(each for each in view["events"] if each["what"].startswith("pickup_overdue"))
    assert refuted["doubt"] == "refuted: worktree says in_progress"


def test_silent_success_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 3: the work is done and reviewed, the task is left in_progress; stuck_in_progress."""
    view = told(incidents.root, WIRE)
    assert conditions(view)["root"] == "in_progress, owner dave-fowler"
    said = [what for _, what, _ in events(view)]
    assert said[-1] == "a review is there"
    assert [what for what in said if what.startswith(("worker exits", "stuck"))] == [
        "worker exits with 0",
        "stuck_in_progress (escalation): in progress, no movement for 4 hours",
    ]
    assert arising(view)["missing-terminal-state"] == "worker exits with 0"
    assert arising(view)["stale-in-progress"].startswith("root's status: ready → in_progress")


def test_a_worker_that_is_gone_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 4: one task, three signals, no end recorded."""
    view = told(incidents.root, SERVER)
    assert conditions(view)["worker"].startswith("gone: ")
    said = [what.partition(" ")[0] for _, what, who in events(view) if who.startswith("heartbeat of")]
    assert said == ["dispatch_worker_gone", "dispatch_retry_cooldown", "pickup_overdue", "seen"]
    assert view["quiet_seconds"] is None, "its manager's heartbeat is fresh"
    assert any(each["silence_seconds"] for each in view["events"])
    assert "worker-gone" in arising(view)


def test_a_register_that_is_not_pruned_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 5: completed, and still registered."""
    view = told(incidents.root, MOVE)
    said = [what for _, what, _ in events(view)]
    assert said.index("run ends: completed_with_pr, exit code 0") < said.index("work completed")
    assert "seen as completed, registered" in said
    assert arising(view)["register-orphan"].startswith("added to root as completed")


def test_a_task_of_a_role_as_the_log_tells_it(incidents: Built) -> None:
    """Incident 6: a role's task in the wrong manager's queue."""
    view = told(incidents.root, AXIS)
    assert conditions(view)["root"] == "ready, owner data-viz-designer-engineer"
    assert ("registered by dave-fowler", "register") in [(what, who) for _, what, who in events(view)]
    assert "misrouted-task" in arising(view)


def test_the_page_of_the_six_timelines_is_up_to_date(incidents: Built) -> None:
    page: str = runpy.run_path(str(ROOT / "docs" / "incidents.py"))["page"](incidents.root)
    assert (ROOT / "docs" / "incidents.md").read_text() == page, "run: python docs/incidents.py"


def test_each_incident_ends_with_its_next_step(incidents: Built) -> None:
    report = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root).json
    for incident in report["incidents"]:
        subject = incident["task"] or incident["manager"]
        ran = taskcheck("timeline", subject, "--now", NOW, cwd=incidents.root)
        assert ran.code == 1
        assert f"next: {incident['next']['text']}\n" in ran.out
    assert len(report["incidents"]) == len(HEADLINES)


def test_the_history_of_root_and_of_a_branch_that_has_landed(store: Store) -> None:
    front = "---\ntitle: T\nowner: x\nstatus: {}\nbranch: task/a\n---\n"
    root = store({"tasks/a.md": front.format("ready"), ".gitignore": "/.worktrees/\n"})
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", cwd=root)
    (root / ".worktrees/a/code.py").write_text("x = 1\n")
    git("add", "-A", cwd=root / ".worktrees/a")
    git("commit", "-qm", "Write the code", cwd=root / ".worktrees/a")
    (root / "tasks/a.md").write_text(front.format("in_progress"))
    git("commit", "-qam", "Begin", cwd=root)
    view = told(root, "tasks/a.md", now=now())
    said = [re.sub(r"\([0-9a-f]{9}\)", "(ID)", what) for _, what, _ in events(view)]
    assert [what for what in said if "commit:" not in what] == [
        "added to root as ready (ID)",
        "root's status: ready → in_progress (ID)",
    ]
    assert "commit: Write the code (ID)" in said
    git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/a'", "task/a", cwd=root)
    git("worktree", "remove", ".worktrees/a", cwd=root)
    git("branch", "-qD", "task/a", cwd=root)
    said = [what for _, what, _ in events(told(root, "a", now=now()))]
    assert any(what.startswith("root: Merge branch 'task/a'") for what in said)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_doubtful_times_are_said(store: Store) -> None:
    front = "---\ntitle: T\nowner: x\nstatus: in_progress\ncreated_at: 2026-03-20\nstarted_at: 2026-03-24 10:00\n---\n"
    entry = {"task": "a", "registered_at": "2026-03-24T11:00:00Z", "launched_at": "2026-03-24T10:30:00Z", "host": "h"}
    tombstone = {
        "task": "a",
        "state": "running",
        "started_at": "2026-03-24T11:00:00",
        "heartbeat_at": "2027-01-01T00:00:00Z",
    }
    root = store(
        {
            "tasks/a.md": front,
            REGISTER: json.dumps({"owner": "x", "entries": [entry]}),
            "tasks/logs/dispatch-a.status.json": json.dumps(tombstone),
        }
    )
    doubts = {each["what"]: each["doubt"] for each in told(root, "a", now="2026-03-24T12:00:00Z")["events"]}
    assert doubts["task written"] == "a day without a time"
    assert doubts["work begins"] == "no zone is written: taken for UTC"
    assert doubts["worker launched on h"] == "earlier than registered_at"
    assert doubts["run begins"] == "no zone is written: taken for UTC"
    assert doubts["last sign of the worker"].startswith("282d")


def test_a_long_silence_is_said(store: Store) -> None:
    front = "---\ntitle: T\nowner: x\nstatus: in_progress\ncreated_at: {}\nstarted_at: {}\n---\n"
    root = store({"tasks/a.md": front.format("2026-03-24T00:00:00Z", "2026-03-24T05:00:00Z")}, repository=False)
    ran = taskcheck("timeline", "a", "--now", "2026-03-24T12:00:00Z", cwd=root)
    assert "            nothing recorded for 5h\n  05:00:00  work begins  root\n" in ran.out
    assert "            nothing recorded for 7h, until now\n" in ran.out
    closed = store(
        {"tasks/a.md": front.format("2026-03-24T00:00:00Z", "2026-03-24T05:00:00Z").replace("in_progress", "done")}
    )
    assert "until now" not in taskcheck("timeline", "a", "--now", "2026-03-24T12:00:00Z", cwd=closed).out


def test_a_task_that_only_a_register_knows(store: Store) -> None:
    entry = {"task": "ghost", "registered_at": "2026-03-24T11:00:00Z"}
    root = store(
        {
            "tasks/a.md": "---\ntitle: T\nowner: x\nstatus: ready\n---\n",
            REGISTER: json.dumps({"owner": "x", "entries": [entry]}),
        }
    )
    view = told(root, "ghost", now="2026-03-24T12:00:00Z")
    assert conditions(view)["root"] == "no task file"
    assert ("11:00", "registered by x", "register") in events(view)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("alpa", "no task or file is named 'alpa'; did you mean alpha?"),
        ("tasks", "tasks names 2 tasks; name one: alpha, beta"),
    ],
)
def test_a_name_that_is_no_task_is_a_mistake(store: Store, name: str, says: str) -> None:
    front = "---\ntitle: T\nowner: x\nstatus: ready\n---\n"
    ran = taskcheck("timeline", name, cwd=store({"tasks/alpha.md": front, "tasks/beta.md": front}))
    assert ran.code == 2
    assert says in ran.err


def test_ids_are_found_in_any_spelling(store: Store) -> None:
    root = store({"tasks/Fix-Login-07.md": "---\ntitle: T\nowner: x\nstatus: ready\n---\n"})
    assert told(root, "fix-login-7", now=now())["subject"] == "Fix-Login-07"
    assert [what[:13] for _, what, _ in events(told(root, "fix-login-7", now=now()))] == ["added to root"]


def test_what_two_files_say_alike_is_told_once_and_doubted_as_either(store: Store) -> None:
    """The same moment, but only root's file says in which zone."""
    front = "---\ntitle: T\nowner: ana\nstatus: in_progress\nstarted_at: {}\n---\n"
    root = store({"tasks/a.md": front.format("2026-03-24T08:00:00Z"), ".gitignore": "/.worktrees/\n"})
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", cwd=root)
    (root / ".worktrees/a/tasks/a.md").write_text(front.format("2026-03-24T08:00:00"))
    (begun,) = [each for each in told(root, "a")["events"] if each["what"] == "work begins"]
    assert begun["source"] == "root, worktree"
    assert begun["doubt"] == "no zone is written: taken for UTC"


def test_a_hostile_name_stays_in_its_place_in_the_next_step(store: Store) -> None:
    """What is to be edited quotes the task that another one waits for."""
    hostile = "a\x1b[2J\u202eb"
    front = "---\ntitle: T\nowner: ana\nstatus: {}\n---\n"
    waits = front.format('ready\ndepends_on: ["a\\e[2J\\u202eb"]')
    root = store({f"tasks/{hostile}.md": front.format("in_progress"), "tasks/x.md": waits})
    shown = taskcheck("timeline", "x", cwd=root).out
    assert "the task waits until a\\x1b[2J\\u202eb is done" in shown
    assert "\x1b" not in shown


def test_hostile_texts_stay_in_their_place(store: Store) -> None:
    """In titles, owners, reasons, signals and commit subjects; with and without colour."""
    text = "".join(PAYLOADS).replace("\x00", "")
    harmless = json.dumps(text)
    front = f"---\ntitle: {harmless}\nowner: {harmless}\nstatus: blocked\n---\n"
    tombstone = {
        "task": "a",
        "state": "ended",
        "outcome": "blocked",
        "reason": text,
        "ended_at": "2026-03-24T11:00:00Z",
    }
    signal = {"task": "a", "kind": "x\x1b[2J", "level": "\x1b]0;t\x07", "detail": text, "at": "2026-03-24T11:30:00Z"}
    snapshot = {"owner": "x", "generated_at": "2026-03-24T11:59:00Z", "signals": [signal]}
    root = store(
        {
            "tasks/a.md": front.encode("utf-8", "replace").decode(),
            "tasks/logs/dispatch-a.status.json": json.dumps(tombstone),
            REGISTER.replace("register", "snapshot"): json.dumps(snapshot),
        }
    )
    for words in (("timeline", "a", "-v"), ("status", "-v"), ("status",)):
        ran = taskcheck(*words, "--now", "2026-03-24T12:00:00Z", cwd=root)
        assert ran.code in {0, 1}, ran.err
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", ran.out)
        assert not re.search(r"^\s*(::|##\[)", ran.out, re.MULTILINE)
        coloured = taskcheck(*words, "--now", "2026-03-24T12:00:00Z", "--color", "always", cwd=root).out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", re.sub(r"\x1b\[[0-9;]*m", "", coloured))


@pytest.mark.journey
def test_a_long_history_takes_at_most_twice_a_check(tmp_path: Path) -> None:
    """2,000 commits of its branch; CPU of whole processes, the best of three each."""
    made = Growing(tmp_path / "store", 400)
    parent: int | None = made.head
    for number in range(2_000):
        parent = made.commit("task/t7", parent, {"code.py": f"x = {number}\n"})
    made.worktrees.append("t7")
    made.build()

    def spent(*words: str) -> float:
        best = 1e9
        for _ in range(3):
            command = [sys.executable, "-m", "taskcheck", *words, "--format", "json", "--now", "2026-04-01T00:00:00Z"]
            process = subprocess.Popen(command, cwd=made.root, env=environment(), stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            best = min(best, usage.ru_utime + usage.ru_stime)
            assert process.returncode in {0, 1}
        return best

    checked = spent("check", "--no-cache")
    shown = spent("timeline", "t7")
    view = told(made.root, "t7", now="2026-04-01T00:00:00Z")
    assert len(view["events"]) > 2_000
    assert shown < 2 * checked, (shown, checked)
