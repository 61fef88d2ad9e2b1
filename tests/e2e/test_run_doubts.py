"""Worlds in which the newest run of a task isn't the one that is recorded as over, or in which its worker lives.

What the ledgers say is reported as before, but no safe fix rests on it.
"""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import CONFIG, NOW, REGISTER, buried, entry, held, land, register, task

World = Callable[[Repo], None]
Told = dict[str, Any]
GONE = 2**22 + 7
LANDED = {"branch": "task/x", "launched_at": "2026-03-24T08:01:00Z"}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    root = tmp_path_factory.mktemp("begun") / "repo"
    first = task("in_progress", branch="task/x")
    return Repo.begun(root, **{"taskcheck.toml": CONFIG, "code": "1\n", "tasks__x.md": first})


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Callable[[Path], int]]:
    """Starts a process in a folder that lives as long as the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path = tmp_path) -> int:
        started.append(subprocess.Popen(["sleep", "300"], cwd=folder))
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.wait()


def reasons(repo: Repo, now: str | None = NOW, *, fixed: int = 0) -> dict[str, str]:
    """By rule, why each fix that was left isn't safe, after those that are have been applied."""
    before = held(repo.root)
    ran = taskcheck(*(("--now", now) if now else ()), "--fix", "--format", "json", cwd=repo.root)
    assert ran.code in {0, 1}, ran.err
    report = ran.json
    assert report["summary"]["fixed"] == fixed, ran.out
    if not fixed:
        assert held(repo.root) == before
    findings = [finding for incident in report["incidents"] for finding in incident["findings"]]
    return {finding["rule"]: (finding["fix"] or {}).get("why", "") for finding in findings}


def ago(**how_long: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**how_long):%Y-%m-%dT%H:%M:%SZ}"


def its_worktree(repo: Repo, **front: object) -> Repo:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    if front:
        worktree.commit(**{"tasks__x.md": task("in_review", branch="task/x", **front)})
    return worktree


def logged(repo: Repo, text: str = "working ...\n", at: str = "2026-03-24T21:59:00Z") -> None:
    log = repo.root / "tasks/logs/dispatch-x.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    moment = datetime.fromisoformat(at).timestamp()
    os.utime(log, (moment, moment))


YOUNGER = {
    "queued for longer than clocks differ": {"launched_at": {"seconds": 800}},
    "a local time": {"launched_at": {"hours": 4}},
    "local times, hours before": {"launched_at": {"hours": 5}},
}


@pytest.mark.parametrize("times", YOUNGER.values(), ids=YOUNGER)
def test_a_live_process_that_is_younger_than_recorded(
    times: dict[str, dict[str, float]], repo: Repo, at_work: Callable[..., int]
) -> None:
    land(repo)
    recorded = {key: ago(**how_long) for key, how_long in times.items()}
    pid = at_work()
    register(repo, x={**recorded, "pid": pid, "branch": "task/x", "worktree_path": ".worktrees/x"})
    why = reasons(repo, now=None)
    assert why["merged-not-completed"].startswith(
        f"process {pid} is running, though it began later than recorded: wait until "
    )


def test_a_process_that_was_started_anew_is_that_of_its_entry(repo: Repo, at_work: Callable[..., int]) -> None:
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x={"launched_at": ago(hours=2), "started_at": ago(seconds=1), "pid": at_work()})
    assert set(reasons(repo, now=None)) == {"worker-outlives-task"}


def test_a_number_that_was_written_before_the_process_began(repo: Repo, at_work: Callable[..., int]) -> None:
    """The computer was started again meanwhile, and the number is another's now: that is known."""
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x={"launched_at": ago(hours=2), "pid": at_work()})
    assert reasons(repo, now=None)["register-orphan"].startswith("process ")
    hour_ago = datetime.now(UTC).timestamp() - 3600
    os.utime(repo.root / REGISTER, (hour_ago, hour_ago))
    reasons(repo, now=None, fixed=1)


def beating(repo: Repo, **members: object) -> None:
    """A run whose process isn't on this host, though the name of its host is this one's: as from a container."""
    told = {"state": "running", "ended_at": None, "exit_code": None, "pid": GONE, "host": platform.node()}
    buried(repo, "", **{**told, "heartbeat_at": "2026-03-24T21:59:30Z", "branch": "task/x", **members})


