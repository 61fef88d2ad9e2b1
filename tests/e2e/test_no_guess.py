"""Worlds in which a repair would be a guess: what looks like the end of a task or of a worker, and isn't.

Each was found by looking for a world that the rules didn't know. Safe fixes leave every file as it is.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo

NOW = "2026-03-24T22:00:00Z"
CONFIG = '[people]\nana = []\nben = []\n\n[checkouts]\nworktree = ".worktrees/{task}"\nbranch = "task/{task}"\n'
REGISTER = ".tasks/task_manager/task-manager-ana.register.json"


def task(status: str, **front: object) -> str:
    lines = "".join(
        f"{key}: {value}\n" for key, value in {"title": "X", "owner": "ana", "status": status, **front}.items()
    )
    return f"---\n{lines}---\n"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    root = tmp_path_factory.mktemp("begun") / "repo"
    first = task("in_review", branch="task/x")
    return Repo.begun(root, **{"taskcheck.toml": CONFIG, "code": "1\n", "tasks__x.md": first})


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


def register(repo: Repo, *, at: str = REGISTER, **entries: dict[str, object]) -> None:
    path = repo.root / at
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"owner": "ana", "updated_at": NOW, "entries": entries}))


def entry(**fields: object) -> dict[str, object]:
    """One of a worker that is gone."""
    began = {"registered_at": "2026-03-24T09:00:00Z", "launched_at": "2026-03-24T09:00:00Z"}
    return {**began, "pid": 2**22 + 7, **fields}


def land(repo: Repo, branch: str = "task/x", how: str = "--no-ff") -> None:
    """Work on a branch that leaves the task's file alone, and a merge of it."""
    repo.branch(branch)
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.git("merge", "-q", *how.split(), "--no-edit", branch)


def goes_on_in_its_worktree(repo: Repo) -> None:
    land(repo)
    repo.git("worktree", "add", "-q", "-b", "part-2", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="second\n")
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x", launched_at="2026-03-24T08:01:00Z"))


def another_branch(repo: Repo) -> None:
    land(repo)
    repo.git("checkout", "-q", "-b", "task/x-2")
    repo.commit(more="second\n")
    repo.on_main()
    register(repo, x=entry(branch="task/x-2", host="elsewhere-1"))


def a_branch_of_two(repo: Repo) -> None:
    repo.commit(**{"tasks__y.md": task("in_progress", branch="task/x")})
    land(repo)


def reopened(repo: Repo) -> None:
    land(repo)
    repo.commit(**{"tasks__x.md": task("completed", branch="task/x")})
    repo.commit(**{"tasks__x.md": task("ready", branch="task/x")})


def blocked_since(repo: Repo) -> None:
    land(repo)
    repo.commit(**{"tasks__x.md": task("blocked", branch="task/x")})


def worktree_says_blocked(repo: Repo) -> None:
    land(repo)
    repo.git("worktree", "add", "-q", ".worktrees/x", "task/x")
    (repo.root / ".worktrees/x/tasks/x.md").write_text(task("blocked", branch="task/x"))


def its_worktree(repo: Repo) -> Path:
    """The worktree of a branch that has landed, with the code of the task in it."""
    land(repo)
    repo.git("worktree", "add", "-q", ".worktrees/x", "task/x")
    return repo.root / ".worktrees/x"


def code_is_changed_since(repo: Repo) -> None:
    (its_worktree(repo) / "more").write_text("even more\n")


def code_is_staged(repo: Repo) -> None:
    worktree = its_worktree(repo)
    (worktree / "third").write_text("three\n")
    repo.git("-C", str(worktree), "add", "third")


def a_hook_stopped_the_commit(repo: Repo) -> None:
    code_is_staged(repo)
    hooks = repo.root.parent / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    with pytest.raises(AssertionError):
        repo.git("-C", str(repo.root / ".worktrees/x"), "-c", f"core.hooksPath={hooks}", "commit", "-q", "-m", "third")


def held_in_words_of_its_own(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("on_hold", branch="task/x")})
    land(repo)


def given_to_another_after_it_had_landed(repo: Repo) -> None:
    land(repo)
    repo.minutes += 60
    repo.commit(**{"tasks__x.md": task("in_review", branch="task/x").replace("owner: ana", "owner: ben")})


