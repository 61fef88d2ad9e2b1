"""Tasks and folders that root renamed: their ledgers, their history and their merges go along; with real git."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo

NOW = "2026-03-24T23:00:00Z"
CONFIG = 'preset = "task-manager"\n[people]\nana = []\n'


def front(status: str, **more: object) -> str:
    values = {"title": "The one", "owner": "ana", "status": status, **more}
    lines = "".join(f"{key}: {value}\n" for key, value in values.items())
    return f"---\n{lines}---\nWhat there is to do, in some words.\n"


def bury(root: Path, task: str, **fields: object) -> None:
    path = root / f"tasks/logs/dispatch-{task}.status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"schema": "taskcheck/tombstone/1", "task": task, "owner": "ana", **fields}
    path.write_text(json.dumps(told))


def ended(root: Path, task: str = "x", outcome: str = "blocked", **fields: object) -> None:
    bury(root, task, state="ended", outcome=outcome, ended_at="2026-03-24T08:10:30Z", **fields)


def found(repo: Repo, *options: str) -> dict[tuple[str | None, str], dict[str, Any]]:
    ran = taskcheck("--format", "json", "--now", NOW, *options, cwd=repo.root)
    assert ran.json["complete"], ran.json["errors"]
    incidents = ran.json["incidents"]
    return {(incident["task"], each["rule"]): each for incident in incidents for each in incident["findings"]}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    (repo.root / ".gitignore").write_text(".worktrees/\n.tasks/\ntasks/logs/\n")
    repo.commit(**{"taskcheck.toml": CONFIG, "tasks__x.md": front("in_progress")})
    repo.minutes = 15
    return repo


def rename(repo: Repo, old: str, new: str, **files: str) -> None:
    (repo.root / new).parent.mkdir(parents=True, exist_ok=True)
    repo.git("mv", old, new)
    repo.commit(f"Rename {old}", **files)


# Tasks


def test_ledgers_follow_a_chain_of_renames(repo: Repo) -> None:
    ended(repo.root)
    rename(repo, "tasks/x.md", "tasks/y.md")
    repo.commit(other="1\n")
    rename(repo, "tasks/y.md", "tasks/z.md", **{"tasks__z.md": front("in_progress", note="and more")})
    assert ("z", "dispatch-completed-unreconciled") in found(repo)


@pytest.mark.parametrize(("now", "follows"), [("2026-04-23T08:10:29Z", True), ("2026-04-23T08:10:30Z", False)])
def test_ledgers_follow_for_thirty_days(repo: Repo, now: str, follows: bool) -> None:
    ended(repo.root)
    rename(repo, "tasks/x.md", "tasks/y.md")
    assert (("y", "dispatch-completed-unreconciled") in found(repo, "--now", now)) == follows


def test_ledgers_follow_a_chain_that_ends_where_another_task_is(repo: Repo) -> None:
    ended(repo.root)
    rename(repo, "tasks/x.md", "tasks/y.md")
    rename(repo, "tasks/y.md", "tasks/z.md")
    repo.commit(**{"tasks__y.md": front("ready", title="Quite another one")})
    assert {task for task, rule in found(repo) if rule == "dispatch-completed-unreconciled"} == {"z"}


def test_what_was_done_under_the_old_name_settles_a_run(repo: Repo) -> None:
    """The manager made it ready again, then gave it another name: no fix takes that back."""
    ended(repo.root)
    repo.commit(**{"tasks__x.md": front("ready")})
    rename(repo, "tasks/x.md", "tasks/y.md")
    assert ("y", "dispatch-completed-unreconciled") not in found(repo)


def test_a_rename_that_changes_the_status_settles_a_run(repo: Repo) -> None:
    ended(repo.root)
    rename(repo, "tasks/x.md", "tasks/y.md", **{"tasks__y.md": front("ready")})
    assert ("y", "dispatch-completed-unreconciled") not in found(repo)


def test_a_renamed_folder_of_tasks_settles_nothing(repo: Repo) -> None:
    ended(repo.root)
    rename(repo, "tasks/x.md", "tasks/later/x.md")
    assert ("x", "dispatch-completed-unreconciled") in found(repo)


def test_what_was_done_before_the_folder_was_renamed_settles_a_run(repo: Repo) -> None:
    ended(repo.root)
    repo.commit(**{"tasks__x.md": front("ready")})
    rename(repo, "tasks/x.md", "tasks/later/x.md")
    assert ("x", "dispatch-completed-unreconciled") not in found(repo)


@pytest.mark.parametrize("new", ["tasks/y.md", "tasks/later/x.md"])
def test_a_rename_is_no_sign_of_movement(repo: Repo, new: str) -> None:
    """In progress since eight, renamed at ten."""
    bury(repo.root, "other", state="running")
    repo.minutes = 120
    rename(repo, "tasks/x.md", new)
    name = new.rpartition("/")[2].removesuffix(".md")
    stale = found(repo)[name, "stale-in-progress"]
    assert "hasn't moved for 14h" in str(stale["message"])


def test_a_scoped_task_follows_its_folder(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    (repo.root / ".gitignore").write_text(".tasks/\n")
    text = "---\nname: The one\nstatus: open\n---\nWhat there is to do.\n"
    other = "---\nname: The other one\nstatus: open\n---\nWhat else there is to do.\n"
    repo.commit(**{".claude__epics__login__1.md": text, ".claude__epics__login__2.md": other})
    repo.minutes = 15
    runs = repo.root / ".tasks/runs"
    runs.mkdir(parents=True)
    told = {"task": "login/1", "state": "ended", "outcome": "blocked", "ended_at": "2026-03-24T08:10:30Z"}
    (runs / "login-1.status.json").write_text(json.dumps(told))
    assert ("login/1", "dispatch-completed-unreconciled") in found(repo)
    rename(repo, ".claude/epics/login", ".claude/epics/sign-in")
    assert ("sign-in/1", "dispatch-completed-unreconciled") in found(repo)


# Merges

OLD = "".join(f"line {number}\n" for number in range(30))


def take_back(repo: Repo, message: str) -> None:
    """Set the files that the branch changed back, where they lie by now."""
    repo.git("rm", "-q", "lib/new.py")
    repo.commit(message, **{"lib__old.py": OLD})


def merged(repo: Repo, how: str = "merge") -> None:
    """The task's branch, with a new file and a changed one, has landed."""
    repo.commit(**{"src__old.py": OLD, "tasks__x.md": front("in_progress", branch="task/x")})
    repo.branch("task/x")
    repo.commit("work", **{"src__new.py": "print('new')\n" * 20, "src__old.py": OLD + "the last one\n"})
    repo.commit("end", **{"tasks__x.md": front("in_review", branch="task/x", pr_number=7)})
    repo.on_main()
    repo.commit(beside="1\n")
    if how == "merge":
        repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    else:
        repo.git("merge", "-q", "--squash", "task/x")
        repo.commit("The one (#7)")


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_a_merge_whose_folder_was_renamed_is_no_revert(repo: Repo, how: str) -> None:
    merged(repo, how)
    rename(repo, "src", "lib")
    finding = found(repo)["x", "merged-not-completed"]
    assert (finding["severity"], finding["fix"]["safety"]) == ("error", "safe")


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_done_work_whose_folder_was_renamed_isnt_questioned(repo: Repo, how: str) -> None:
    merged(repo, how)
    repo.commit(**{"tasks__x.md": front("completed", branch="task/x", pr_number=7)})
    rename(repo, "src", "lib")
    assert found(repo) == {}


