"""The store of each preset, unconfigured: a worker ends with a pull request, another fails, another is gone."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

pytestmark = pytest.mark.journey

Store = Callable[..., Path]

KANBAN = "statuses:\n  - name: backlog\n  - name: todo\n  - name: in-progress\n  - name: review\n  - name: done\n"
FORMATS = {
    "agentplane": (
        {".agentplane/tasks/{id}/README.md": "---\nid: {id}\ntitle: T\nstatus: TODO\n---\n"},
        "202601010000-AAAAAA", "DOING", "TODO",
    ),
    "backlog-md": (
        {
            "backlog/config.yml": 'statuses: ["To Do", "In Progress", "In Review", "Done"]\n',
            "backlog/tasks/{id} - T.md": "---\nid: {id}\ntitle: T\nstatus: To Do\nassignee: [@ana]\n---\n",
        },
        "TASK-1", "In Review", "To Do",
    ),
    "ccpm": (
        {".claude/epics/{id}.md": "---\nname: T\nstatus: open\ncreated: 2026-01-01T00:00:00Z\ndepends_on: []\n---\n"},
        "login/1", "in-progress", "open",
    ),
    "delano": (
        {".project/projects/a/tasks/T-001-t.md": "---\nid: T-001\nname: T\nstatus: ready\ndepends_on: []\n---\n"},
        "a/T-001", "in-progress", "ready",
    ),
    "kanban-md": (
        {"kanban/config.yml": KANBAN, "kanban/tasks/001-t.md": "---\nid: {id}\ntitle: T\nstatus: todo\n---\n"},
        "1", "review", "todo",
    ),
    "plan-issues": (
        {"plan/issues/7-t.md": "---\nid: {id}\ntitle: T\nstatus: ready\n---\n"}, "7", "review", "ready",
    ),
    "taskmd": (
        {".taskmd.yaml": "dir: ./tasks\n", "tasks/001-t.md": '---\nid: "{id}"\ntitle: T\nstatus: pending\n---\n'},
        "001", "in-review", "pending",
    ),
    "taskplane": (
        {
            ".pi/taskplane.json": "{}",
            "taskplane-tasks/{id}/STATUS.md": "# TP-001: T\n\n**Status:** 🔵 Ready for Execution\n",
        },
        "TP-001-t", "In Review", "Ready for Execution",
    ),
    "ticket": ({".tickets/{id}.md": "---\nid: {id}\nstatus: open\n---\n# T\n"}, "x-a1", "in_progress", "open"),
}  # fmt: skip
"""Files, the task's id, and root's status after a pull request and after a failure."""


@pytest.fixture(params=FORMATS)
def format_and_root(request: pytest.FixtureRequest, store: Store) -> tuple[str, Path]:
    files, task, *_ = FORMATS[request.param]
    made = {path.replace("{id}", task): text.replace("{id}", task) for path, text in files.items()}
    return request.param, store(made)


def tombstone(root: Path, task: str) -> dict[str, object]:
    name = task.replace("/", "-")
    held: dict[str, object] = json.loads((root / f".tasks/runs/{name}.status.json").read_text())
    return held


def status(root: Path, task: str) -> str:
    shown = taskcheck("check", "--show-files", cwd=root).out
    return next(line.rpartition(", ")[2].rstrip(")") for line in shown.splitlines() if f"({task}, " in line)


def test_a_worker_ends_with_a_pull_request(format_and_root: tuple[str, Path]) -> None:
    preset, root = format_and_root
    _, task, after, _ = FORMATS[preset]
    said = f"{TASKCHECK} finish {task} --outcome completed_with_pr --pr-url {PULL}"
    ran = taskcheck("run", task, "--", "sh", "-c", f"{said} && git add -A && git commit -qm done", cwd=root)
    assert ran.code == 0, ran.err
    record = tombstone(root, task)
    assert (record["task"], record["outcome"], record["pr_number"]) == (task, "completed_with_pr", 12)
    assert status(root, task) == after
    assert ".tasks" not in git("status", "--porcelain", cwd=root), "it keeps itself out of git"
    report = taskcheck("--format", "json", cwd=root).json
    findings = [finding for incident in report["incidents"] for finding in incident["findings"]]
    assert [finding["rule"] for finding in findings if finding["severity"] == "error"] == []
    assert "dispatch-completed-unreconciled" not in {finding["rule"] for finding in findings}


def test_a_worker_fails(format_and_root: tuple[str, Path]) -> None:
    preset, root = format_and_root
    _, task, _, after = FORMATS[preset]
    ran = taskcheck("run", task, "--", "sh", "-c", "exit 3", cwd=root)
    assert ran.code == 3, ran.err
    assert (tombstone(root, task)["outcome"], status(root, task)) == ("failed", after)


def test_a_worker_is_gone(format_and_root: tuple[str, Path]) -> None:
    """The runner itself is killed: what it leaves is told, by the task's own id."""
    preset, root = format_and_root
    _, task, _, _ = FORMATS[preset]
    held = shlex.quote(str(root / f".tasks/runs/{task.replace('/', '-')}.status.json"))
    kill = f"kill -9 $(sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p' {held}); sleep 1"
    ran = taskcheck("run", task, "--", "sh", "-c", kill, cwd=root)
    assert ran.code != 0
    record = tombstone(root, task)
    assert record["state"] == "running"
    assert not _lives(int(str(record["pid"])))
    report = taskcheck("--format", "json", cwd=root).json
    told = {(incident["task"], finding["rule"]) for incident in report["incidents"] for finding in incident["findings"]}
    assert (task, "worker-gone") in told


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_claim_keeps_others_out_while_it_counts(store: Store) -> None:
    card = "---\nid: 1\ntitle: T\nstatus: todo\nclaimed_by: agent-7\nclaimed_at: {}\n---\n"
    root = store({"kanban/config.yml": KANBAN, "kanban/tasks/001-t.md": card.format("2099-01-01T00:00:00Z")})
    refused = taskcheck("run", "1", "--", "true", cwd=root)
    assert (refused.code, "agent-7 has claimed it until" in refused.err) == (1, True)
    (root / "kanban/tasks/001-t.md").write_text(card.format("2020-01-01T00:00:00Z"))
    assert taskcheck("run", "1", "--dry-run", "--", "true", cwd=root).code == 0
    assert taskcheck("run", "1", "--owner", "agent-7", "--dry-run", "--", "true", cwd=root).code == 0


def test_two_tasks_of_one_epic_share_its_worktree(store: Store) -> None:
    task = "---\nname: T\nstatus: open\ndepends_on: []\n---\n"
    root = store({".claude/epics/login/1.md": task, ".claude/epics/login/2.md": task})
    for number in (1, 2):
        ran = taskcheck("run", f"login/{number}", "--", "sh", "-c", f"echo {number} > {number}.txt; exit 1", cwd=root)
        assert ran.code == 1, ran.err
    worktree = root.parent / "epic-login"
    assert sorted(path.name for path in worktree.glob("*.txt")) == ["1.txt", "2.txt"]
    assert git("branch", "--show-current", cwd=worktree).strip() == "epic/login"


def test_two_ids_of_one_file_name_do_not_overwrite_each_others_records(store: Store) -> None:
    task = "---\nname: T\nstatus: open\ndepends_on: []\n---\n"
    root = store({".claude/epics/a/b/1.md": task, ".claude/epics/a-b/1.md": task})
    refused = taskcheck("run", "a/b/1", "--", "true", cwd=root)
    assert (refused.code, "a-b/1 has the same file name" in refused.err) == (1, True)