def started_again_after_it_had_landed(repo: Repo) -> None:
    land(repo)
    repo.minutes += 60
    repo.commit(**{"tasks__x.md": task("in_review", branch="task/x", started_at="2026-03-24T14:00:00Z")})


def others_go_on_in_a_worktree_of_theirs(repo: Repo) -> None:
    land(repo)
    repo.minutes += 60
    repo.git("worktree", "add", "-q", "-b", "agent-7", "../agent-7")
    worktree = Repo(repo.root.parent / "agent-7", repo.minutes)
    worktree.commit(more="again\n", **{"tasks__x.md": task("in_progress", branch="agent-7")})


def squash_begun(repo: Repo) -> None:
    land(repo)
    repo.branch("other")
    repo.commit(other="other\n")
    repo.on_main()
    repo.git("merge", "-q", "--squash", "other")


def code_is_stashed(repo: Repo) -> None:
    worktree = its_worktree(repo)
    (worktree / "more").write_text("even more\n")
    repo.git("-C", str(worktree), "stash", "-q")


def code_of_its_branch_is_stashed_in_root(repo: Repo) -> None:
    repo.branch("task/x")
    repo.commit(code="2\n", more="more\n")
    (repo.root / "more").write_text("even more\n")
    repo.git("stash", "-q")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def code_is_changed_and_its_index_is_split(repo: Repo) -> None:
    worktree = its_worktree(repo)
    repo.git("-C", str(worktree), "update-index", "--split-index")
    (worktree / "more").write_text("even more\n")


def code_is_deleted_since(repo: Repo) -> None:
    (its_worktree(repo) / "more").unlink()


def done_in_a_worktree_without_a_branch(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="more\n", **{"tasks__x.md": task("completed")})
    register(repo, x=entry(worktree_path=".worktrees/x"))


def done_but_not_landed(repo: Repo) -> None:
    """Without the entry, nothing would tie the branch to the task."""
    repo.branch("work-7")
    repo.commit(more="more\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": task("completed")})
    repo.commit(other="other\n")
    register(repo, x=entry(branch="work-7"))


def done_and_not_landed_yet(repo: Repo) -> None:
    """The commit that calls it done is the newest one, so its branch may land yet; the entry alone ties it."""
    repo.branch("work-7")
    repo.commit(more="more\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": task("completed")})
    register(repo, x=entry(branch="work-7"))


def done_and_not_pulled(repo: Repo) -> None:
    """Its branch may have landed in what was fetched."""
    done_but_not_landed(repo)
    repo.commit(still="more\n")
    only_fetched(repo)


def done_but_only_in_a_worktree_without_a_branch(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="more\n")
    repo.minutes += 5
    repo.commit(**{"tasks__x.md": task("completed")})
    repo.commit(other="other\n")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def merged_as_nothing(repo: Repo) -> None:
    land(repo, how="--no-ff -s ours")


def taken_back_in_part(repo: Repo) -> None:
    land(repo)
    repo.git("rm", "-q", "more")
    repo.commit("Tidy up", other="noise\n")


def id_used_again(repo: Repo) -> None:
    stone = {"task": "x", "state": "ended", "outcome": "blocked", "started_at": "2026-03-24T07:00:00Z"}
    path = repo.root / "tasks/logs/dispatch-x.status.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**stone, "ended_at": "2026-03-24T07:30:00Z", "exit_code": 0}))
    repo.git("rm", "-q", "tasks/x.md")
    repo.commit("x is done with")
    repo.commit("Another x", **{"tasks__x.md": task("ready").replace("title: X", "title: Quite another")})


def only_on_a_branch(repo: Repo) -> None:
    repo.branch("task/z")
    repo.commit(**{"tasks__z.md": task("in_review")})
    repo.on_main()
    register(repo, z=entry(branch="task/z"))


def only_in_a_broken_worktree(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/z")
    (repo.root / ".worktrees/z/tasks/z.md").write_text(task("in_progress"))
    shutil.rmtree(repo.root / ".git/worktrees/z")
    register(repo, z=entry())


def in_another_case(repo: Repo) -> None:
    register(repo, X=entry())


def tip_says_more(repo: Repo) -> None:
    repo.branch()
    repo.commit(**{"tasks__x.md": task("needs_review_fix", branch="task/x", pr_number=5)})
    repo.on_main()
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))