@pytest.mark.parametrize("how", ["merge", "squash"])
@pytest.mark.parametrize("message", ["word", "silent"])
def test_a_revert_after_the_folder_was_renamed_is_seen(repo: Repo, how: str, message: str) -> None:
    """By its word, and by what it does; silent ones make no safe fix at least."""
    merged(repo, how)
    landed = repo.git("rev-parse", "HEAD")
    repo.commit(**{"tasks__x.md": front("completed", branch="task/x", pr_number=7)})
    rename(repo, "src", "lib")
    take_back(repo, f"This reverts commit {landed}." if message == "word" else "Take it out again")
    assert ("x", "done-not-landed") in found(repo)


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_a_silent_revert_after_the_folder_was_renamed_completes_nothing_safely(repo: Repo, how: str) -> None:
    merged(repo, how)
    rename(repo, "src", "lib")
    take_back(repo, "Take it out again")
    finding = found(repo).get(("x", "merged-not-completed"))
    assert finding is None or finding["fix"]["safety"] == "unsafe"


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_what_was_taken_back_in_part_after_the_renaming_completes_nothing_safely(repo: Repo, how: str) -> None:
    merged(repo, how)
    rename(repo, "src", "lib")
    repo.commit("Not this one", **{"lib__old.py": OLD})
    finding = found(repo).get(("x", "merged-not-completed"))
    assert finding is None or finding["fix"]["safety"] == "unsafe"


