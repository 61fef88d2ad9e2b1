"""A tombstone inside the task's own worktree is its word, whatever root has; with real git and real worktrees."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck

CONFIG = 'preset = "task-manager"\n[people]\nana = []\n'
LOGS = "tasks/logs"
Store = Callable[..., Path]


def ago(hours: float, minutes: float = 0) -> str:
    """A moment of the last days, as ledgers have it; the tests' hours run back from now."""
    return f"{datetime.now(UTC) - timedelta(hours=hours, minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def task(status: str, more: str = "", title: str = "Fix the login") -> str:
    return f"---\ntitle: {title}\nstatus: {status}\nowner: ana\n{more}---\nText of its own.\n"


def tombstone(**members: Any) -> str:
    usual = {"task": "fix", "state": "ended", "outcome": "blocked", "ended_at": ago(10)}
    return json.dumps({"schema": "taskcheck/tombstone/1", "owner": "ana", **usual, **members}) + "\n"


def bury(checkout: Path, name: str = "fix", **members: Any) -> Path:
    path = checkout / LOGS / f"dispatch-{name}.status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tombstone(**members))
    return path


def register(root: Path, *entries: dict[str, Any]) -> None:
    path = root / ".tasks/task_manager/task-manager-ana.register.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"owner": "ana", "updated_at": ago(11), "entries": list(entries)}))


def entry(launched: str, **members: Any) -> dict[str, Any]:
    return {"slug": "fix", "task_path": "tasks/fix.md", "launched_at": launched, "host": "elsewhere", **members}


def worktree(root: Path, name: str = "fix", branch: str = "") -> Path:
    git("worktree", "add", "-q", "-b", branch or f"task/{name}", f".worktrees/{name}", cwd=root)
    return root / ".worktrees" / name


def commit(folder: Path, message: str = "work") -> None:
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", message, cwd=folder)


@pytest.fixture
def root(store: Store) -> Path:
    """Root says that the task is in progress since yesterday."""
    root = store(
        {"taskcheck.toml": CONFIG, ".gitignore": ".tasks/\n.worktrees/\n", "tasks/fix.md": task("in_progress")}
    )
    git("commit", "-q", "--amend", "--no-edit", cwd=root, GIT_COMMITTER_DATE=ago(12))
    return root


def found(root: Path, *arguments: str) -> list[Any]:
    report = taskcheck("--format", "json", *arguments, cwd=root).json
    assert report["complete"], report["errors"]
    return [{**finding, "of": incident["task"]} for incident in report["incidents"] for finding in incident["findings"]]


def ends(root: Path, *arguments: str) -> list[Any]:
    """What is found of ended runs that root doesn't know of."""
    return [each for each in found(root, *arguments) if each["rule"] == "dispatch-completed-unreconciled"]


def test_the_end_that_is_recorded_in_the_own_worktree_is_how_the_run_ended(root: Path) -> None:
    bury(worktree(root))
    (finding,) = ends(root)
    assert (finding["severity"], finding["fix"]["safety"]) == ("error", "safe")
    assert "blocked" in finding["message"]
    assert "worktree:fix" in {each["checkout"] for each in finding["evidence"]}


def test_a_fix_takes_it_and_has_nothing_left_to_do(root: Path) -> None:
    bury(worktree(root))
    taskcheck("--fix", cwd=root)
    assert "status: blocked" in (root / "tasks/fix.md").read_text()
    assert found(root) == []


def test_a_ledger_that_names_the_worktree_makes_it_the_tasks_own(root: Path) -> None:
    bury(worktree(root, "agent-1", "wip/agent"))
    register(root, entry(ago(11), worktree_path=".worktrees/agent-1", pid=None))
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "safe"


def test_where_nothing_names_the_worktree_its_word_is_no_safe_fix(root: Path) -> None:
    own = worktree(root, "agent-1", "wip/agent")
    (own / "tasks/fix.md").write_text(task("blocked"))
    commit(own)
    bury(own)
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "unsafe"


