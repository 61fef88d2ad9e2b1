"""The stores' own tools, where they are installed, read what a run and a repair wrote, and accept it.

They are on PATH after `npm install --global backlog.md task-master-ai`. The taskmd of PyPI isn't that of the preset: it
keeps the status in the name of the file.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PATIENCE, environment, git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

Store = Callable[..., Path]


@dataclass(frozen=True)
class Tool:
    """A store's own tool: how it is called, and what it says of the store."""

    program: str
    files: dict[str, str]
    task: str
    after: str
    """Root's status after a pull request."""
    failed: str
    closed: str
    accepts: tuple[str, ...]
    """The command with which it checks a store."""
    status: Callable[[Path, str], str]


def said(root: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def of_backlog(root: Path, task: str) -> str:
    shown = re.search(r"^Status: \W*(.*)$", said(root, "backlog", "task", task, "--plain"), re.MULTILINE)
    assert shown is not None
    return shown[1]


def of_task_master(root: Path, task: str) -> str:
    told = said(root, "task-master", "list", "--json")
    tasks: list[dict[str, Any]] = json.JSONDecoder().raw_decode(told)[0]["tasks"]  # a hint may follow
    return next(str(each["status"]) for each in tasks if str(each["id"]) == task)


MASTER = {
    "master": {
        "tasks": [
            {"id": number, "title": "T", "description": "d", "status": status, "dependencies": needs,
             "priority": "high", "details": "", "testStrategy": "", "subtasks": []}
            for number, status, needs in ((1, "done", []), (2, "pending", [1]))
        ],
        "metadata": {"created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z", "description": "x"},
    }
}  # fmt: skip
TOOLS = {
    "backlog-md": Tool(
        program="backlog",
        files={
            "backlog/config.yml": 'project_name: "T"\nstatuses: ["To Do", "In Progress", "In Review", "Done"]\n'
            "remote_operations: false\nauto_commit: false\n",
            "backlog/tasks/task-1 - T.md": "---\nid: TASK-1\ntitle: T\nstatus: To Do\nassignee: []\nlabels: []\n"
            "created_date: '2026-01-01 00:00'\ndependencies: []\n---\n\n## Description\n\nText\n",
        },
        task="TASK-1", after="In Review", failed="To Do", closed="Done",
        accepts=("backlog", "doctor"),
        status=of_backlog,
    ),
    "task-master": Tool(
        program="task-master",
        files={".taskmaster/tasks/tasks.json": json.dumps(MASTER, indent=2) + "\n"},
        task="2", after="review", failed="pending", closed="done",
        accepts=("task-master", "validate-dependencies"),
        status=of_task_master,
    ),
}  # fmt: skip


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest) -> Tool:
    found = TOOLS[request.param]
    if shutil.which(found.program) is None:
        pytest.skip(f"the store's own tool isn't installed: {found.program}")
    return found


def test_it_reads_what_a_worker_with_a_pull_request_leaves(tool: Tool, store: Store) -> None:
    root = store(tool.files)
    assert tool.status(root, tool.task) == tool.failed
    end = f"{TASKCHECK} finish {tool.task} --outcome completed_with_pr --pr-url {PULL}"
    ran = taskcheck("run", tool.task, "--", "sh", "-c", f"{end} && git add -A && git commit -qm done", cwd=root)
    assert ran.code == 0, ran.err
    assert tool.status(root, tool.task) == tool.after
    said(root, *tool.accepts)


def test_it_reads_what_a_worker_that_failed_leaves(tool: Tool, store: Store) -> None:
    root = store(tool.files)
    assert taskcheck("run", tool.task, "--", "sh", "-c", "exit 3", cwd=root).code == 3
    assert tool.status(root, tool.task) == tool.failed
    said(root, *tool.accepts)


def test_it_reads_what_a_repair_leaves(tool: Tool, store: Store) -> None:
    """The branch of the worker is merged, and root still says that it is in review."""
    root = store(tool.files)
    end = f"{TASKCHECK} finish {tool.task} --outcome completed_with_pr --pr-url {PULL}"
    ran = taskcheck(
        "run", tool.task, "--", "sh", "-c", f"echo 1 > code && {end} && git add -A && git commit -qm work", cwd=root
    )
    assert ran.code == 0, ran.err
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "in review", cwd=root)
    worktrees = git("worktree", "list", "--porcelain", cwd=root)
    branch = re.findall(r"^branch refs/heads/(.*)$", worktrees, re.MULTILINE)[1]
    git("merge", "-q", "--no-ff", "-m", f"Merge branch '{branch}'", branch, cwd=root)
    taskcheck("--fix", "--unsafe-fixes", cwd=root)
    assert tool.status(root, tool.task) == tool.closed
    said(root, *tool.accepts)
