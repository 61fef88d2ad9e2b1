"""Branches that look as if they had landed, or as if they were the task's own: no safe fix takes them for done."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import NOW, begun, entry, held, land, register, repo, task

__all__ = ("begun", "repo")


def conflicting(repo: Repo) -> None:
    """A merge in which both sides changed a file, to be committed."""
    repo.branch()
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.commit(code="3\n")
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "--no-edit", "task/x")


def resolved_by_the_file_of_trunk(repo: Repo) -> None:
    conflicting(repo)
    repo.git("checkout", "--ours", "code")
    repo.commit("Merge branch 'task/x'")


def a_file_left_out_of_the_merge(repo: Repo) -> None:
    repo.branch()
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.commit(other="1\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "task/x")
    repo.git("rm", "-q", "-f", "more")
    repo.commit("Merge branch 'task/x'")


LONG = "".join(f"line {number}\n" for number in range(40))


def both_ends_changed(repo: Repo) -> None:
    """Branch and trunk changed line 3 of a file, and the branch another line too."""
    repo.commit(long=LONG)
    repo.branch()
    repo.commit(long=LONG.replace("line 3\n", "line three\n").replace("line 30\n", "line thirty\n"))
    repo.on_main()
    repo.commit(long=LONG.replace("line 3\n", "line III\n"))


def conflicts_resolved_by_what_trunk_has(repo: Repo) -> None:
    both_ends_changed(repo)
    repo.git("merge", "-q", "--no-edit", "-X", "ours", "task/x")


def with_y(repo: Repo) -> None:
    """Another task, whose branch has a commit."""
    repo.commit(**{"tasks__y.md": task("ready", branch="task/y")})
    repo.branch("task/y")
    repo.commit("Hotfix", code="2\n", more="more\n")


def only_a_fix_of_another_branch(repo: Repo) -> None:
    with_y(repo)
    repo.branch("task/x")
    repo.git("cherry-pick", "task/y")
    repo.on_main()
    repo.git("merge", "-q", "--squash", "task/y")
    repo.commit("Hotfix (#4)")


def moved_to_commits_that_no_branch_had(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach")
    repo.commit(code="2\n")
    repo.branch("task/x", "HEAD")
    repo.on_main()
    repo.git("merge", "-q", "--squash", "task/x")
    repo.commit("All of it (#5)")


def begun_and_merged_with_another_branch(repo: Repo) -> None:
    repo.branch("task/x")
    repo.commit("Begin", code="2\n")
    repo.branch("task/y", "task/x")
    repo.commit(other="y\n")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/y")


def changed_alike_by_others(repo: Repo) -> None:
    """A tool makes the same change on the branch and on trunk."""
    repo.branch()
    repo.commit("Update dependencies", code="2\n")
    repo.on_main()
    repo.commit("Update dependencies", code="2\n")


def goes_on_without_a_branch(repo: Repo) -> Repo:
    """A worktree on no branch, at a commit that was made there after the landing."""
    land(repo)
    repo.git("worktree", "add", "-q", "--detach", ".worktrees/x", "task/x")
    worktree = Repo(repo.root / ".worktrees/x", repo.minutes)
    worktree.commit(more="second\n")
    return worktree


def goes_on_and_git_keeps_no_logs(repo: Repo) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    goes_on_without_a_branch(repo)


def goes_on_and_has_pulled(repo: Repo) -> None:
    worktree = goes_on_without_a_branch(repo)
    repo.minutes = worktree.minutes
    repo.commit(other="1\n")
    worktree.minutes = repo.minutes
    worktree.git("pull", "-q", "--no-rebase", "--no-edit", str(repo.root), "main")


def goes_on_and_was_looked_at_elsewhere(repo: Repo) -> None:
    worktree = goes_on_without_a_branch(repo)
    head = worktree.head()
    worktree.git("checkout", "-q", "task/x")
    worktree.git("checkout", "-q", head)


def goes_on_and_was_pushed_under_another_name(repo: Repo) -> None:
    goes_on_without_a_branch(repo).git("update-ref", "refs/remotes/origin/x-part-2", "HEAD")


def pushed_on(repo: Repo, ref: str) -> None:
    """Somebody else has pushed more to the branch since it was merged here."""
    land(repo)
    repo.branch("theirs", "task/x")
    repo.git("update-ref", f"refs/remotes/{ref}", repo.commit(more="second\n"))
    repo.on_main()
    repo.git("branch", "-q", "-D", "theirs")


def follows(repo: Repo, branch: str, other: str) -> None:
    """A branch follows one of the usual remote."""
    settings = {"remote.origin.url": "x:y", "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*"}
    settings |= {f"branch.{branch}.remote": "origin", f"branch.{branch}.merge": f"refs/heads/{other}"}
    for name, value in settings.items():
        repo.git("config", name, value)


def goes_on_at_another_remote(repo: Repo) -> None:
    pushed_on(repo, "upstream/task/x")


def goes_on_under_another_name(repo: Repo) -> None:
    pushed_on(repo, "origin/ana/x")
    follows(repo, "task/x", "ana/x")


def logged_in(repo: Repo, how: str) -> None:
    """A branch that adds a line to a file, in which others change another one later."""
    repo.commit(long=LONG)
    repo.branch()
    repo.commit("Login", long=LONG.replace("line 30\n", "line 30\nlogin\n"))
    repo.on_main()
    repo.git("merge", "-q", *how.split(), "task/x")
    if "--squash" in how:
        repo.commit("Login (#5)")
    repo.commit("Header", long=(repo.root / "long").read_text().replace("line 1\n", "line one\n"))


def backed_out(repo: Repo) -> None:
    """By hand, and in words that no tool writes, with an entry in the changelog."""
    logged_in(repo, "--no-ff --no-edit")
    repo.commit("revert login: breaks SSO", long=LONG.replace("line 1\n", "line one\n"), CHANGELOG="login is out\n")


def backed_out_of_a_squash(repo: Repo) -> None:
    logged_in(repo, "--squash")
    repo.commit("Take it out again", long=LONG.replace("line 1\n", "line one\n"), CHANGELOG="login is out\n")


def fetched_with(repo: Repo, *refs: str) -> None:
    """Trunk as it was fetched is where root is, which has two commits less afterwards."""
    for ref in refs:
        repo.git("update-ref", f"refs/remotes/{ref}", "HEAD")
    repo.git("reset", "-q", "--hard", "HEAD~2")


def taken_out_and_not_pulled(repo: Repo) -> None:
    land(repo)
    repo.commit("Without the code", code="1\n")
    repo.commit("More", other="1\n")
    fetched_with(repo, "origin/main")


def taken_out_at_another_remote(repo: Repo) -> None:
    land(repo)
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.commit("Without the code", code="1\n")
    repo.commit("More", other="1\n")
    fetched_with(repo, "upstream/main")


def forced_out(repo: Repo) -> None:
    """Somebody has pushed a trunk without the merge over the one that had it."""
    land(repo)
    repo.git("update-ref", "--create-reflog", "refs/remotes/origin/main", "HEAD")
    repo.branch("theirs", "main~1")
    repo.git("update-ref", "--create-reflog", "refs/remotes/origin/main", repo.commit(other="1\n"))
    repo.on_main()
    repo.git("branch", "-q", "-D", "theirs")


WORLDS: dict[Callable[[Repo], None], str] = {
    resolved_by_the_file_of_trunk: ", which merged it, dropped its changes to code",
    a_file_left_out_of_the_merge: ", which merged it, dropped its changes to more",
    conflicts_resolved_by_what_trunk_has: ", which merged it, dropped its changes to long",
    only_a_fix_of_another_branch: "no commit was made on the branch itself, so its work may be another's",
    moved_to_commits_that_no_branch_had: "no commit was made on the branch itself, so its work may be another's",
    begun_and_merged_with_another_branch: " brought it in, as a part of another branch",
    changed_alike_by_others: " may be others' work: neither its author nor its message tells that it is of the branch",
    goes_on_and_git_keeps_no_logs: "worktree x is at newer commits than root has",
    goes_on_and_has_pulled: "worktree x is at newer commits than root has",
    goes_on_and_was_looked_at_elsewhere: "worktree x is at newer commits than root has",
    goes_on_and_was_pushed_under_another_name: "worktree x is at newer commits than root has",
    goes_on_at_another_remote: "another branch of the task, upstream/task/x, hasn't landed",
    goes_on_under_another_name: "another branch of the task, origin/ana/x, hasn't landed",
    backed_out: "no line that it added is left in root",
    backed_out_of_a_squash: "no line that it added is left in root",
    taken_out_and_not_pulled: "origin/main, which isn't pulled yet, has code as it was before",
    taken_out_at_another_remote: "upstream/main, which isn't pulled yet, has code as it was before",
    forced_out: "origin/main had it once, and was set to commits without it",
}
"""Worlds in which the branch has landed, and something speaks against its being all of the work: what does."""


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_a_doubtful_landing_is_told_and_not_repaired(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    before = held(repo.root)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert {path: data for path, data in held(repo.root).items() if before[path] != data} == {}
    told = {
        finding["rule"]: finding
        for incident in ran.json["incidents"]
        for finding in incident["findings"]
        if incident["task"] == "x"
    }
    fix = told["merged-not-completed"]["fix"]
    assert fix["safety"] == "unsafe"
    assert WORLDS[world] in fix["why"]


def resolved_by_lines_of_both(repo: Repo) -> None:
    conflicting(repo)
    repo.commit("Merge branch 'task/x'", code="2\n3\n")


def resolved_by_a_line_of_both(repo: Repo) -> None:
    both_ends_changed(repo)
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "--no-edit", "task/x")
    merged = LONG.replace("line 3\n", "line III or three\n").replace("line 30\n", "line thirty\n")
    repo.commit("Merge branch 'task/x'", long=merged)


def changed_in_a_file_that_trunk_has_renamed(repo: Repo) -> None:
    repo.commit(code="".join(f"{number}\n" for number in range(20)))
    repo.branch()
    repo.commit(code="".join(f"{number}\n" for number in range(21)))
    repo.on_main()
    repo.git("mv", "code", "source")
    repo.commit("rename")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def changed_alike_on_trunk(repo: Repo) -> None:
    """What the branch changed in one of its files, somebody else had changed on trunk already."""
    repo.branch()
    repo.commit(code="2\n", more="more\n")
    repo.on_main()
    repo.commit(code="2\n")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def squashed_by_the_name_of_the_task(repo: Repo) -> None:
    repo.branch("task/fix-login")
    repo.commit(code="2\n")
    repo.on_main()
    repo.commit(**{"tasks__x.md": task("in_review", branch="task/fix-login")})
    repo.git("merge", "-q", "--squash", "task/fix-login")
    repo.commit("fix-login: all of it")


def picked(repo: Repo) -> None:
    repo.branch()
    repo.commit(code="2\n")
    repo.on_main()
    repo.commit(other="1\n")
    repo.git("cherry-pick", "task/x")


def squashed_in_several_steps(repo: Repo) -> None:
    """Several commits that are one on trunk, which doesn't say of what."""
    repo.branch()
    repo.commit(code="2\n")
    repo.commit(more="more\n")
    repo.on_main()
    repo.git("merge", "-q", "--squash", "task/x")
    repo.commit("Log in")