def test_a_worktree_does_not_make_itself_a_tasks_own(root: Path) -> None:
    """It changed the task's file, and that it is the task's own only it itself says."""
    own = worktree(root, "agent-1", "wip/agent")
    (own / "tasks/fix.md").write_text(task("in_review"))
    commit(own)
    bury(own, outcome="completed_with_pr", pr_number=7, worktree_path=".worktrees/agent-1", branch="wip/agent")
    fixes = [each["fix"]["safety"] for each in found(root) if each["fix"]]
    assert set(fixes) == {"unsafe"}


def test_another_worktree_has_no_say(root: Path) -> None:
    worktree(root)
    bury(worktree(root, "other"))
    assert ends(root) == []


def test_what_the_base_has_is_not_the_worktrees_word(root: Path) -> None:
    bury(root, state="ended", outcome="failed", ended_at=ago(34))
    commit(root)
    own = worktree(root)
    (root / LOGS / "dispatch-fix.status.json").unlink()
    commit(root)
    assert ends(root) == []
    bury(own, outcome="blocked")
    assert len(ends(root)) == 1


def test_one_that_is_older_than_the_newest_run_is_of_another_run(root: Path) -> None:
    own = worktree(root)
    register(root, entry(ago(8), worktree_path=".worktrees/fix"))
    bury(own)
    assert ends(root) == []
    bury(own, ended_at=ago(7))
    assert len(ends(root)) == 1


def test_a_run_that_root_began_again_isnt_ended_by_the_last_ones_tombstone(root: Path) -> None:
    bury(worktree(root))
    bury(root, state="running", outcome=None, started_at=ago(10, minutes=-2), ended_at=None)
    assert ends(root) == []


def test_the_end_in_the_worktree_is_that_of_the_run_that_root_calls_running(root: Path) -> None:
    bury(worktree(root))
    bury(root, state="running", outcome=None, started_at=ago(11), ended_at=None)
    assert len(ends(root)) == 1


def test_what_root_recorded_afterwards_counts(root: Path) -> None:
    bury(worktree(root), outcome="failed")
    bury(root, outcome="blocked", ended_at=ago(9))
    (root / "tasks/fix.md").write_text(task("blocked"))
    assert ends(root) == []


def test_what_the_worktree_recorded_of_a_later_run_counts(root: Path) -> None:
    bury(worktree(root), ended_at=ago(7))
    bury(root, outcome="failed", ended_at=ago(10))
    (finding,) = ends(root)
    assert "blocked" in finding["message"]


def make_ready(root: Path, path: str = "tasks/fix.md", text: str = "") -> None:
    """The manager makes the task ready again, two hours after its run."""
    (root / path).write_text(text or task("ready"))
    git("commit", "-q", "-a", "-m", "again", cwd=root, GIT_COMMITTER_DATE=ago(8))


def test_a_commit_in_root_since_settles_it(root: Path) -> None:
    bury(worktree(root))
    make_ready(root)
    assert ends(root) == []


@pytest.mark.parametrize("named", ["fix", "repair"])
def test_a_commit_in_root_since_settles_it_though_the_worktree_renamed_it(root: Path, named: str) -> None:
    own = worktree(root)
    git("mv", "tasks/fix.md", "tasks/repair.md", cwd=own)
    commit(own, "rename")
    bury(own, named, task=named)
    assert len(ends(root)) == 1
    make_ready(root)
    assert ends(root) == []


@pytest.mark.parametrize("named", ["login-1", "login/1"])
def test_a_commit_in_root_since_settles_it_whatever_its_file_is_called(store: Store, named: str) -> None:
    path, text = ".claude/epics/login/1.md", "---\nname: The one\nstatus: {}\n---\nWhat there is to do.\n"
    root = store({path: text.format("in-progress"), ".gitignore": ".worktrees/\n"})
    own = worktree(root, "login-1", "wip")
    (own / path).write_text(f"{text.format('in-progress')}More.\n")
    commit(own)
    (own / ".tasks/runs").mkdir(parents=True)
    (own / ".tasks/runs/login-1.status.json").write_text(tombstone(task=named))
    assert len(ends(root)) == 1
    make_ready(root, path, text.format("open"))
    assert ends(root) == []