def test_a_branch_that_left_its_task_in_work_under_its_old_name(repo: Repo) -> None:
    """It says itself that work is left, whatever root calls the task by now."""
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    repo.branch("task/x")
    repo.commit("work", src="1\n", **{"tasks__x.md": front("in_progress", branch="task/x", note="half")})
    repo.commit("more", **{"tasks__x.md": front("partial", branch="task/x", note="half")})
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    rename(repo, "tasks/x.md", "tasks/y.md")
    finding = found(repo).get(("y", "merged-not-completed"))
    assert finding is None or (finding["fix"] or {"safety": "unsafe"})["safety"] == "unsafe"


def test_a_worktree_keeps_the_old_name_of_a_task_that_only_front_matter_ties(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worker = Repo(repo.root / ".worktrees/x", repo.minutes)
    rename(repo, "tasks/x.md", "tasks/y.md")
    worker.commit(**{"tasks__x.md": front("in_review", branch="task/x", pr_number=7)})
    assert {task for task, _ in found(repo)} == {"y"}


def test_a_file_that_a_worktree_has_under_roots_name_is_no_rename(repo: Repo) -> None:
    """Though it took the title of a task that the worktree deleted."""
    repo.commit(**{"tasks__y.md": front("ready", title="The other one")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worker = Repo(repo.root / ".worktrees/x", repo.minutes)
    worker.git("rm", "-q", "tasks/y.md")
    worker.commit(**{"tasks__x.md": front("in_review", title="The other one", pr_number=7)})
    drift = found(repo)["x", "metadata-drift"]
    assert "in_review" in drift["message"]


# Names that another task got


def give_away(repo: Repo, how: str, status: str = "in_progress") -> None:
    """Rename the task, and make another one under the name that it had."""
    other = front(status, title="Quite another one")
    repo.git("mv", "tasks/x.md", "tasks/y.md")
    if how == "in one commit":
        repo.commit(**{"tasks__x.md": other})
        return
    repo.commit("Rename")
    (repo.root / "tasks/x.md").write_text(other)
    if how == "in two commits":
        repo.commit("Another one")


HOW = pytest.mark.parametrize("how", ["in one commit", "in two commits", "uncommitted"])


def safe(repo: Repo) -> set[tuple[str | None, str]]:
    return {key for key, each in found(repo).items() if each["fix"] and each["fix"]["safety"] == "safe"}


def register(repo: Repo, **entry: object) -> None:
    path = repo.root / ".tasks/task_manager/task-manager-ana.register.json"
    path.parent.mkdir(parents=True)
    told = {"slug": "x", "task_path": "tasks/x.md", "launched_at": "2026-03-24T08:05:00Z", "branch": "task/x"}
    path.write_text(json.dumps({"owner": "ana", "entries": [{**told, **entry}]}))


@HOW
@pytest.mark.parametrize("where", ["root", "worktree"])
def test_the_end_of_a_run_is_not_that_of_the_task_that_got_its_name(repo: Repo, how: str, where: str) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    ended(repo.root if where == "root" else repo.root / ".worktrees/x")
    assert ("x", "dispatch-completed-unreconciled") in safe(repo)
    give_away(repo, how)
    assert safe(repo) == set()


def test_the_end_of_a_run_stays_with_the_task_when_two_swap_their_names(repo: Repo) -> None:
    repo.commit(**{"tasks__y.md": front("in_progress", title="The other one")})
    ended(repo.root)
    repo.minutes = 30
    for old, new in (("x", "z"), ("y", "x"), ("z", "y")):
        repo.git("mv", f"tasks/{old}.md", f"tasks/{new}.md")
    repo.commit("Swap")
    assert safe(repo) == set()


@HOW
def test_what_a_worktree_says_is_not_of_the_task_that_got_its_name(repo: Repo, how: str) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worker = Repo(repo.root / ".worktrees/x", repo.minutes)
    worker.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    register(repo, worktree_path=".worktrees/x")
    assert ("x", "metadata-drift") in safe(repo)
    give_away(repo, how)
    told = found(repo)
    assert ("x", "id-collision") in told
    assert ("x", "metadata-drift") not in told
    assert safe(repo) == set()


@HOW
def test_a_merge_completes_no_task_that_got_the_name(repo: Repo, how: str) -> None:
    repo.branch("task/x")
    repo.commit("work", work="1\n")
    repo.on_main()
    register(repo)
    give_away(repo, how)
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    assert ("x", "merged-not-completed") not in safe(repo)


@pytest.mark.parametrize("how", ["in one commit", "in two commits"])
def test_a_closed_task_that_got_the_name_lets_no_entry_go(repo: Repo, how: str) -> None:
    register(repo)
    give_away(repo, how, "completed")
    assert ("x", "register-orphan") not in safe(repo)
