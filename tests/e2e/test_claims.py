"""What root's own history says of tasks: since when, what was brought in and taken back, and under which name."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo

NOW = "2026-03-24T22:00:00Z"
CONFIG = '[people]\nana = []\n\n[checkouts]\nworktree = ".worktrees/{task}"\nbranch = "task/{task}"\n'


def front(status: str, **more: object) -> str:
    values = {"title": "X", "owner": "ana", "status": status, **more}
    lines = "".join(f"{key}: {value}\n" for key, value in values.items())
    return f"---\n{lines}---\n"


def register(root: Path, **entries: dict[str, object]) -> None:
    path = root / ".tasks/task_manager/task-manager-ana.register.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"owner": "ana", "entries": entries}))


def tombstone(root: Path, task: str, **fields: object) -> None:
    path = root / f"tasks/logs/dispatch-{task}.status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    ended = {"task": task, "state": "ended", "outcome": "completed_with_pr"}
    path.write_text(json.dumps({**ended, "started_at": "2026-03-24T08:00:00Z", **fields}))


def found(repo: Repo, *options: str) -> dict[tuple[str | None, str], dict[str, Any]]:
    """The findings by task and rule."""
    ran = taskcheck("--format", "json", "--now", NOW, *options, cwd=repo.root)
    assert ran.json["complete"], ran.json["errors"]
    return {
        (incident["task"], each["rule"]): each for incident in ran.json["incidents"] for each in incident["findings"]
    }


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    root = tmp_path_factory.mktemp("begun") / "repo"
    return Repo.begun(root, **{"taskcheck.toml": CONFIG, "code": "1\n"})


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


# Since when


def test_a_task_without_a_time_stands_since_the_commit_that_set_it(repo: Repo) -> None:
    register(repo.root)
    repo.commit(**{"tasks__x.md": front("ready")})
    repo.commit(**{"tasks__x.md": front("in_progress")})
    repo.commit(**{"tasks__x.md": front("in_progress", note="a later edit that leaves the status")})
    stale = found(repo)["x", "stale-in-progress"]
    assert "hasn't moved for 13h 5" in str(stale["message"]), "since the second commit, a little after eight"


def test_since_when_a_status_stands_that_was_never_committed_nobody_knows(repo: Repo) -> None:
    register(repo.root)
    repo.commit(**{"tasks__x.md": front("ready")})
    (repo.root / "tasks/x.md").write_text(front("in_progress", started_at="2026-03-24T09:00:00Z"))
    assert ("x", "stale-in-progress") not in found(repo)


def test_a_merge_sets_a_status_when_it_is_merged(repo: Repo) -> None:
    register(repo.root)
    repo.commit(**{"tasks__x.md": front("ready")})
    repo.branch("set")
    repo.commit(**{"tasks__x.md": front("in_progress")})
    repo.on_main()
    repo.minutes = 13 * 60
    repo.commit(code="2\n")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "set")
    assert ("x", "stale-in-progress") not in found(repo), "merged at nine in the evening"


def test_history_that_is_cut_off_says_nothing_of_a_status(repo: Repo, tmp_path: Path) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress")})
    repo.commit(code="2\n")
    shallow = Repo(tmp_path / "shallow")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(shallow.root))
    register(shallow.root)
    assert ("x", "stale-in-progress") not in found(shallow)


# Brought in


def deleted(repo: Repo, *message: str, how: str = "--no-ff") -> None:
    """Work on a branch, merge it with a message, delete it."""
    repo.branch("task/x")
    repo.commit(code="2\n")
    repo.on_main()
    repo.commit(beside="1\n")
    repo.git("merge", "-q", how, *(["-m", *message] if how == "--no-ff" else []), "task/x")
    if how == "--squash":
        repo.commit(*message)
    repo.git("branch", "-D", "task/x")
    repo.commit(after="1\n")


@pytest.mark.parametrize(
    ("records", "message", "how"),
    [
        ({"branch": "task/x"}, "Merge branch 'task/x'", "--no-ff"),
        ({"branch": "task/x"}, "Merge remote-tracking branch 'origin/task/x' into main", "--no-ff"),
        ({"pr_number": 7}, "Merge pull request #7 from o/whatever", "--no-ff"),
        ({"pr_url": "https://github.com/o/r/pull/7"}, "Fix it (#7)", "--squash"),
        ({"pr_number": 7}, 'Revert "Fix it (#3)" (#7)', "--squash"),
    ],
)
def test_a_subject_names_what_is_recorded(repo: Repo, records: dict[str, object], message: str, how: str) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", **records)})
    deleted(repo, message, how=how)
    merged = found(repo)["x", "merged-not-completed"]
    assert merged["severity"] == "error"
    assert merged["fix"]["safety"] == "unsafe"


@pytest.mark.parametrize(
    ("records", "message", "how"),
    [
        ({"branch": "task/x"}, "Merge branch 'task/x-2'", "--no-ff"),
        ({"branch": "task/x"}, "Merge of task/x", "--no-ff"),
        ({"pr_number": 7}, "Merge pull request #77 from o/task/x", "--no-ff"),
        ({"pr_number": 7}, 'Say "Fix it (#7)"', "--squash"),
        ({"pr_number": 7}, "Fix it (#7) at last", "--squash"),
        ({}, "Merge branch 'task/x'", "--no-ff"),
    ],
    ids=["longer", "prose", "longer-number", "quoted", "inside", "by-its-name-alone"],
)
def test_a_subject_that_names_something_else(repo: Repo, records: dict[str, object], message: str, how: str) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", **records)})
    deleted(repo, message, how=how)
    assert ("x", "merged-not-completed") not in found(repo)


def test_a_number_of_another_repository_is_another_number(repo: Repo) -> None:
    repo.git("remote", "add", "origin", "git@github.com:o/r.git")
    repo.commit(**{"tasks__x.md": front("in_review", pr_url="https://github.com/o/other/pull/7")})
    deleted(repo, "Fix it (#7)", how="--squash")
    assert ("x", "merged-not-completed") not in found(repo)


def test_whoever_set_the_status_after_the_merge_knew_of_it(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    assert ("x", "merged-not-completed") not in found(repo)


def test_a_merge_that_was_taken_back_completes_nothing(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    repo.git("revert", "--no-edit", "HEAD~1")
    assert ("x", "merged-not-completed") not in found(repo)


def test_a_run_that_began_after_the_merge_is_another_one(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    tombstone(repo.root, "x", started_at="2026-03-24T12:00:00Z", ended_at="2026-03-24T13:00:00Z")
    assert ("x", "merged-not-completed") not in found(repo)


# What happened after a branch had landed


def landed(repo: Repo, **records: object) -> None:
    """A task at work whose recorded branch is merged, and still there."""
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x", **records)})
    repo.branch("task/x")
    repo.commit("work", code="2\n")
    repo.on_main()
    repo.commit(beside="1\n")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    repo.commit(after="1\n")


def safety(repo: Repo) -> str:
    """How safe the fix of the merged task is."""
    return str(found(repo)["x", "merged-not-completed"]["fix"]["safety"])


def test_a_merged_branch_is_the_last_word(repo: Repo) -> None:
    landed(repo)
    assert safety(repo) == "safe"


def test_a_task_that_was_opened_again_isnt_closed_by_its_old_branch(repo: Repo) -> None:
    landed(repo)
    repo.commit(**{"tasks__x.md": front("completed", branch="task/x")})
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    merged = found(repo)["x", "merged-not-completed"]
    assert merged["severity"] == "info"
    assert merged.get("fix") is None
    assert "was reopened" in merged["message"]
    assert taskcheck("--fix", "--unsafe-fixes", "--now", NOW, cwd=repo.root).code in {0, 1}
    assert "in_progress" in (repo.root / "tasks/x.md").read_text()


def test_what_was_opened_again_before_its_branch_landed_isnt_opened_by_what_isnt_committed(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("completed")})
    landed(repo)
    (repo.root / "tasks/x.md").write_text(front("in_review", branch="task/x"))
    assert found(repo)["x", "merged-not-completed"]["severity"] == "error"


def test_a_status_that_was_set_after_the_merge_may_mean_more_work(repo: Repo) -> None:
    landed(repo)
    repo.commit(**{"tasks__x.md": front("in_review", branch="task/x")})
    assert safety(repo) == "unsafe"


def test_a_status_that_isnt_committed_may_have_just_been_set(repo: Repo) -> None:
    landed(repo)
    (repo.root / "tasks/x.md").write_text(front("in_review", branch="task/x"))
    assert safety(repo) == "unsafe"


@pytest.mark.parametrize(("cap", "safe"), [("MOST_FILES", "unsafe"), ("MOST_COMMITS", "unsafe"), (None, "safe")])
def test_where_history_is_asked_no_further_nobody_knows(
    repo: Repo, cap: str | None, safe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(repo)
    if cap is not None:
        monkeypatch.setattr(f"taskcheck.read.standing.{cap}", 0)
    assert safety(repo) == safe


def test_a_run_that_began_after_the_merge_may_have_more_to_do(repo: Repo) -> None:
    landed(repo)
    tombstone(repo.root, "x", started_at="2026-03-24T14:00:00Z", ended_at="2026-03-24T15:00:00Z", outcome="failed")
    merged = found(repo).get(("x", "merged-not-completed"))
    assert merged is None or merged["fix"]["safety"] == "unsafe"


def test_what_had_landed_before_the_task_was_made_is_another_tasks(repo: Repo) -> None:
    landed(repo)
    repo.git("rm", "-q", "tasks/x.md")
    repo.commit("away")
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    assert ("x", "merged-not-completed") not in found(repo)


def test_an_entry_that_was_made_after_the_merge_is_of_another_run(repo: Repo) -> None:
    landed(repo)
    register(repo.root, x={"registered_at": "2026-03-24T14:00:00Z", "branch": "task/x"})
    assert ("x", "register-orphan") not in found(repo)
    register(repo.root, x={"registered_at": "2026-03-24T08:00:00Z", "branch": "task/x"})
    assert ("x", "register-orphan") in found(repo)


# What was taken back


def test_a_revert_of_another_commit_of_the_same_title(repo: Repo) -> None:
    repo.commit("Fix it", other="1\n")
    other = repo.git("rev-parse", "HEAD")
    repo.commit(**{"tasks__x.md": front("in_review", branch="task/x")})
    repo.branch("task/x")
    repo.commit("Fix it", code="2\n")
    repo.on_main()
    repo.commit(beside="1\n")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    repo.git("revert", "--no-edit", other)
    assert safety(repo) == "safe"


@pytest.mark.parametrize(
    ("said", "is_taken_back"),
    [
        ("Reverts o/r#7", True),
        ("This reverts merge request !7", True),
        ("Reverts o/other#7", False),
        ("It undoes what reverts #7 for good", False),
    ],
)
def test_whose_number_a_revert_names(repo: Repo, said: str, is_taken_back: bool) -> None:
    repo.git("remote", "add", "origin", "git@github.com:o/r.git")
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    repo.commit(f"Revert the thing\n\n{said}", code="1\n")
    assert (("x", "merged-not-completed") not in found(repo)) is is_taken_back


def test_the_merge_may_set_the_review_itself(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", branch="task/x")})
    repo.branch("task/x")
    repo.commit(code="2\n", **{"tasks__x.md": front("in_review", branch="task/x")})
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'task/x'", "task/x")
    repo.git("branch", "-D", "task/x")
    assert safety(repo) == "unsafe"


def test_a_number_alone_is_that_of_the_only_remote(repo: Repo) -> None:
    repo.git("remote", "add", "upstream", "git@github.com:o/r.git")
    repo.commit(**{"tasks__x.md": front("in_review", pr_url="https://github.com/o/other/pull/7")})
    deleted(repo, "Fix it (#7)", how="--squash")
    assert ("x", "merged-not-completed") not in found(repo)


def test_on_gitlab_a_hash_is_an_issue(repo: Repo) -> None:
    url = "https://gitlab.com/o/r/-/merge_requests/7"
    repo.commit(**{"tasks__x.md": front("in_review", pr_url=url)})
    deleted(repo, "Fix it (#7)", how="--squash")
    assert ("x", "merged-not-completed") not in found(repo)


# One pull request of several tasks


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ({"pr_url": "https://github.com/o/r/pull/7"}, {"pr_url": "https://github.com/o/r/pull/7/"}, True),
        ({"pr_number": 7}, {"pr_number": "'#7'"}, True),
        ({"pr_url": "TBD"}, {"pr_url": "TBD"}, False),
        ({"pr_number": 0}, {"pr_number": 0}, False),
        ({"pr_url": "https://github.com/o/r/compare"}, {"pr_url": "https://github.com/o/r/compare"}, False),
    ],
    ids=["slash", "hash", "word", "zero", "form"],
)
def test_who_shares_a_pull_request(
    repo: Repo, one: dict[str, object], other: dict[str, object], is_shared: bool
) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", **one), "tasks__y.md": front("in_review", **other)})
    assert any(rule == "shared-pull-request" for _, rule in found(repo)) is is_shared


# Done


def done(repo: Repo, **records: object) -> None:
    """A branch that never lands, its task set done, and a commit after that."""
    repo.commit(**{"tasks__x.md": front("in_progress", **records)})
    repo.branch("task/x")
    repo.commit(work="1\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": front("completed", **records)})
    repo.commit(after="1\n")


def test_done_and_its_branch_never_landed(repo: Repo) -> None:
    done(repo, branch="task/x")
    assert found(repo)["x", "done-not-landed"]["severity"] == "warning"


def test_by_its_name_alone_a_branch_says_nothing_against_done(repo: Repo) -> None:
    done(repo)
    assert ("x", "done-not-landed") not in found(repo)


def test_what_was_just_done_may_land_yet(repo: Repo) -> None:
    done(repo, branch="task/x")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert ("x", "done-not-landed") not in found(repo)


def test_a_branch_that_was_given_to_another_task_is_that_tasks(repo: Repo) -> None:
    done(repo)
    tombstone(repo.root, "x", ended_at="2026-03-24T09:00:00Z", branch="task/x", pr_number=1)
    assert ("x", "done-not-landed") in found(repo)
    repo.commit(**{"tasks__y.md": front("in_progress", started_at="2026-03-24T21:00:00Z")})
    register(repo.root, y={"registered_at": "2026-03-24T20:00:00Z", "branch": "task/x"})
    assert ("x", "done-not-landed") not in found(repo)


def test_where_trunk_has_the_same_files_nobody_knows(repo: Repo) -> None:
    done(repo, branch="task/x")
    repo.commit(work="in another form\n")
    assert ("x", "done-not-landed") not in found(repo)


def test_taken_back_before_it_was_done_is_no_news(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    repo.git("revert", "--no-edit", "HEAD~1")
    repo.commit(**{"tasks__x.md": front("completed", pr_number=7)})
    assert ("x", "done-not-landed") not in found(repo)


def test_taken_back_after_it_was_done(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_review", pr_number=7)})
    deleted(repo, "Fix it (#7)", how="--squash")
    merged = repo.git("rev-parse", "HEAD~1")
    repo.commit(**{"tasks__x.md": front("completed", pr_number=7)})
    repo.git("revert", "--no-edit", merged)
    assert "reverted" in str(found(repo)["x", "done-not-landed"]["message"])
    repo.git("revert", "--no-edit", "HEAD")
    assert ("x", "done-not-landed") not in found(repo), "and brought in again"


def test_a_branch_that_may_have_landed_needs_no_pull_request(repo: Repo) -> None:
    done(repo)
    repo.commit(work="in another form\n")
    tombstone(repo.root, "x", ended_at="2026-03-24T09:00:00Z", branch="task/x")
    assert ("x", "done-not-landed") not in found(repo)


# Under another name


def at_work(repo: Repo, task: str = "x") -> Repo:
    """A worktree of a task that is registered."""
    register(repo.root, **{task: {"registered_at": "2026-03-24T08:00:00Z", "pid": 2**22 + 7}})
    repo.git("worktree", "add", "-q", "-b", f"task/{task}", f".worktrees/{task}")
    return Repo(repo.root / ".worktrees" / task, repo.minutes)


@pytest.mark.parametrize("as_it_is", [True, False])
def test_ledgers_and_worktree_follow_a_task_that_root_renamed(repo: Repo, as_it_is: bool) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", title="The one")})
    worker = at_work(repo)
    repo.git("mv", "tasks/x.md", "tasks/x-renamed.md")
    repo.commit(**{} if as_it_is else {"tasks__x-renamed.md": front("in_progress", title="The one", note="too")})
    worker.commit(**{"tasks__x.md": front("in_review", title="The one", pr_number=3)})
    said = found(repo)
    assert {task for task, _ in said} == {"x-renamed"}
    assert ("x-renamed", "dispatch-completed-unreconciled") in said


def test_of_two_files_that_came_with_a_renaming_nobody_knows_which(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", title="The one")})
    at_work(repo)
    repo.git("rm", "-q", "tasks/x.md")
    same = front("in_progress", title="The one")
    repo.commit(**{"tasks__y.md": same, "tasks__z.md": same})
    said = found(repo)
    assert not {("y", "worker-gone"), ("z", "worker-gone")} & said.keys()


def test_root_follows_a_task_that_its_worktree_renamed(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", title="The one")})
    worker = at_work(repo)
    worker.git("mv", "tasks/x.md", "tasks/x-renamed.md")
    worker.commit(**{"tasks__x-renamed.md": front("in_review", title="The one", pr_number=3)})
    said = found(repo)
    assert ("x", "dispatch-completed-unreconciled") in said
    assert all(task == "x" for task, _ in said)


# Witnesses


def test_the_tip_of_a_branch_speaks_where_the_worktree_is_gone(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", title="The one")})
    worker = at_work(repo)
    worker.commit(**{"tasks__x.md": front("in_review", title="The one", pr_number=3)})
    repo.git("worktree", "remove", ".worktrees/x")
    unreconciled = found(repo)["x", "dispatch-completed-unreconciled"]
    assert "branch task/x" in str(unreconciled["message"])


def test_a_second_attempt_that_no_entry_explains(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", started_at="2026-03-24T21:00:00Z")})
    worker = at_work(repo)
    known = {"registered_at": "2026-03-24T09:00:00Z", "worktree_path": ".worktrees/other", "branch": "other"}
    repo.git("worktree", "add", "-q", "-b", "other", ".worktrees/other")
    register(repo.root, x=known)
    assert ("x", "unregistered-worktree") not in found(repo), "it has no commit of its own"
    worker.minutes = 60
    worker.commit(work="1\n")
    assert ".worktrees/x" in str(found(repo)["x", "unregistered-worktree"]["message"])
    register(repo.root, x={**known, "registered_at": "2026-03-24T12:00:00Z"})
    assert ("x", "unregistered-worktree") not in found(repo), "that was an earlier attempt"


def test_without_a_known_begin_nobody_knows_which_attempt_is_the_second(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress")})
    worker = at_work(repo)
    worker.commit(work="1\n")
    repo.git("worktree", "add", "-q", "-b", "other", ".worktrees/other")
    register(repo.root, x={"worktree_path": ".worktrees/other", "branch": "other"})
    assert ("x", "unregistered-worktree") not in found(repo)


def test_an_entry_may_work_in_root_itself(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": front("in_progress", started_at="2026-03-24T21:00:00Z")})
    register(repo.root, x={"registered_at": "2026-03-24T21:00:00Z", "worktree_path": str(repo.root)})
    assert ("x", "broken-worktree") not in found(repo)


# Behind


def test_fixes_wait_for_the_pull(repo: Repo, tmp_path: Path) -> None:
    """A file that trunk has changed is not written before it is pulled; the pull works, and says what root lacked."""
    repo.commit(**{"tasks__x.md": front("in_progress", owner="Ana"), "tasks__y.md": front("ready", owner="Ana")})
    forge = Repo(tmp_path / "forge", repo.minutes)
    repo.git("clone", "-q", str(repo.root), str(forge.root))
    forge.commit(**{"tasks__x.md": front("completed", owner="Ana")})
    repo.git("remote", "add", "origin", str(forge.root))
    repo.git("fetch", "-q", "origin")
    repo.git("remote", "set-head", "origin", "main")
    assert (None, "root-behind") in found(repo)
    assert taskcheck("--fix", "--now", NOW, cwd=repo.root).code == 1
    assert "owner: Ana" in (repo.root / "tasks/x.md").read_text()
    assert "owner: ana" in (repo.root / "tasks/y.md").read_text(), "trunk hasn't touched this one"
    repo.git("merge", "-q", "--ff-only", "origin/main")
    assert (None, "root-behind") not in found(repo)


def fetched(repo: Repo, forge: Repo) -> None:
    repo.git("remote", "add", "origin", str(forge.root))
    repo.git("fetch", "-q", "origin")
    repo.git("remote", "set-head", "origin", "main")


def test_a_trunk_of_another_history_is_said_not_to_be_compared(repo: Repo, tmp_path: Path) -> None:
    repo.commit(**{"tasks__x.md": front("ready")})
    forge = Repo(tmp_path / "forge", repo.minutes)
    forge.root.mkdir()
    forge.git("init", "-q", "--template=", "--initial-branch=main")
    forge.commit("another project", **{"tasks__x.md": front("completed")})
    fetched(repo, forge)
    assert found(repo) == {}
    shown = taskcheck("--now", NOW, cwd=repo.root).out
    assert "origin/main: its history and root's have no common commit" in shown
    assert "all agree" not in shown
    assert "root has all" not in taskcheck("-v", "--now", NOW, cwd=repo.root).out


def test_a_shallow_clone_says_that_it_isnt_compared_with_trunk(repo: Repo, tmp_path: Path) -> None:
    repo.commit(**{"tasks__x.md": front("ready")})
    repo.commit(more="1\n")
    clone = Repo(tmp_path / "clone", repo.minutes)
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone.root))
    assert "isn't compared" not in taskcheck("--now", NOW, cwd=clone.root).out, "it is at what was fetched"
    repo.commit(**{"tasks__x.md": front("completed")})
    clone.git("fetch", "-q", "--depth", "1", "origin")
    shown = taskcheck("--now", NOW, cwd=clone.root).out
    assert "root isn't compared with origin/main" in shown
    assert "behind" not in shown