def test_a_later_word_of_another_worktree_hides_no_commit_in_root(root: Path) -> None:
    bury(worktree(root))
    other = worktree(root, "other")
    (other / "tasks/fix.md").write_text(task("in_review"))
    commit(other)
    bury(other, outcome="failed", ended_at=ago(2))
    assert len(ends(root)) == 1
    make_ready(root)
    assert ends(root) == []


def test_its_pull_request_is_known(root: Path) -> None:
    (root / "tasks/fix.md").write_text(task("completed"))
    commit(root)
    own = worktree(root)
    bury(own, outcome="completed_with_pr")
    assert "done-not-landed" in {each["rule"] for each in found(root)}
    bury(own, outcome="completed_with_pr", pr_number=7)
    assert found(root) == []


def test_a_worker_that_tells_of_its_life_there_lives(root: Path) -> None:
    own = worktree(root)
    alive = {"state": "running", "outcome": None, "ended_at": None, "host": "elsewhere"}
    bury(own, **alive, heartbeat_at=ago(10))
    assert "worker-gone" in {each["rule"] for each in found(root)}
    bury(own, **alive, heartbeat_at=ago(1))
    assert found(root) == []


@pytest.mark.parametrize("named", ["fix", "repair"])
def test_it_follows_a_rename_in_the_worktree(root: Path, named: str) -> None:
    own = worktree(root)
    git("mv", "tasks/fix.md", "tasks/repair.md", cwd=own)
    commit(own, "rename")
    bury(own, named, task=named)
    (finding,) = ends(root)
    assert finding["of"] == "fix"


def test_it_follows_a_rename_in_root(root: Path) -> None:
    (root / "tasks/fix.md").write_text(task("in_progress", "branch: task/fix\n"))
    commit(root)
    bury(worktree(root))
    git("mv", "tasks/fix.md", "tasks/repair.md", cwd=root)
    commit(root, "rename")
    (finding,) = ends(root)
    assert finding["of"] == "repair"


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    own = worktree(root)
    elsewhere = bury(tmp_path / "elsewhere")
    (own / "tasks").mkdir(exist_ok=True)
    (own / LOGS).symlink_to(elsewhere.parent)
    assert ends(root) == []
    (own / LOGS).unlink()
    (own / LOGS).mkdir()
    (own / LOGS / elsewhere.name).symlink_to(elsewhere)
    assert found(root) == []


def test_one_that_cannot_be_read_is_told_and_nothing_is_guessed(root: Path) -> None:
    bury(worktree(root)).write_text("{")
    (finding,) = [each for each in found(root) if each["rule"] == "unreadable-state"]
    assert finding["of"] == "fix"
    assert finding["checkout"] == "worktree:fix"


def test_a_pipe_does_not_keep_a_check_waiting(root: Path) -> None:
    own = worktree(root)
    (own / LOGS).mkdir()
    os.mkfifo(own / LOGS / "dispatch-fix.status.json")
    assert "unreadable-state" in {each["rule"] for each in found(root)}


def test_in_the_store_of_another_preset(store: Store) -> None:
    card = "---\nid: TASK-5\ntitle: Fix\nstatus: {}\nassignee: []\ncreated_date: '2026-01-01'\ndependencies: []\n---\n"
    root = store(
        {
            "backlog/config.yml": 'statuses: ["To Do", "In Progress", "Done"]\n',
            "backlog/tasks/task-5 - Fix.md": card.format("In Progress"),
            ".gitignore": ".worktrees/\n",
        }
    )
    own = worktree(root, "TASK-5", "tasks/TASK-5")
    (own / ".tasks/runs").mkdir(parents=True)
    (own / ".tasks/runs/TASK-5.status.json").write_text(tombstone(task="TASK-5", outcome="failed"))
    (finding,) = ends(root)
    assert finding["of"] == "TASK-5"