def fetched_and_squashed(repo: Repo) -> None:
    """Somebody else has made the branch, and here it was only checked out."""
    repo.branch("theirs")
    repo.git("update-ref", "refs/remotes/origin/task/x", repo.commit(code="2\n"))
    repo.branch("task/x", "origin/task/x")
    repo.on_main()
    repo.git("branch", "-q", "-D", "theirs")
    repo.git("merge", "-q", "--squash", "task/x")
    repo.commit("All of it (#5)")


def merged_with_a_commit_of_the_forge(repo: Repo) -> None:
    """A suggestion was accepted on the forge before the merge; nobody pulled the branch."""
    repo.branch()
    repo.commit(code="2\n")
    repo.branch("forge", "task/x")
    repo.commit(more="more\n")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #5 from acme/task/x", "forge")
    repo.git("branch", "-q", "-D", "forge")


def made_to_follow_what_all_follow(repo: Repo) -> None:
    """Branches that were begun at a branch of the remote follow that one; it has others' work by now."""
    pushed_on(repo, "origin/develop")
    follows(repo, "task/x", "develop")
    follows(repo, "main", "develop")


def changed_since_in_part(repo: Repo) -> None:
    repo.commit(long=LONG)
    repo.branch()
    repo.commit(long=LONG.replace("line 30\n", "line 30\nlogin\nlogout\n"))
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    repo.commit(long=(repo.root / "long").read_text().replace("login\n", "log in\n"))


