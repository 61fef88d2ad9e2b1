"""Worlds beside those that the rules were made for: the same faults in other shapes, and what only looks like them."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import GIT, Repo
from tests.e2e.test_no_guess import NOW, REGISTER, begun, entry, land, register, repo, task

__all__ = ["begun", "repo"]


def told(repo: Repo, *arguments: str) -> dict[str, Any]:
    """The findings of a check, the last one by each rule."""
    report = taskcheck("--now", NOW, "--format", "json", *arguments, cwd=repo.root).json
    return {finding["rule"]: finding for incident in report["incidents"] for finding in incident["findings"]}


LOST = "1234567890123456789012345678901234567890"


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("heads/old", []),  # nobody's, so nobody misses it
        ("heads/task/x", ["broken-worktree"]),
        ("remotes/origin/main", ["trunk"]),
    ],
)
def test_a_ref_without_its_commit_leaves_the_rest_looked_at(repo: Repo, ref: str, said: list[str]) -> None:
    repo.commit(**{"tasks__y.md": task("ready", depends_on="[nobody]")})
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    path = repo.root / ".git/refs" / ref
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{LOST}\n")
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    assert (report["exit_code"], report["errors"]) == (1, [])
    headlines = [incident["headline"] for incident in report["incidents"]]
    assert "unknown-dependency" in headlines
    unseen = [each["kind"] for each in report["unseen"] if each["kind"] == "trunk"]
    assert [*filter("unknown-dependency".__ne__, headlines), *unseen] == said


def test_an_entry_of_a_task_that_root_has_deleted_is_told(repo: Repo) -> None:
    """The worktree that was made for it has its file to this day."""
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))
    repo.git("rm", "-q", "tasks/x.md")
    repo.commit("drop it", **{"tasks__y.md": task("ready", title="Y")})
    found = told(repo)["register-orphan"]
    assert (found["severity"], found["message"]) == ("error", "x is still registered by ana, but it has no task file")
    assert (found["fix"]["safety"], found["fix"]["why"]) == ("unsafe", "worktree x still has its file")


def test_an_entry_of_a_task_that_a_worktree_has_added_is_left(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/new", ".worktrees/new")
    Repo(repo.root / ".worktrees/new", repo.minutes).commit(**{"tasks__new.md": task("in_review")})
    register(repo, new=entry(branch="task/new", worktree_path=".worktrees/new"))
    assert told(repo) == {}


def test_an_entry_whose_run_has_just_ended_is_left_to_its_manager(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("blocked")})
    end = {"state": "ended", "outcome": "blocked", "exit_code": 0, "ended_at": "2026-03-24T21:55:00Z"}
    tombstone = {"schema": "taskcheck/tombstone/1", "task": "x", "owner": "ana", "started_at": "2026-03-24T09:00:00Z"}
    path = repo.root / "tasks/logs/dispatch-x.status.json"
    path.parent.mkdir()
    path.write_text(json.dumps(tombstone | end))
    register(repo, x=entry())
    assert told(repo) == {}
    assert told(repo, "--now", "2026-03-24T22:30:00Z")["register-orphan"]["severity"] == "warning"


def test_a_worker_that_outlives_its_task_is_told_from_the_commit_that_closed_it(repo: Repo) -> None:
    register(repo, x={"pid": os.getpid(), "host": os.uname().nodename})
    repo.commit(**{"tasks__x.md": task("cancelled")})
    found = told(repo)
    assert found["worker-outlives-task"]["message"].startswith("worker of x is still alive 13h 55m after")
    assert "register-orphan" not in found
    (repo.root / "tasks/x.md").write_text(task("completed"))  # nobody knows since when
    assert "worker-outlives-task" not in told(repo)


def test_what_trunk_says_is_not_the_word_of_a_worktree_that_began_there(repo: Repo) -> None:
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.branch("forge")
    repo.commit(**{"tasks__x.md": task("completed", branch="task/x")})
    repo.on_main()
    repo.git("update-ref", "refs/remotes/origin/main", "forge")
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x", "forge")
    repo.git("branch", "-q", "-D", "forge")
    found = told(repo)
    assert {name: finding["severity"] for name, finding in found.items()} == {"root-behind": "warning"}


@pytest.mark.parametrize(("title", "rule"), [("Another", "id-collision"), ("X", "metadata-drift")])
def test_a_file_that_was_taken_away_and_made_again_is_another_task_by_its_title(
    repo: Repo, title: str, rule: str
) -> None:
    repo.commit(**{"tasks__x.md": task("ready", branch="task/x")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.git("rm", "-q", "tasks/x.md")
    repo.commit("drop it")
    repo.commit(**{"tasks__x.md": task("ready", branch="task/x", title=title)})
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(**{"tasks__x.md": task("in_review", branch="task/x")})
    found = told(repo)
    assert list(found) == [rule]
    assert (found[rule]["fix"] is None) == (rule == "id-collision")


@pytest.mark.parametrize("by", ["root", "its worktree", "its worktree, a long file"])
def test_a_fix_after_a_renaming_leaves_what_git_merges(repo: Repo, by: str) -> None:
    body = "Some lines that stay\nas they are.\n" * 5 if "long" in by else ""
    repo.commit(**{"tasks__x.md": task("ready", branch="task/x") + body})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    renamer = repo if by == "root" else Repo(repo.root / ".worktrees/x", repo.minutes)
    renamer.git("mv", "tasks/x.md", "tasks/better.md")
    renamer.commit("rename")
    path = "tasks/x.md" if by == "root" else "tasks/better.md"
    front = task("in_review", branch="task/x", pr_url="https://github.com/o/r/pull/5", pr_number=5)
    Repo(repo.root / ".worktrees/x", repo.minutes + 5).commit(**{path: front + body})
    found = told(repo)["metadata-drift"]
    assert found["fix"]["safety"] == ("safe" if body else "unsafe"), found
    if not body:
        assert found["fix"]["why"].endswith("git wouldn't see that the file was renamed")
    taskcheck("--now", NOW, "--fix", "--unsafe-fixes", cwd=repo.root)
    repo.commit("fix")
    merged = subprocess.run(
        [*GIT, "merge", "-q", "--no-edit", "task/x"], cwd=repo.root, capture_output=True, check=False
    )
    assert (merged.returncode == 0) == bool(body), merged


@pytest.mark.parametrize("ids", ["in the file's name", "in the file"])
def test_a_file_that_both_sides_have_renamed_is_one_task(repo: Repo, ids: str) -> None:
    key = {"id": "x"} if ids == "in the file" else {}
    front = {"branch": "task/x", "title": "One of a kind", **key}
    config = (repo.root / "taskcheck.toml").read_text()
    repo.commit(
        **{"tasks__x.md": task("ready", **front), "taskcheck.toml": config + ('[fields]\nid = "id"\n' if key else "")}
    )
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.git("mv", "tasks/x.md", "tasks/a.md")
    repo.commit("rename")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.git("mv", "tasks/x.md", "tasks/b.md")
    worktree.commit("rename")
    worktree.commit(**{"tasks__b.md": task("in_review", **front)})
    found = told(repo)
    assert list(found) == ["metadata-drift"]
    name = "x" if key else "a"
    assert found["metadata-drift"]["message"].startswith(f"{name} is ready in root, but in_review in ")


def test_registers_of_two_live_workers_are_not_merged(repo: Repo) -> None:
    (repo.root / "taskcheck.toml").write_text('[people]\nana = ["anna"]\n')
    live = subprocess.Popen(["sleep", "60"])
    try:
        register(repo, x={"pid": os.getpid(), "host": os.uname().nodename})
        register(repo, at=REGISTER.replace("-ana.", "-anna."), x={"pid": live.pid, "host": os.uname().nodename})
        report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    finally:
        live.kill()
        live.wait()
    (incident,) = [each for each in report["incidents"] if each["headline"] == "split-manager"]
    assert incident["findings"][0]["fix"] is None
    assert incident["next"]["text"] == "wait for one of the workers of x to end: two live processes have it"


def test_what_a_worktree_is_to_be_switched_to_is_named(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.commit(**{"tasks__y.md": task("ready", title="Y")})
    Repo(repo.root / ".worktrees/x").git("checkout", "-q", "-b", "task/y")
    os.utime(repo.root / ".git/worktrees/x/HEAD", (1774340000, 1774340000))
    late = entry(launched_at="2026-03-24T21:00:00Z", host="elsewhere-1")
    register(repo, x={**late, "branch": "task/x", "worktree_path": ".worktrees/x"})
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    commands = [each["next"]["command"] for each in report["incidents"]]
    assert commands == [["git", "-C", ".worktrees/x", "switch", "task/x"]]


def test_a_worker_that_began_after_the_merge_may_go_on(repo: Repo) -> None:
    land(repo)
    alive = {"state": "running", "started_at": "2026-03-24T21:00:00Z", "heartbeat_at": "2026-03-24T21:59:00Z"}
    path = repo.root / "tasks/logs/dispatch-x.status.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"task": "x", "branch": "task/x", "host": "elsewhere-1", "pid": 42, **alive}))
    found = told(repo)["merged-not-completed"]
    assert (found["severity"], found["fix"]) == ("info", None)
    assert found["message"].endswith("its branch task/x is merged, but a worker began later, and is alive")


@pytest.mark.parametrize(
    ("name", "content"), [("commondir", None), ("commondir", "/nowhere\n"), ("HEAD", ""), ("HEAD", "garbage\n")]
)
def test_a_spoilt_record_of_a_worktree_is_told(repo: Repo, name: str, content: str | None) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(**{"tasks__x.md": task("completed", branch="task/x")})
    register(repo, x=entry(worktree_path=".worktrees/x", host="elsewhere-1"))
    path = repo.root / ".git/worktrees/x" / name
    path.unlink()
    if content is not None:
        path.write_text(content)
    found = told(repo)["broken-worktree"]
    assert (found["severity"], name in found["message"]) == ("warning", True)
    assert "git worktree repair" not in found["expected"]