def test_in_a_store_whose_tasks_are_in_one_file(store: Store) -> None:
    def listed(status: str) -> str:
        task = {"id": 5, "title": "Fix", "description": "it", "status": status, "dependencies": [], "priority": "high"}
        return json.dumps({"master": {"tasks": [task, {**task, "id": 6, "title": "Other", "status": "pending"}]}})

    path = ".taskmaster/tasks/tasks.json"
    root = store({path: listed("in-progress"), ".gitignore": ".worktrees/\n", ".taskmaster/config.json": "{}\n"})
    report = taskcheck("--format", "json", cwd=root).json
    assert report["summary"]["tasks"] == 2
    own = worktree(root, "wip", "wip/five")
    (own / path).write_text(listed("blocked"))
    (own / ".tasks/runs").mkdir(parents=True)
    for name in ("5", "master/5"):
        told = tombstone(task=name, outcome="failed")
        (own / f".tasks/runs/{name.replace('/', '-')}.status.json").write_text(told)
    assert len(ends(root)) == 1


@pytest.mark.parametrize("where", ["root", "worktree"])
@pytest.mark.parametrize("is_committed", [True, False])
def test_the_end_of_a_run_is_not_that_of_the_task_that_got_its_id(store: Store, where: str, is_committed: bool) -> None:
    """Backlog.md gives the ids of archived tasks again."""
    keys = "status: In Progress\nassignee: []\ncreated_date: '2026-01-01'\ndependencies: []\n"
    card = f"---\nid: TASK-5\ntitle: {{}}\n{keys}---\n"
    first = "backlog/tasks/task-5 - Fix.md"
    statuses = 'statuses: ["To Do", "In Progress", "Done"]\n'
    root = store({"backlog/config.yml": statuses, first: card.format("Fix"), ".gitignore": ".worktrees/\n.tasks/\n"})
    git("commit", "-q", "--amend", "--no-edit", cwd=root, GIT_COMMITTER_DATE=ago(12))
    runs = (root if where == "root" else worktree(root, "TASK-5", "tasks/TASK-5")) / ".tasks/runs"
    runs.mkdir(parents=True)
    (runs / "TASK-5.status.json").write_text(tombstone(task="TASK-5", outcome="failed"))
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "safe"
    (root / "backlog/archive/tasks").mkdir(parents=True)
    git("mv", first, "backlog/archive/tasks/", cwd=root)
    (root / "backlog/tasks/task-5 - Other.md").write_text(card.format("Other"))
    if is_committed:
        commit(root)
    assert [each["fix"]["safety"] for each in ends(root)] in ([], ["unsafe"])


def removed(own: Path) -> None:
    """A worker commits all of its worktree, which is removed then; its branch is there."""
    commit(own)
    git("worktree", "remove", "--force", str(own), cwd=own.parents[1])


def test_the_end_that_is_committed_on_the_own_branch_is_how_the_run_ended(root: Path) -> None:
    own = worktree(root)
    bury(own)
    removed(own)
    (finding,) = ends(root)
    assert (finding["severity"], finding["fix"]["safety"]) == ("error", "safe")
    assert "blocked" in finding["message"]
    assert "branch:task/fix" in {each["checkout"] for each in finding["evidence"]}
    taskcheck("--fix", cwd=root)
    assert "status: blocked" in (root / "tasks/fix.md").read_text()
    assert found(root) == []


def test_a_ledger_that_names_the_branch_makes_it_the_tasks_own(root: Path) -> None:
    own = worktree(root, "agent-1", "wip/agent")
    bury(own)
    removed(own)
    assert ends(root) == []
    register(root, entry(ago(11), branch="wip/agent", pid=None))
    assert len(ends(root)) == 1


def test_another_branch_has_no_say(root: Path) -> None:
    removed_own, other = worktree(root), worktree(root, "other")
    (removed_own / "work.txt").write_text("work\n")
    removed(removed_own)
    bury(other)
    removed(other)
    assert ends(root) == []