def test_a_heartbeat_of_just_now_goes_before_a_missing_process(repo: Repo) -> None:
    its_worktree(repo, pr_number=5)
    beating(repo)
    why = reasons(repo)
    assert why["metadata-drift"] == ""
    assert "dispatch-completed-unreconciled" in why


def test_a_branch_has_landed_and_the_run_sent_a_heartbeat_just_now(repo: Repo) -> None:
    land(repo)
    register(repo, x=entry(**LANDED))
    beating(repo, started_at="2026-03-24T08:01:00Z")
    assert reasons(repo)["merged-not-completed"] == "its last heartbeat was 30s ago"


def in_its_worktree_landed(repo: Repo) -> None:
    land(repo)
    repo.git("worktree", "add", "-q", ".worktrees/x", "task/x")
    register(repo, x=entry(worktree_path=".worktrees/x", **LANDED))


def in_its_worktree_drifted(repo: Repo) -> None:
    its_worktree(repo, pr_number=5)
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))


def in_its_worktree_done(repo: Repo) -> None:
    its_worktree(repo)
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x=entry(worktree_path=".worktrees/x"))


def in_its_worktree_ended(repo: Repo) -> None:
    its_worktree(repo)
    buried(repo)


IN_ITS_WORKTREE: dict[World, str] = {
    in_its_worktree_landed: "merged-not-completed",
    in_its_worktree_drifted: "",
    in_its_worktree_done: "register-orphan",
    in_its_worktree_ended: "dispatch-completed-unreconciled",
}


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="where a process works is read in /proc")
@pytest.mark.parametrize("world", IN_ITS_WORKTREE, ids=lambda world: world.__name__)
def test_a_process_works_in_its_worktree(world: World, repo: Repo, at_work: Callable[..., int]) -> None:
    """The recorded process was the one that started the worker."""
    world(repo)
    at_work(repo.root / ".worktrees/x/tasks")
    why = reasons(repo)
    if IN_ITS_WORKTREE[world]:
        assert why[IN_ITS_WORKTREE[world]] == "a process is at work in worktree x"


def test_who_checks_from_within_a_worktree_is_not_at_work_there(repo: Repo) -> None:
    in_its_worktree_done(repo)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root / ".worktrees/x")
    assert ran.json["summary"]["fixed"] == 1, ran.out


def fresh_log(repo: Repo) -> None:
    land(repo)
    logged(repo)


def fresh_log_beside_a_dead_entry(repo: Repo) -> None:
    fresh_log(repo)
    register(repo, x=entry(**LANDED))


def fresh_log_of_a_done_task(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x=entry())
    logged(repo)


WRITING: dict[World, str] = {
    fresh_log: "merged-not-completed",
    fresh_log_beside_a_dead_entry: "merged-not-completed",
    fresh_log_of_a_done_task: "register-orphan",
}


@pytest.mark.parametrize("world", WRITING, ids=lambda world: world.__name__)
def test_a_log_that_was_written_just_now(world: World, repo: Repo) -> None:
    world(repo)
    assert reasons(repo)[WRITING[world]] == "its log was written 1m ago"


def put_back(repo: Repo, text: str, minutes: int = 6 * 60) -> None:
    """What somebody made of the task in root after the run had ended."""
    repo.minutes = minutes
    repo.commit(**{"tasks__x.md": text})


def status_was_set_since(repo: Repo) -> None:
    buried(repo, status_before="ready", status_after="ready")


def given_to_another(repo: Repo) -> None:
    buried(repo, owner="ana")
    put_back(repo, task("in_progress", branch="task/x", owner="ben"))


def given_another_branch(repo: Repo) -> None:
    buried(repo, branch="task/x")
    put_back(repo, task("in_progress", branch="task/x-2"))


def begun_again(repo: Repo) -> None:
    buried(repo)
    text = task("in_progress", branch="task/x", started_at="2026-03-24T14:00:00Z")
    (repo.root / "tasks/x.md").write_text(text)


