"""At the worker's end: whether an end is recorded, and coding agents' stop hooks, by their documented protocols."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskcheck.cli.stophook import AGENTS
from tests.e2e.conftest import Ran, environment, git, here, taskcheck

Store = Callable[..., Path]
TASK = "---\ntitle: T\nowner: x\nstatus: {}\n---\n"
BLOCKS = {"claude-code": "reason", "codex": "reason", "cursor": "followup_message", "gemini-cli": "reason"}
"""Where each agent finds what it is to do instead of stopping."""
AGAIN: dict[str, dict[str, Any]] = {
    "claude-code": {"stop_hook_active": True},
    "codex": {"stop_hook_active": True},
    "cursor": {"status": "completed", "loop_count": 1},
    "gemini-cli": {"stop_hook_active": True},
}
FIRST: dict[str, dict[str, Any]] = {
    "claude-code": {"hook_event_name": "Stop", "stop_hook_active": False},
    "codex": {"hook_event_name": "Stop", "turn_id": "t", "stop_hook_active": False, "last_assistant_message": "done"},
    "cursor": {"hook_event_name": "stop", "status": "completed", "loop_count": 0},
    "gemini-cli": {"hook_event_name": "AfterAgent", "stop_hook_active": False, "prompt_response": "done"},
}


@pytest.fixture
def worktree(store: Store) -> Path:
    """The worktree of task a, which is in progress."""
    root = store({"tasks/a.md": TASK.format("in_progress"), ".gitignore": "/.worktrees/\n/.tasks/\n"})
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", cwd=root)
    return root / ".worktrees" / "a"


def hook(agent: str, handed: dict[str, Any] | bytes, cwd: Path, *, process: bool = False) -> Ran:
    """The hook, with what the agent hands over on stdin: here, or as the agent calls it, a process of its own."""
    data = handed if isinstance(handed, bytes) else json.dumps(handed).encode()
    if not process:
        return here(["finish", "--hook", agent], cwd, environment(), given=data)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "taskcheck", "finish", "--hook", agent],
        input=data, cwd=cwd, env=environment(), capture_output=True, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("agent", AGENTS)
def test_a_worker_that_forgot_is_kept_once_and_let_go_after_its_end(worktree: Path, agent: str) -> None:
    kept = hook(agent, FIRST[agent], worktree, process=True)
    assert (kept.code, kept.err) == (0, "")
    answer = kept.json
    if agent != "cursor":
        assert answer["decision"] == ("deny" if agent == "gemini-cli" else "block")
    assert "a has no recorded outcome" in answer[BLOCKS[agent]]
    assert "taskcheck finish a --outcome blocked --reason REASON" in answer[BLOCKS[agent]]
    again = hook(agent, {**FIRST[agent], **AGAIN[agent]}, worktree, process=True)
    assert again == Ran(0, "", ""), "it was kept once"
    done = taskcheck("finish", "a", "--outcome", "blocked", "--reason", "no key", cwd=worktree)
    assert done.code == 0, done.err
    assert hook(agent, FIRST[agent], worktree) == Ran(0, "", "")


@pytest.mark.parametrize("agent", AGENTS)
def test_a_hook_lets_go_where_it_can_not_tell(worktree: Path, agent: str, tmp_path: Path) -> None:
    root = worktree.parents[1]
    assert hook(agent, FIRST[agent], root) == Ran(0, "", ""), "root is nobody's"
    assert hook(agent, FIRST[agent], tmp_path) == Ran(0, "", ""), "there is no store"
    (root / "taskcheck.toml").write_text("nonsense = 1\n")
    broken = hook(agent, FIRST[agent], worktree)
    assert (broken.code, broken.out) == (0, "")
    assert "the configuration can't be used" in broken.err
    assert broken.err.rstrip().endswith("the worker may stop")


@pytest.mark.parametrize(
    "handed", [b"", b"no json", b"[]", b"\xff\xfe", b'{"cwd": 7, "workspace_roots": 7}', b"[" * 99_999]
)
def test_nonsense_on_stdin_is_no_reason_to_let_go(worktree: Path, handed: bytes) -> None:
    ran = hook("claude-code", handed, worktree)
    assert ran.code == 0
    if not handed.startswith(b"[["):
        assert ran.json["decision"] == "block"


def test_the_folder_that_an_agent_names_counts(worktree: Path) -> None:
    root = worktree.parents[1]
    assert hook("claude-code", {**FIRST["claude-code"], "cwd": str(worktree)}, root).json["decision"] == "block"
    assert "followup_message" in hook("cursor", {**FIRST["cursor"], "workspace_roots": [str(worktree)]}, root).json
    assert hook("claude-code", {**FIRST["claude-code"], "cwd": str(root)}, worktree) == Ran(0, "", "")


def test_check_says_what_is_missing_and_writes_nothing(worktree: Path) -> None:
    root = worktree.parents[1]
    before = {path: path.read_bytes() for path in root.rglob("*.md")}
    ran = taskcheck("finish", "--check", cwd=worktree)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "a has no recorded outcome; record one of these before you stop:",
        "  taskcheck finish a --outcome completed_with_pr --pr-url URL",
        "  taskcheck finish a --outcome blocked --reason REASON",
        "  taskcheck finish a --outcome needs_review_fix",
        "  taskcheck finish a --outcome failed --reason REASON",
    ]
    assert taskcheck("finish", "--check", "a", cwd=root).code == 1, "a task that is named"
    assert taskcheck("finish", "--check", cwd=root) == Ran(0, "", "")
    assert {path: path.read_bytes() for path in root.rglob("*.md")} == before
    assert not (root / ".tasks").exists()
    unknown = taskcheck("finish", "--check", "b", cwd=root)
    assert unknown.code == 2
    assert "no task is named 'b'" in unknown.err


@pytest.mark.parametrize("status", ["in_review", "blocked", "completed"])
def test_a_status_that_ends_is_an_end(worktree: Path, status: str) -> None:
    (worktree / "tasks" / "a.md").write_text(TASK.format(status))
    assert taskcheck("finish", "--check", cwd=worktree) == Ran(0, "", "")


def test_the_status_with_which_a_run_began_is_no_end(worktree: Path) -> None:
    root = worktree.parents[1]
    for folder in (root, worktree):
        (folder / "tasks" / "a.md").write_text(TASK.format("needs_review_fix"))
    tombstone = {
        "task": "a", "state": "running", "started_at": "2026-03-24T11:00:00Z", "status_before": "needs_review_fix",
    }  # fmt: skip
    (root / "tasks" / "logs").mkdir()
    (root / "tasks" / "logs" / "dispatch-a.status.json").write_text(json.dumps(tombstone))
    assert taskcheck("finish", "--check", cwd=worktree).code == 1
    tombstone |= {"outcome": "needs_review_fix"}
    (root / "tasks" / "logs" / "dispatch-a.status.json").write_text(json.dumps(tombstone))
    assert taskcheck("finish", "--check", cwd=worktree).code == 0


def test_a_run_whose_worker_asks_before_it_stops(store: Store, tmp_path: Path) -> None:
    """Under `taskcheck run`: the worker is told what is missing, says it, and is then let go."""
    root = store(
        {
            "tasks/a.md": TASK.format("ready"),
            ".gitignore": "/.worktrees/\n/.tasks/\n",
            "taskcheck.toml": "[people]\nx = []\n",
        }
    )
    said = tmp_path / "said"
    command = f"{sys.executable} -P -m taskcheck"
    worker = (
        f"{command} finish --check > {said}; echo $? >> {said}; "
        f"{command} finish a --outcome failed --reason why > /dev/null; {command} finish --check; echo $? >> {said}"
    )
    ran = taskcheck("run", "a", "--", "sh", "-c", worker, cwd=root)
    assert said.read_text().splitlines()[-2:] == ["1", "0"], ran.err
    assert "status: failed" in (root / "tasks" / "a.md").read_text()


def test_what_sets_the_hooks_up_is_what_the_agents_take() -> None:
    printed = taskcheck("init", "--agents", cwd=Path.cwd())
    assert printed.code == 0
    for name, agent in AGENTS.items():
        block = printed.out.partition(f"# For {agent.file}, beside what is there:\n\n")[2].partition("\n\n#")[0]
        assert json.loads(block) == agent.settings
        assert f"taskcheck finish --hook {name}" in block
    assert "taskcheck finish TASK --outcome blocked --reason" in printed.out


def test_finish_needs_a_task_and_its_outcome(worktree: Path) -> None:
    ran = taskcheck("finish", cwd=worktree)
    assert ran.code == 2
    assert "finish needs a task and its --outcome" in ran.err


def record(root: Path, **members: str) -> None:
    """A tombstone of task a, and a commit after its end that puts the task in progress."""
    logs = root / "tasks" / "logs"
    logs.mkdir(exist_ok=True)
    told = {"task": "a", "state": "ended", "outcome": "failed", "ended_at": "2026-03-24T10:00:00Z", **members}
    (logs / "dispatch-a.status.json").write_text(json.dumps(told))


def test_the_end_of_a_run_is_none_of_what_was_begun_again(worktree: Path) -> None:
    root = worktree.parents[1]
    record(root)
    assert taskcheck("finish", "--check", cwd=worktree) == Ran(0, "", "")
    for status, at in (("ready", "2026-03-24T11:00:00Z"), ("in_progress", "2026-03-24T12:00:00Z")):
        (root / "tasks" / "a.md").write_text(TASK.format(status))
        git("commit", "-q", "-a", "-m", status, cwd=root, GIT_COMMITTER_DATE=at)
    assert taskcheck("finish", "--check", cwd=worktree).code == 1
    view = taskcheck("status", "--format", "json", "--now", "2026-03-24T12:10:00Z", cwd=root).json
    assert [work["task"] for work in view["at_work"]] == ["a"]
    record(root, ended_at="2026-03-24T13:00:00Z")
    assert taskcheck("finish", "--check", cwd=worktree) == Ran(0, "", "")
    view = taskcheck("status", "--format", "json", "--now", "2026-03-24T13:10:00Z", cwd=root).json
    assert view["at_work"] == []


def test_a_worktree_that_a_record_gives_to_another_task_is_that_ones(worktree: Path) -> None:
    root = worktree.parents[1]
    (root / "tasks" / "b.md").write_text(TASK.format("in_progress"))
    register = root / ".tasks" / "task_manager" / "task-manager-x.register.json"
    register.parent.mkdir(parents=True)
    entry = {"slug": "b", "worktree_path": ".worktrees/a", "launched_at": "2026-03-24T11:00:00Z"}
    register.write_text(json.dumps({"owner": "x", "entries": [entry]}))
    ran = taskcheck("finish", "--check", cwd=worktree)
    assert [line for line in ran.out.splitlines() if "no recorded outcome" in line] == [
        "b has no recorded outcome; record one of these before you stop:"
    ]