def test_what_the_base_has_is_not_the_branchs_word(root: Path) -> None:
    path = bury(root, outcome="failed", ended_at=ago(34))
    commit(root)
    own = worktree(root)
    (own / "work.txt").write_text("work\n")
    removed(own)
    path.unlink()
    commit(root)
    assert ends(root) == []


def test_an_end_on_the_branch_that_is_older_than_the_newest_run_is_of_another_run(root: Path) -> None:
    own = worktree(root)
    bury(own)
    removed(own)
    register(root, entry(ago(8)))
    assert ends(root) == []


@pytest.mark.parametrize("days", [0, 200])
def test_a_commit_in_root_since_settles_what_a_branch_records(root: Path, days: int) -> None:
    """However long ago that was."""
    own = worktree(root)
    ended = ago(24 * days + 10)
    git("commit", "-q", "--amend", "--no-edit", cwd=own, GIT_COMMITTER_DATE=ago(24 * days + 12))
    git("reset", "-q", "--hard", "task/fix", cwd=root)
    bury(own, ended_at=ended)
    removed(own)
    assert len(ends(root)) == 1
    (root / "tasks/fix.md").write_text(task("ready"))
    git("commit", "-q", "-a", "-m", "again", cwd=root, GIT_COMMITTER_DATE=ago(24 * days + 8))
    (root / "later.txt").write_text("later\n")
    commit(root, "later")
    assert ends(root) == []


def test_its_pull_request_is_known_by_the_branch(root: Path) -> None:
    (root / "tasks/fix.md").write_text(task("in_review"))
    commit(root)
    own = worktree(root)
    bury(own, outcome="completed_with_pr", pr_number=7)
    removed(own)
    assert found(root) == []


def test_one_in_git_that_is_too_large_says_nothing(root: Path) -> None:
    own = worktree(root)
    bury(own).write_text(tombstone(reason="x" * 20_000_000))
    removed(own)
    assert found(root) == []


def test_a_folder_where_one_would_be_is_none(root: Path) -> None:
    own = worktree(root)
    folder = own / LOGS / "dispatch-fix.status.json"
    folder.mkdir(parents=True)
    (folder / "more").write_text("{}")
    removed(own)
    assert found(root) == []


@pytest.mark.parametrize("hours", [11, 24 * 90])
@pytest.mark.parametrize("is_last", [True, False])
def test_a_commit_of_a_clock_that_is_behind_hides_none_below_it(root: Path, hours: int, is_last: bool) -> None:
    """Some rebases keep the dates that commits had, however old these are."""
    bury(root)
    make_ready(root)
    (root / "later.txt").write_text("later\n")
    git("add", "later.txt", cwd=root)
    git("commit", "-q", "-m", "by another machine", cwd=root, GIT_COMMITTER_DATE=ago(hours))
    if not is_last:
        git("commit", "-q", "--allow-empty", "-m", "by this one", cwd=root)
    assert ends(root) == []


def test_a_branch_that_git_cannot_read_costs_the_others_nothing(root: Path) -> None:
    (root / "tasks/other.md").write_text(task("in_progress"))
    commit(root)
    own, damaged = worktree(root), worktree(root, "other")
    for checkout in (own, damaged):
        bury(checkout, checkout.name)
        removed(checkout)
    tree = git("rev-parse", "task/other:tasks/logs", cwd=root).strip()
    (root / f".git/objects/{tree[:2]}/{tree[2:]}").unlink()
    assert [each["of"] for each in ends(root)] == ["fix"]
    assert "1 branches of open tasks (first: task/other)" in taskcheck(cwd=root).out


