"""What lies just beside a finding and can't be told as a fixture: reverted, cut off, locked away, on no branch."""

import shutil
from pathlib import Path

from taskcheck.checks import check_request
from taskcheck.model.report import Report
from taskcheck.testing import Built, build
from tests.conftest import FIXTURES, request_for, where_for
from tests.e2e.conftest import git


def fixture(case: str, tmp_path: Path) -> Built:
    return build(FIXTURES / case, tmp_path / "repo")


def found(built: Built) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.task) for finding in look(built).findings]


def look(built: Built) -> Report:
    report = check_request(where_for(built), request_for(built))
    assert report.complete, report.errors
    return report


def skipped(built: Built, rule: str) -> list[str]:
    return [reason for name, reason in look(built).skipped if name == rule]


def test_reverted_after_the_merge(tmp_path: Path) -> None:
    built = fixture("merged-not-completed/bad-merged", tmp_path)
    assert [rule for rule, _ in found(built)] == ["merged-not-completed"]
    git("revert", "--no-edit", "-m1", "HEAD", cwd=built.root)
    assert found(built) == []
    git("revert", "--no-edit", "HEAD", cwd=built.root)
    assert [rule for rule, _ in found(built)] == ["merged-not-completed"]


def test_reverted_after_a_squash_merge(tmp_path: Path) -> None:
    built = fixture("merged-not-completed/bad-squashed", tmp_path)
    assert [rule for rule, _ in found(built)] == ["merged-not-completed"]
    git("revert", "--no-edit", "HEAD", cwd=built.root)
    assert found(built) == []


def test_an_entry_whose_merge_was_reverted(tmp_path: Path) -> None:
    built = fixture("register-orphan/bad-merged", tmp_path)
    before = {task for rule, task in found(built)}
    for commit in git("rev-list", "--merges", "HEAD", cwd=built.root).split():
        git("revert", "--no-edit", "-m1", commit, cwd=built.root)
    after = {task for rule, task in found(built)}
    assert after < before


def test_a_shallow_clone_knows_of_no_merge(tmp_path: Path) -> None:
    """The commit that the branch began with is cut off: neither the task nor its entry is told of."""
    built = fixture("merged-not-completed/bad-merged", tmp_path)
    (branch,) = (name for name in branches(built.root) if name != "main")
    git("commit", "-q", "--allow-empty", "-m", "later", cwd=built.root)
    clone = tmp_path / "shallow"
    git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{built.root}", clone, cwd=tmp_path)
    git("branch", branch, f"origin/{branch}", cwd=clone)
    (clone / ".tasks" / "task_manager").mkdir(parents=True)
    task = branch.removeprefix("task/")
    register = clone / ".tasks" / "task_manager" / "task-manager-dave-fowler.register.json"
    register.write_text(f'{{"owner": "dave-fowler", "entries": {{"{task}": {{"branch": "{branch}"}}}}}}')
    (clone / "taskcheck.toml").write_text('[people]\ndave-fowler = []\nrj = []\n[rules]\nselect = ["all"]\n')
    rules = {rule for rule, _ in found(Built(root=clone, now=built.now, host="mac-1", processes={}))}
    assert not rules & {"merged-not-completed", "register-orphan", "metadata-drift"}


def branches(root: Path) -> list[str]:
    return git("for-each-ref", "--format=%(refname:short)", "refs/heads", cwd=root).split()


def test_a_detached_root_is_no_trunk(tmp_path: Path) -> None:
    built = fixture("merged-not-completed/bad-merged", tmp_path)
    git("checkout", "-q", "--detach", cwd=built.root)
    assert found(built) == []
    assert skipped(built, "merged-not-completed") == ["the root checkout is on no branch, not on trunk (main)"]


def test_a_worktree_that_is_missing_and_locked_may_come_back(tmp_path: Path) -> None:
    """Git keeps such a record: the folder is on a disk that isn't always there."""
    built = fixture("register-orphan/bad-worktree", tmp_path)
    assert ("register-orphan", "removed") in found(built)
    git("worktree", "lock", "--reason", "on the other disk", ".worktrees/missing", cwd=built.root)
    assert ("register-orphan", "missing") not in found(built)
    assert skipped(built, "register-orphan") == [
        "its worktree .worktrees/missing is missing and locked: it may lie on a disk that isn't there now"
    ]


def test_an_entry_of_another_person_whose_worktree_is_locked_is_not_removed(tmp_path: Path) -> None:
    built = fixture("misrouted-task/bad-worktree-gone", tmp_path)
    git("worktree", "add", "-q", "-b", "task/write-docs", ".worktrees/write-docs", cwd=built.root)
    git("worktree", "lock", ".worktrees/write-docs", cwd=built.root)
    shutil.rmtree(built.root / ".worktrees" / "write-docs")
    (misrouted,) = (finding for finding in look(built).findings if finding.rule == "misrouted-task")
    assert misrouted.fix is None


def test_a_worktree_whose_record_is_gone(tmp_path: Path) -> None:
    """The other direction: the folder is there, and git knows nothing of it any more."""
    built = fixture("register-orphan/good-worktree", tmp_path)
    assert found(built) == []
    shutil.rmtree(built.root / ".git" / "worktrees" / "there")
    assert found(built) == [], "that a link is broken is no proof that the work is over"
    (unseen,) = look(built).unseen
    cure = "git worktree add, in another folder: git has no record of this one"
    assert (unseen.where, unseen.cure) == ("worktree there", cure)