def only_record_of_a_pull_request(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("completed", pr_number=5)})
    register(repo, x=entry(pr_number=9))


def misrouted_with_a_pull_request(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("ready").replace("owner: ana", "owner: ben")})
    register(repo, x=entry(pr_number=9, worktree_path=".worktrees/x"))


def misrouted_with_a_branch(repo: Repo) -> None:
    repo.branch("odd/name")
    repo.commit(code="2\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": task("ready").replace("owner: ana", "owner: ben")})
    register(repo, x=entry(branch="odd/name", worktree_path=".worktrees/x"))


def misrouted_one_of_two(repo: Repo) -> None:
    of_ben = task("ready").replace("owner: ana", "owner: ben")
    repo.commit(**{"tasks__a__z.md": task("ready"), "tasks__b__z.md": of_ben})
    register(repo, z={"registered_at": "2026-03-24T21:00:00Z"})


def worktree_moved(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.git("worktree", "move", ".worktrees/x", "../elsewhere")
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))


def worktree_moved_on_a_branch_that_nothing_names(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "odd", ".worktrees/x")
    repo.git("worktree", "move", ".worktrees/x", "../elsewhere")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def worktree_moved_under_its_name(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "odd", ".worktrees/x")
    (repo.root.parent / "elsewhere").mkdir()
    repo.git("worktree", "move", ".worktrees/x", "../elsewhere")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def worktree_of_windows(repo: Repo) -> None:
    register(repo, x=entry(branch="task/x", worktree_path="C:\\wt\\x"))


def renamed_and_not_committed(repo: Repo) -> None:
    (repo.root / "tasks/x.md").rename(repo.root / "tasks/y.md")
    register(repo, x=entry(branch="task/x"))


def removed_and_not_committed(repo: Repo) -> None:
    (repo.root / "tasks/x.md").unlink()
    register(repo, X=entry())


def beside_a_sparse_checkout(repo: Repo) -> None:
    repo.commit(**{"tasks__old__z.md": task("in_progress")})
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/tasks/old/")
    register(repo, z=entry())


def only_fetched(repo: Repo) -> None:
    """Somebody else has pushed root's last commit, and nobody has pulled it."""
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.git("reset", "-q", "--hard", "HEAD~1")


def fetched(repo: Repo, text: str) -> None:
    """What somebody else has pushed: trunk as it was fetched has one commit more than root."""
    repo.commit(**{"tasks__x.md": text})
    only_fetched(repo)


def reopened_and_not_pulled(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("completed")})
    fetched(repo, task("ready"))
    register(repo, x={"registered_at": "2026-03-24T21:00:00Z"})


def given_to_another_and_not_pulled(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("ready").replace("owner: ana", "owner: ben")})
    fetched(repo, task("ready"))
    register(repo, x={"registered_at": "2026-03-24T21:00:00Z"})