def test_a_tombstone_on_a_branch_whose_content_is_missing_is_told(root: Path) -> None:
    own = worktree(root)
    bury(own)
    removed(own)
    blob = git("rev-parse", f"task/fix:{LOGS}/dispatch-fix.status.json", cwd=root).strip()
    (root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    ran = taskcheck(cwd=root)
    assert "not looked at: 1 branches of open tasks (first: task/fix)" in ran.out
    assert "all agree" not in ran.out


def test_the_next_step_for_a_tombstone_on_a_branch_names_the_branch(root: Path) -> None:
    own = worktree(root)
    bury(own).write_text('{"task": "fix", "state": ')
    removed(own)
    assert f"edit {LOGS}/dispatch-fix.status.json:1 on branch task/fix so that" in taskcheck(cwd=root).out


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_status_that_the_recorded_end_does_not_allow_is_not_taken_on_the_way(root: Path, is_removed: bool) -> None:
    """The end would be set in the next round, and the branch would not merge with that."""
    own = worktree(root)
    (own / "tasks/fix.md").write_text(task("in_review"))
    commit(own)
    bury(own)
    if is_removed:
        removed(own)
    assert [each["fix"]["safety"] for each in found(root) if each["fix"]] == ["unsafe"]
    taskcheck("--fix", cwd=root)
    taskcheck("--fix", cwd=root)
    assert git("status", "--porcelain", "tasks", cwd=root) == ""
    git("merge", "-q", "task/fix", cwd=root)


@pytest.mark.parametrize("is_removed", [True, False])
def test_an_end_is_no_safe_fix_where_the_branch_has_changed_the_file_as_root_has_it(
    root: Path, is_removed: bool
) -> None:
    """Root followed the first run; its branch says so too, and would not merge with how the second one ended."""
    own = worktree(root)
    (own / "tasks/fix.md").write_text(task("in_review"))
    commit(own)
    (root / "tasks/fix.md").write_text(task("in_review"))
    git("commit", "-q", "-a", "-m", "follow", cwd=root, GIT_COMMITTER_DATE=ago(11))
    if is_removed:
        git("worktree", "remove", str(own), cwd=root)
    bury(root)
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "unsafe"
    where = "branch task/fix" if is_removed else "worktree fix"
    assert f"a merge of {where} would conflict" in finding["fix"]["why"]
    git("merge", "-q", "-m", "merge", "task/fix", cwd=root)
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "safe"


@pytest.mark.parametrize("status", ["ready", "todo"])
def test_what_nobody_has_committed_yet_may_have_been_set_since(root: Path, status: str) -> None:
    """A person set the task back after the run, and hasn't committed that."""
    worktree(root)
    bury(root, worktree_path=".worktrees/fix", branch="task/fix")
    (root / "tasks/fix.md").write_text(task(status))
    (finding,) = ends(root)
    assert (finding["fix"]["safety"], f"{status} in root isn't committed" in finding["fix"]["why"]) == ("unsafe", True)
    taskcheck("--fix", cwd=root)
    assert f"status: {status}" in (root / "tasks/fix.md").read_text()


def test_that_work_has_begun_is_committed_by_nobody_and_no_doubt(root: Path) -> None:
    (root / "tasks/fix.md").write_text(task("ready"))
    git("commit", "-q", "-a", "--amend", "--no-edit", cwd=root, GIT_COMMITTER_DATE=ago(12))
    worktree(root)
    (root / "tasks/fix.md").write_text(task("in_progress"))
    bury(root, worktree_path=".worktrees/fix", branch="task/fix")
    (finding,) = ends(root)
    assert finding["fix"]["safety"] == "safe"


@pytest.mark.parametrize("place", ["root", "worktree", "branch"])
def test_an_end_without_a_time_may_be_older_than_what_root_says(root: Path, place: str) -> None:
    """A person set the task to ready since, in a commit; and nobody can tell that it was since."""
    own = worktree(root)
    (own / "work.txt").write_text("work\n")
    bury(root if place == "root" else own, ended_at=None)
    if place == "branch":
        removed(own)
    (root / "tasks/fix.md").write_text(task("ready"))
    git("commit", "-q", "-m", "again", "tasks/fix.md", cwd=root)
    (finding,) = ends(root)
    assert (finding["fix"]["safety"], "no ledger records when" in finding["fix"]["why"]) == ("unsafe", True)
    taskcheck("--fix", cwd=root)
    assert "status: ready" in (root / "tasks/fix.md").read_text()