def renamed_and_changed_since(repo: Repo) -> None:
    land(repo)
    repo.git("mv", "code", "source")
    repo.commit(source="3\n")


ORDINARY = (
    land,
    resolved_by_lines_of_both,
    resolved_by_a_line_of_both,
    changed_in_a_file_that_trunk_has_renamed,
    changed_alike_on_trunk,
    squashed_by_the_name_of_the_task,
    picked,
    squashed_in_several_steps,
    fetched_and_squashed,
    merged_with_a_commit_of_the_forge,
    made_to_follow_what_all_follow,
    changed_since_in_part,
    renamed_and_changed_since,
)
"""Worlds that look like some of the above, and in which the branch has landed as a whole."""


@pytest.mark.parametrize("world", ORDINARY, ids=lambda world: world.__name__)
def test_an_ordinary_landing_is_repaired(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert "status: completed\n" in (repo.root / "tasks/x.md").read_text(), ran.out


def stacked(repo: Repo) -> None:
    """The branch begins where that of another task ends, and has no commit of its own yet."""
    with_y(repo)
    repo.git("branch", "task/x", "task/y")
    repo.on_main()
    repo.git("merge", "-q", "--squash", "task/y")
    repo.commit("Hotfix (#4)")


def stacked_and_brought_up_to_date(repo: Repo) -> None:
    repo.git("branch", "task/x")
    with_y(repo)
    repo.git("checkout", "-q", "task/x")
    repo.git("merge", "-q", "--ff-only", "task/y")
    repo.on_main()
    repo.git("branch", "-q", "-m", "task/y", "y")
    repo.git("merge", "-q", "--squash", "y")
    repo.commit("Hotfix (#4)")


CI = "".join(f"{job}:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n  e: 5\n  f: 6\n  g: 7\n  h: 8\n" for job in ("test", "docs"))


def the_same_lines_at_another_place(repo: Repo) -> None:
    test, docs = CI[: len(CI) // 2], CI[len(CI) // 2 :]
    line = "  d: 4\n", "  d: 4\n  timeout: 9\n"
    repo.commit(ci=CI)
    repo.branch()
    repo.commit("Timeout", ci=test + docs.replace(*line))
    repo.on_main()
    repo.commit("Timeout (#7)", ci=test.replace(*line) + docs)


@pytest.mark.parametrize(
    "world",
    [stacked, stacked_and_brought_up_to_date, the_same_lines_at_another_place],
    ids=lambda world: world.__name__,
)
def test_a_branch_without_a_landing_of_its_own_is_not_told(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert not [incident for incident in ran.json["incidents"] if incident["task"] == "x"]


def test_a_branch_that_another_remote_alone_has_keeps_its_entry(repo: Repo) -> None:
    repo.branch()
    repo.git("update-ref", "refs/remotes/upstream/task/x", repo.commit(more="more\n"))
    repo.on_main()
    repo.git("branch", "-q", "-D", "task/x")
    (repo.root / ".worktrees").mkdir()
    register(repo, x=entry(branch="task/x", worktree_path=".worktrees/x"))
    ran = taskcheck("--now", NOW, "--format", "json", cwd=repo.root)
    (found,) = (finding for incident in ran.json["incidents"] for finding in incident["findings"])
    assert found["rule"] == "register-orphan"
    assert found["fix"]["why"] == "its branch task/x is still there, and may say more than root"