def log_goes_on(repo: Repo) -> None:
    buried(repo)
    logged(repo, "run 1\ndispatch_exit_code=1\nrun 2\nworking ...\n", at="2026-03-24T20:00:00Z")


def log_has_another_end(repo: Repo) -> None:
    buried(repo)
    logged(repo, "run 2\ndispatch_exit_code=0\n", at="2026-03-24T20:00:00Z")


ELSEWHERE = {"branch": "task/x", "host": "elsewhere-1", "pid": 77}


def registered_in_milliseconds(repo: Repo) -> None:
    buried(repo)
    register(repo, x={**ELSEWHERE, "launched_at": 1774389000000})


def registered_under_another_key(repo: Repo) -> None:
    buried(repo)
    register(repo, x={**ELSEWHERE, "launchedAt": "2026-03-24T21:50:00Z"})


def registered_in_another_shape(repo: Repo) -> None:
    buried(repo)
    register(repo)
    (repo.root / REGISTER).write_text('{"x": {"host": "elsewhere-1", "launched_at": "2026-03-24T21:50:00Z"}}')


def dated_ahead(repo: Repo) -> None:
    buried(repo, started_at="2026-03-25T09:00:00Z", ended_at="2026-03-25T12:00:00Z")


LATER: dict[World, str] = {
    status_was_set_since: "root says in_progress, but the run left it as ready",
    given_to_another: "the task went to ben since the run",
    given_another_branch: "root names another branch since the run, task/x-2",
    begun_again: "root says started_at 2026-03-24T14:00:00Z, after the recorded end",
    log_goes_on: "its log was written after the recorded end",
    log_has_another_end: "its log was written after the recorded end",
    registered_in_milliseconds: "a ledger that may tell of a newer run can't be read",
    registered_under_another_key: "a register names another worker, and not since when",
    registered_in_another_shape: "a ledger that may tell of a newer run can't be read",
    dated_ahead: "its recorded end lies 14h ahead, so clocks differ",
}


@pytest.mark.parametrize("world", LATER, ids=lambda world: world.__name__)
def test_more_may_have_happened_than_the_recorded_end(world: World, repo: Repo) -> None:
    world(repo)
    assert reasons(repo)["dispatch-completed-unreconciled"] == LATER[world]


GOES_ON = {"state": "running", "ended_at": None, "exit_code": None, "host": "elsewhere-1", "pid": 5}
TIMES = {"started_at": "2026-03-24T21:00:00Z", "heartbeat_at": "2026-03-24T21:59:30Z"}


def registered_by_its_file(repo: Repo) -> None:
    register(repo, again={**ELSEWHERE, "launched_at": "2026-03-24T21:50:00Z", "task_path": "tasks/x.md"})


def tombstone_of_a_second_name(repo: Repo) -> None:
    buried(repo, "", name="x-2", **(GOES_ON | TIMES))


ATTEMPTS: dict[World, str] = {registered_by_its_file: "again", tombstone_of_a_second_name: "x-2"}


@pytest.mark.parametrize("again", ATTEMPTS, ids=lambda world: world.__name__)
def test_a_second_attempt_under_a_name_of_its_own(again: World, repo: Repo) -> None:
    buried(repo)
    again(repo)
    why = reasons(repo)["dispatch-completed-unreconciled"]
    assert why == f"a later run is recorded as {ATTEMPTS[again]}, which may be another attempt"


def test_of_two_tombstones_the_later_run_counts(repo: Repo) -> None:
    buried(repo)
    buried(repo, "", name="x-2", task="x", **(GOES_ON | TIMES))
    assert "dispatch-completed-unreconciled" not in reasons(repo)


def test_a_tombstone_that_says_it_is_of_another_task_than_its_name(repo: Repo) -> None:
    repo.commit(**{"tasks__y.md": task("in_progress")})
    buried(repo, task="y")
    assert reasons(repo)["dispatch-completed-unreconciled"] == "its tombstone has the name of x"