def set_back_by_a_person(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("ready")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.commit(**{"tasks__x.md": task("in_progress")})
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(**{"tasks__x.md": task("in_review", pr_number=5)})
    repo.minutes = worktree.minutes + 120
    repo.commit("Start over", **{"tasks__x.md": task("ready")})
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x", launched_at="2026-03-24T08:05:00Z"))


def reviewed(repo: Repo) -> None:
    """A worktree in which a task that root began is in review."""
    repo.commit(**{"tasks__x.md": task("ready")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    repo.commit(**{"tasks__x.md": task("in_progress")})
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(**{"tasks__x.md": task("in_review", pr_number=5)})
    repo.minutes = worktree.minutes


def set_back_and_no_run_known(repo: Repo) -> None:
    reviewed(repo)
    repo.commit("Start over", **{"tasks__x.md": task("ready")})


def set_back_without_a_commit(repo: Repo) -> None:
    reviewed(repo)
    (repo.root / "tasks/x.md").write_text(task("ready"))


def set_back_without_a_commit_after_a_failure(repo: Repo) -> None:
    reviewed(repo)
    log = repo.root / "tasks/logs/dispatch-x.log"
    log.parent.mkdir(parents=True)
    log.write_text("dispatch_exit_code=1\n")
    (repo.root / "tasks/x.md").write_text(task("ready"))


def set_back_while_nobody_knows_of_its_worker(repo: Repo) -> None:
    reviewed(repo)
    repo.minutes = 12 * 60
    repo.commit("Start over", **{"tasks__x.md": task("ready")})
    register(repo, x={"branch": "task/x", "host": "elsewhere-1", "launched_at": "2026-03-24T08:05:00Z"})


def buried(repo: Repo, outcome: str = "failed", name: str = "x", **members: object) -> None:
    """The end of a run from 9:00 to 12:00."""
    path = repo.root / f"tasks/logs/dispatch-{name}.status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    times = {"started_at": "2026-03-24T09:00:00Z", "ended_at": "2026-03-24T12:00:00Z"}
    path.write_text(
        json.dumps({"task": name, "state": "ended", "outcome": outcome, "exit_code": 1, **times, **members})
    )


def put_aside_during_its_run(repo: Repo) -> None:
    repo.minutes = 2 * 60
    repo.commit("Not now", **{"tasks__x.md": task("draft")})
    buried(repo)


def put_aside_just_before_the_end_by_a_fast_clock(repo: Repo) -> None:
    repo.minutes = 3 * 60 + 57
    repo.commit("Not now", **{"tasks__x.md": task("not_started")})
    buried(repo, "blocked", host="elsewhere-1")


def taken_back_in_its_worktree(repo: Repo) -> Repo:
    """A worktree whose worker has ended, and said first that it is done, then that it isn't."""
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(**{"tasks__x.md": task("in_review", pr_number=5)})
    worktree.commit(more="more\n")
    worktree.commit(**{"tasks__x.md": task("blocked", pr_number=5)})
    log = repo.root / "tasks/logs/dispatch-x.log"
    log.parent.mkdir(parents=True)
    log.write_text("dispatch_exit_code=0\n")
    return worktree


def in_the_middle_of_a_rebase(repo: Repo) -> None:
    worktree = taken_back_in_its_worktree(repo)
    repo.commit(other="1\n")
    worktree.git("-c", "sequence.editor=sed -i 1abreak", "rebase", "-q", "-i", "main")


def in_the_middle_of_a_bisection(repo: Repo) -> None:
    worktree = taken_back_in_its_worktree(repo)
    worktree.git("bisect", "start", "-q", "HEAD", "main")


def on_the_branch_of_another_task(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress"), "tasks__y.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/y", ".worktrees/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(**{"tasks__x.md": task("blocked")})
    log = repo.root / "tasks/logs/dispatch-x.log"
    log.parent.mkdir(parents=True)
    log.write_text("dispatch_exit_code=0\n")


def others_work_on_a_branch_that_a_run_was_given(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.branch("dev")
    repo.commit(code="2\\n", more="more\\n")
    repo.on_main()
    repo.minutes = 4 * 60
    repo.git("merge", "-q", "--no-ff", "--no-edit", "dev")
    register(repo, x=entry(branch="dev"))


def called_done_before_it_landed(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(code="2\\n", **{"tasks__x.md": task("completed", pr_number=5)})
    buried(repo, "completed_with_pr", exit_code=0, pr_number=5)
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))


def called_done_and_nobody_knows_whether_it_landed(repo: Repo) -> None:
    """Trunk has changed the same file since: its branch may have landed in one commit with others' work."""
    called_done_before_it_landed(repo)
    repo.commit(code="3\n")


def called_done_in_a_shallow_clone(repo: Repo) -> None:
    called_done_before_it_landed(repo)
    (repo.root / ".git/shallow").write_text(repo.git("rev-parse", "main~1") + "\n")


def called_done_before_it_landed_and_no_outcome(repo: Repo) -> None:
    called_done_before_it_landed(repo)
    buried(repo, "", exit_code=0)


def gone_on_with_by_hand(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", 12 * 60).commit(code="2\\n")
    buried(repo, branch="task/x")


def two_pull_requests(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress", pr_number=3)})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(**{"tasks__x.md": task("in_review", pr_number=9)})
    repo.minutes = 2 * 60
    repo.commit(**{"tasks__x.md": task("in_progress", pr_number=7)})
    buried(repo, "completed_with_pr", exit_code=0, pr_number=9, branch="task/x")


def made_after_the_run(repo: Repo) -> None:
    repo.minutes = 12 * 60
    repo.commit(**{"tasks__y.md": task("ready")})
    buried(repo, name="y")


def taken_back_on_the_fetched_branch(repo: Repo) -> None:
    worktree = taken_back_in_its_worktree(repo)
    repo.git("update-ref", "refs/remotes/origin/task/x", "task/x")
    worktree.git("reset", "-q", "--hard", "HEAD~2")


def landed_long_ago(repo: Repo) -> None:
    """A branch that landed after its run had begun, and a worktree path that the run was given."""
    land(repo)
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x", launched_at="2026-03-24T08:01:00Z"))


def goes_on_without_a_branch(repo: Repo) -> None:
    landed_long_ago(repo)
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "task/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="second\n")


def goes_on_without_a_branch_and_a_record(repo: Repo) -> None:
    land(repo)
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "task/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="second\n")


def says_blocked_without_a_branch(repo: Repo) -> None:
    landed_long_ago(repo)
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "task/x")
    (repo.root / ".worktrees/x/tasks/x.md").write_text(task("blocked", branch="task/x"))
    register(repo, x=entry(branch="task/x", launched_at="2026-03-24T08:01:00Z"))


def goes_on_with_a_second_branch(repo: Repo) -> None:
    """The worktree has a second branch by now; front matter and entry name the first one alone."""
    land(repo)
    repo.git("worktree", "add", "-q", "-b", "part-2", ".worktrees/x", "task/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(more="second\n")
    register(repo, x=entry(branch="task/x", launched_at="2026-03-24T08:01:00Z"))


def goes_on_in_the_middle_of_a_rebase(repo: Repo) -> None:
    """The branch was squashed, and somebody is rebasing it, with a commit more."""
    landed_long_ago(repo)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("merge", "-q", "--squash", "task/x")
    repo.commit("All of it (#5)")
    repo.git("worktree", "add", "-q", ".worktrees/x", "task/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.git("-c", "sequence.editor=sed -i 1ibreak", "rebase", "-q", "-i", "main~1")


def goes_on_elsewhere(repo: Repo) -> None:
    """Somebody else has pushed more to the branch since it was merged here."""
    landed_long_ago(repo)
    repo.branch("theirs", "task/x")
    tip = repo.commit(more="second\n")
    repo.on_main()
    repo.git("branch", "-q", "-D", "theirs")
    repo.git("update-ref", "refs/remotes/origin/task/x", tip)


def revert_begun(repo: Repo) -> None:
    landed_long_ago(repo)
    repo.git("revert", "--no-commit", "-m", "1", "HEAD")


def merge_begun(repo: Repo) -> None:
    """What is being merged calls the task completed."""
    repo.branch("task/y")
    repo.commit(code="2\n", **{"tasks__x.md": task("completed", branch="task/x")})
    repo.on_main()
    repo.commit(other="1\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "task/y")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def bisection_begun(repo: Repo) -> None:
    landed_long_ago(repo)
    repo.commit(other="1\n")
    repo.git("bisect", "start", "-q", "main", "main~2")


def root_on_an_old_branch(repo: Repo) -> None:
    """The task was reopened on trunk, but the branch that root is on still calls it completed."""
    repo.commit(**{"tasks__x.md": task("completed")})
    repo.git("branch", "-q", "release")
    repo.commit(**{"tasks__x.md": task("ready")})
    repo.git("checkout", "-q", "release")
    register(repo, x=entry())


def goes_on_in_a_clone(repo: Repo) -> None:
    """The first part landed; the worker has a clone of its own instead of a worktree, with a commit more."""
    landed_long_ago(repo)
    repo.git("clone", "-q", ".", ".worktrees/x")
    clone = Repo(repo.root / ".worktrees/x", repo.minutes)
    clone.git("checkout", "-q", "task/x")
    clone.commit(more="second\n")


def worktree_spelled_otherwise(repo: Repo) -> None:
    """A Mac's file system takes the two names for one, and so does the manager there."""
    repo.git("worktree", "add", "-q", "-b", "odd", ".worktrees/Cafe\N{COMBINING ACUTE ACCENT}")
    register(repo, x=entry(worktree_path=".worktrees/caf\N{LATIN SMALL LETTER E WITH ACUTE}"))


def worktree_on_a_disk_that_is_not_mounted(repo: Repo) -> None:
    (repo.root / ".worktrees").symlink_to(repo.root.parent / "disk/worktrees")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def worktree_is_a_link_to_a_disk_that_is_not_mounted(repo: Repo) -> None:
    (repo.root / ".worktrees").mkdir()
    (repo.root / ".worktrees/x").symlink_to(repo.root.parent / "disk/worktrees/x")
    register(repo, x=entry(worktree_path=".worktrees/x"))


def misrouted_with_a_worktree_on_a_disk_that_is_not_mounted(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("ready").replace("owner: ana", "owner: ben")})
    register(repo, x=entry(worktree_path=str(repo.root.parent / "disk/worktrees/x")))


def folder_in_a_worktree(repo: Repo) -> None:
    """A part of a worktree, which its branch doesn't have any more."""
    repo.git("worktree", "add", "-q", "-b", "odd", ".worktrees/x-2")
    register(repo, x=entry(worktree_path=".worktrees/x-2/packages/web"))


def taken_back_and_not_pulled(repo: Repo) -> None:
    landed_long_ago(repo)
    repo.git("revert", "--no-edit", "-m", "1", "HEAD")
    only_fetched(repo)


def stopped_after_it_had_landed(repo: Repo) -> None:
    """The first part landed while the run went on, and then the worker was stuck."""
    repo.minutes = 65
    repo.branch("task/x")
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    buried(repo, "blocked", branch="task/x")


def failed_after_it_had_landed(repo: Repo) -> None:
    """In this store, a task whose run failed is ready again."""
    repo.commit(**{"taskcheck.toml": CONFIG + '\n[outcomes]\nfailed = ["ready"]\n'})
    stopped_after_it_had_landed(repo)
    buried(repo, "failed", branch="task/x")


def reopened_and_registered(repo: Repo) -> None:
    """The manager goes on with the entry that it has, though its task was done meanwhile."""
    landed_long_ago(repo)
    repo.commit(**{"tasks__x.md": task("completed", branch="task/x")})
    repo.commit(**{"tasks__x.md": task("in_progress", branch="task/x")})


WORLDS = (
    held_in_words_of_its_own, given_to_another_after_it_had_landed, started_again_after_it_had_landed,
    others_go_on_in_a_worktree_of_theirs, squash_begun,
    goes_on_in_its_worktree, code_is_changed_since, code_is_staged, a_hook_stopped_the_commit, code_is_deleted_since,
    code_is_stashed, code_of_its_branch_is_stashed_in_root, code_is_changed_and_its_index_is_split,
    done_in_a_worktree_without_a_branch, done_but_not_landed, done_and_not_landed_yet, done_and_not_pulled,
    done_but_only_in_a_worktree_without_a_branch,
    another_branch, a_branch_of_two, reopened, blocked_since, worktree_says_blocked,
    merged_as_nothing, taken_back_in_part, id_used_again, only_on_a_branch, only_in_a_broken_worktree,
    in_another_case, tip_says_more, only_record_of_a_pull_request, misrouted_with_a_pull_request,
    misrouted_with_a_branch, misrouted_one_of_two, worktree_moved, worktree_moved_on_a_branch_that_nothing_names,
    worktree_moved_under_its_name, worktree_of_windows, renamed_and_not_committed, reopened_and_not_pulled,
    given_to_another_and_not_pulled, removed_and_not_committed, beside_a_sparse_checkout, set_back_by_a_person,
    set_back_and_no_run_known, set_back_without_a_commit, set_back_without_a_commit_after_a_failure,
    set_back_while_nobody_knows_of_its_worker, put_aside_during_its_run,
    put_aside_just_before_the_end_by_a_fast_clock, in_the_middle_of_a_rebase, in_the_middle_of_a_bisection,
    on_the_branch_of_another_task, others_work_on_a_branch_that_a_run_was_given, called_done_before_it_landed,
    called_done_before_it_landed_and_no_outcome, called_done_and_nobody_knows_whether_it_landed,
    called_done_in_a_shallow_clone, gone_on_with_by_hand, two_pull_requests, made_after_the_run,
    taken_back_on_the_fetched_branch, goes_on_without_a_branch, goes_on_in_the_middle_of_a_rebase,
    goes_on_elsewhere, revert_begun, merge_begun, bisection_begun, root_on_an_old_branch, goes_on_in_a_clone,
    worktree_spelled_otherwise, worktree_on_a_disk_that_is_not_mounted,
    worktree_is_a_link_to_a_disk_that_is_not_mounted, misrouted_with_a_worktree_on_a_disk_that_is_not_mounted,
    folder_in_a_worktree, taken_back_and_not_pulled, reopened_and_registered,
    goes_on_without_a_branch_and_a_record, says_blocked_without_a_branch, goes_on_with_a_second_branch,
)  # fmt: skip


def held(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for name in ("tasks", ".tasks") for path in (root / name).rglob("*.*")}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_nothing_is_guessed(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    before = held(repo.root)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert ran.code in {0, 1}, ran.err
    assert {path: data for path, data in held(repo.root).items() if before[path] != data} == {}
    assert ran.json["summary"]["fixed"] == 0


def test_worktree_in_the_own_folder_of_a_user(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "odd", f"{tmp_path}/wt/x")
    register(repo, x=entry(worktree_path="~/wt/x"))
    before = held(repo.root)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root, HOME=str(tmp_path))
    assert held(repo.root) == before
    assert "is missing" not in ran.out


def test_what_nothing_speaks_against_is_repaired(repo: Repo) -> None:
    """The same world without a doubt: the branch landed, and nobody says that work is left."""
    land(repo)
    taskcheck("--now", NOW, "--fix", cwd=repo.root)
    assert "status: completed" in (repo.root / "tasks/x.md").read_text()


ENDED_AT = "2026-03-24T12:00:00Z"


def queued_as_the_run_began(repo: Repo) -> None:
    """The worker's branch has the commit that made the task ready, which is a few minutes younger than the run."""
    repo.commit(**{"tasks__x.md": task("draft")})
    repo.minutes = 63
    repo.commit(**{"tasks__x.md": task("ready")})
    work_that_ends(repo)


def dated_anew_by_a_rebase(repo: Repo) -> None:
    """Root's commit that made the task ready was rebased, as by `git pull --rebase`; the branch has it as it was."""
    repo.commit(**{"tasks__x.md": task("draft")})
    repo.commit(**{"tasks__x.md": task("ready")})
    work_that_ends(repo)
    repo.minutes = 3 * 60
    repo.git("commit", "-q", "--amend", "--no-edit")


def work_that_ends(repo: Repo) -> None:
    """A run from nine o'clock to twelve, whose worktree says in_review at ten."""
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", 2 * 60).commit(**{"tasks__x.md": task("in_review", pr_number=5)})
    buried(repo, "completed_with_pr", exit_code=0, pr_number=5, started_at="2026-03-24T09:00:00Z", ended_at=ENDED_AT)


def landed_after_a_round_of_review(repo: Repo) -> None:
    """The last run made no commit, and had ended when the branch landed."""
    repo.branch("task/x")
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    buried(repo, "completed_with_pr", exit_code=0, pr_number=5, started_at="2026-03-24T09:00:00Z", ended_at=ENDED_AT)
    repo.minutes = 5 * 60
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def its_worktree_is_clean(repo: Repo) -> None:
    """Its files were written again as they were, and it has a file that git ignores."""
    worktree = its_worktree(repo)
    (worktree / "more").write_text("more\n")
    (worktree / "code").touch()
    (worktree / ".tasks").mkdir()
    (worktree / ".tasks/log").write_text("")


def landed_while_root_alone_follows_the_task(repo: Repo, how: str = "--squash") -> None:
    """The manager writes root's file; the branch has only code, and the file as it was when the run began."""
    repo.commit(**{"tasks__x.md": task("in_progress", branch="task/x")})
    repo.git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x")
    Repo(repo.root / ".worktrees/x", repo.minutes).commit(code="2\n", more="more\n")
    repo.minutes += 5
    repo.commit(**{"tasks__x.md": task("in_review", branch="task/x", pr_number=5)})
    repo.git("merge", "-q", *how.split(), "task/x")
    if how == "--squash":
        repo.commit()


def landed_by_a_merge_while_root_alone_follows_the_task(repo: Repo) -> None:
    landed_while_root_alone_follows_the_task(repo, "--no-ff --no-edit")


def landed_while_its_worktree_was_left_behind(repo: Repo) -> None:
    """The worktree was detached at the merged commit, so that the branch could be deleted."""
    land(repo)
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "task/x")


def squashed_after_it_was_updated_on_the_forge(repo: Repo) -> None:
    """The forge merged trunk into the branch, and then the pull request by one commit; nobody pulled the branch."""
    repo.branch("task/x")
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.commit(other="1\n")
    repo.branch("forge", "task/x")
    repo.git("merge", "-q", "--no-edit", "main")
    repo.git("update-ref", "refs/remotes/origin/task/x", "forge")
    repo.on_main()
    repo.git("branch", "-q", "-D", "forge")
    repo.git("merge", "-q", "--squash", "origin/task/x")
    repo.commit("All of it (#5)")


def landed_as_amended_here(repo: Repo) -> None:
    """The branch was pushed, and then amended, which nobody pushed; that is what landed."""
    repo.branch("task/x")
    repo.commit(code="2\n")
    repo.git("update-ref", "refs/remotes/origin/task/x", "HEAD")
    (repo.root / "code").write_text("3\n")
    repo.git("commit", "-q", "-a", "--amend", "-m", "in other words")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def landed_while_others_have_pushed(repo: Repo) -> None:
    repo.commit(other="1\n")
    only_fetched(repo)
    land(repo)


ORDINARY = {
    its_worktree_is_clean: "completed",
    queued_as_the_run_began: "in_review",
    dated_anew_by_a_rebase: "in_review",
    landed_after_a_round_of_review: "completed",
    landed_while_root_alone_follows_the_task: "completed",
    landed_by_a_merge_while_root_alone_follows_the_task: "completed",
    landed_while_its_worktree_was_left_behind: "completed",
    squashed_after_it_was_updated_on_the_forge: "completed",
    landed_as_amended_here: "completed",
    landed_while_others_have_pushed: "completed",
    stopped_after_it_had_landed: "blocked",
    failed_after_it_had_landed: "ready",
}
"""Worlds in which nothing has to be guessed, though they look like some of the above: what the task then is."""


@pytest.mark.parametrize("world", ORDINARY, ids=lambda world: world.__name__)
def test_what_is_known_is_repaired(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert ran.json["summary"]["fixed"] == 1, ran.out
    assert f"status: {ORDINARY[world]}\n" in (repo.root / "tasks/x.md").read_text()


def test_what_is_done_in_a_worktree_without_a_branch_alone_is_told(repo: Repo) -> None:
    done_but_only_in_a_worktree_without_a_branch(repo)
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    told = {finding["rule"]: finding for incident in report["incidents"] for finding in incident["findings"]}
    message = "x is completed, but its worktree x has commits that never reached main"
    assert told["done-not-landed"]["message"] == message
    assert told["register-orphan"]["fix"]["why"] == "its worktree x has commits that never reached trunk"


def test_what_a_branch_of_another_name_has_is_not_told_of_a_worktree(repo: Repo) -> None:
    """Somebody reviews another branch there."""
    repo.branch("review")
    repo.commit(more="more\n")
    repo.on_main()
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "review")
    repo.git("checkout", "-q", "review")
    repo.commit(still="more\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": task("completed")})
    repo.commit(other="other\n")
    register(repo, x=entry(worktree_path=".worktrees/x"))
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    assert rules == {"register-orphan"}


def test_an_entry_of_a_branch_that_others_had_made_is_told(repo: Repo) -> None:
    others_work_on_a_branch_that_a_run_was_given(repo)
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    assert "register-orphan" in rules


def test_of_a_worker_that_is_gone_the_uncommitted_code_is_told(repo: Repo) -> None:
    repo.commit(**{"tasks__x.md": task("in_progress", branch="task/x")})
    repo.branch()
    repo.commit(more="more\n")
    repo.on_main()
    repo.git("worktree", "add", "-q", ".worktrees/x", "task/x")
    (repo.root / ".worktrees/x/more").write_text("half of it\n")
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))
    ran = taskcheck("--now", NOW, "--format", "json", cwd=repo.root)
    told = {finding["rule"]: finding for incident in ran.json["incidents"] for finding in incident["findings"]}
    for name in ("worker-gone", "stale-in-progress"):
        last = told[name]["evidence"][-1]
        assert last["saw"] == "has code that isn't committed: more is changed"
        assert last["path"] == ".worktrees/x"