def test_what_is_simply_over_is_settled(repo: Repo) -> None:
    """The log ends with it, the register is of that run, and somebody has written to the task's file since."""
    buried(repo, branch="task/x", pid=GONE, status_before="ready", status_after="in_progress")
    logged(repo, "dispatch_exit_code=1\n", at="2026-03-24T12:30:00Z")
    register(repo, x=entry(branch="task/x"))
    put_back(repo, task("in_progress", branch="task/x", updated_at="2026-03-24T13:00:00Z"))
    reasons(repo, fixed=1)


def snapshot(repo: Repo, status: str) -> None:
    path = repo.root / ".tasks/task_manager/task-manager-ana.snapshot.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"status": status, "registered": True, "dispatch_state": "running"}
    path.write_text(json.dumps({"owner": "ana", "generated_at": "2026-03-24T21:58:00Z", "tasks": {"x": row}}))


def called_running(repo: Repo) -> None:
    buried(repo)
    snapshot(repo, "in_progress")


def landed_and_called_running(repo: Repo) -> None:
    land(repo)
    snapshot(repo, "in_progress")


def done_and_called_running(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x=entry())
    snapshot(repo, "completed")


RUNNING: dict[World, str] = {
    called_running: "dispatch-completed-unreconciled",
    landed_and_called_running: "merged-not-completed",
    done_and_called_running: "register-orphan",
}


@pytest.mark.parametrize("world", RUNNING, ids=lambda world: world.__name__)
def test_a_later_snapshot_calls_it_running(world: World, repo: Repo) -> None:
    world(repo)
    assert reasons(repo)[RUNNING[world]] == "the snapshot of ana of 2026-03-24 21:58Z calls it running"


def test_a_snapshot_of_before_the_end_says_nothing(repo: Repo) -> None:
    buried(repo, ended_at="2026-03-24T21:57:00Z")
    snapshot(repo, "in_progress")
    reasons(repo, fixed=1)


def test_a_register_calls_the_pull_request_of_a_landed_branch_open(repo: Repo) -> None:
    land(repo)
    register(repo, x=entry(**LANDED, pr_number=9, pr_state="open"))
    assert reasons(repo)["merged-not-completed"] == "a register calls its pull request open"


def test_an_outcome_with_a_pull_request_that_no_ledger_names(repo: Repo) -> None:
    buried(repo, "completed_with_pr", exit_code=137)
    why = reasons(repo)
    assert why["dispatch-completed-unreconciled"] == "no ledger names its pull request"
    assert "missing-terminal-state" in why


@pytest.mark.parametrize("named", [{"pr_number": 5}, {"pr_url": "https://github.com/o/r/pull/5", "pr_number": 5}])
def test_a_run_and_its_worktree_name_two_pull_requests(named: dict[str, object], repo: Repo) -> None:
    its_worktree(repo, pr_number=7)
    buried(repo, "completed_with_pr", exit_code=0, branch="task/x", **named)
    why = reasons(repo)["dispatch-completed-unreconciled"]
    assert "the ledgers of its run name several pull requests: #5, #7" in why


def test_a_register_that_came_with_a_clone(repo: Repo) -> None:
    """The worktree is missing, and the process too, on this machine; after some hours only the first counts."""
    (repo.root / ".gitignore").write_text("tasks/logs/\n")
    register(repo, x=entry(worktree_path=".worktrees/x", branch="task/x"), y=entry(launched_at="2026-03-24T20:00:00Z"))
    repo.commit(**{"tasks__x.md": task("in_review", branch="task/x"), "tasks__y.md": task("completed")})
    clone = repo.root.parent / "clone"
    repo.git("clone", "-q", ".", str(clone))
    repo.root = clone
    (clone / ".worktrees").mkdir()
    ran = taskcheck("--now", NOW, "--format", "json", cwd=clone)
    told = [finding for incident in ran.json["incidents"] for finding in incident["findings"]]
    why = {finding["message"]: finding["fix"]["why"] for finding in told if finding["rule"] == "register-orphan"}
    reason = "git tracks its register, so it may be another machine's"
    assert why == {
        "x is still registered by ana, but its worktree .worktrees/x is missing": reason,
        "y is still registered by ana, but it is completed": f"{reason}: wait until 2026-03-25 00:00Z",
    }
