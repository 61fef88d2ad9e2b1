"""Has a branch landed? Every way in which branches land, and look as if they had, with real git.

A yes makes fixes safe: it must never be wrong. Where git alone can't tell, the verdict is unknown, not no.
"""

from pathlib import Path

import pytest

from taskcheck.model.sources import Merge
from taskcheck.read.git import Git
from taskcheck.read.history import History
from taskcheck.read.merges import MergeReader
from taskcheck.read.runner import GitError
from tests.e2e.repository import Repo

FEATURE = "".join(f"line {number}\n" for number in range(1, 30))


def verdict(repo: Repo, branch: str = "task/x", *, reflog: bool = True) -> Merge:
    tip = repo.git("rev-parse", f"refs/heads/{branch}")
    with Git(repo.root) as git:
        reader = MergeReader(
            history_of(git, repo.git("rev-parse", "main"), tip),
            reflogs=repo.root / ".git/logs/refs/heads" if reflog else None,
        )
        return reader.verdict(tip, branch)


def history_of(git: Git, head: str, tip: str) -> History:
    shallow = git.repository().shallow
    return History.of(git, head, [tip], shallow=shallow, is_task=lambda path: path.startswith("tasks/"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("begun") / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    repo.commit("first", code=FEATURE, other="1\n", tasks__x="status: ready\n")
    return repo


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


def work(repo: Repo, *, commits: int = 1, task: bool = False) -> None:
    """A branch task/x with some commits; then main moves on elsewhere."""
    repo.branch()
    for number in range(commits):
        extra = {"tasks__x": f"status: step {number}\n"} if task else {}
        repo.commit(
            f"step {number}", **{f"new{number}": f"new {number}\n", "code": FEATURE + f"more {number}\n"}, **extra
        )
    repo.on_main()
    repo.commit("elsewhere", other="2\n")


def squash(repo: Repo, message: str = "task x (#12)") -> str:
    repo.git("merge", "-q", "--squash", "task/x")
    return repo.commit(message)


def test_merged_by_a_merge_commit(repo: Repo) -> None:
    work(repo, commits=2)
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    repo.commit("later", other="3\n")
    assert verdict(repo).merged is True
    assert verdict(repo, reflog=False).merged is True, "the merge commit names the branch"


@pytest.mark.parametrize(
    ("subject", "merged"),
    [
        ("Merge pull request #12 from acme/task/x", True),
        ("Merge branch 'task/x' into 'main'", True),
        ("Merge remote-tracking branch 'origin/task/x'", True),
        ("Merged in task/x (pull request #12)", True),
        ("Merge branch 'main' into 'task/x'", None),
        ("Merge branch 'task/x2'", None),
        ("Merge pull request #12 from acme/task/task/x", None),
        ("Ship it", None),
    ],
)
def test_a_merge_commit_that_names_the_branch_or_not(repo: Repo, subject: str, merged: bool | None) -> None:
    work(repo)
    repo.git("merge", "-q", "--no-ff", "-m", subject, "task/x")
    assert verdict(repo, reflog=False).merged is merged
    assert verdict(repo).merged is True, "the branch's reflog knows that the commit was made there"


def test_rebased(repo: Repo) -> None:
    work(repo, commits=3)
    repo.git("cherry-pick", "main..task/x")
    assert verdict(repo).merged is True


def test_rebased_in_part(repo: Repo) -> None:
    work(repo, commits=2)
    repo.git("cherry-pick", "task/x~1")
    assert verdict(repo).merged is None


@pytest.mark.parametrize("commits", [1, 4])
def test_squashed(repo: Repo, commits: int) -> None:
    work(repo, commits=commits)
    squash(repo)
    repo.commit("later", other="3\n")
    assert verdict(repo).merged is True


def test_squashed_after_root_had_taken_over_the_status(repo: Repo) -> None:
    work(repo, commits=2, task=True)
    repo.commit("reconcile", tasks__x="status: step 1\n")
    squash(repo)
    assert verdict(repo).merged is True


def test_squashed_with_a_late_revision(repo: Repo) -> None:
    work(repo, commits=2)
    repo.git("merge", "-q", "--squash", "task/x")
    repo.commit("task x (#12)", new0="revised in review\n")
    assert verdict(repo).merged is None


def test_squashed_with_a_conflict(repo: Repo) -> None:
    work(repo)
    repo.commit("meanwhile", code=FEATURE + "rival\n")
    repo.commit("task x (#12)", new0="new 0\n", code=FEATURE + "rival\nmore 0\n")
    assert verdict(repo).merged is None


def test_more_commits_after_the_squash(repo: Repo) -> None:
    work(repo)
    squash(repo)
    repo.git("checkout", "-q", "task/x")
    repo.commit("more", new9="9\n")
    repo.on_main()
    assert verdict(repo).merged is None


def test_open(repo: Repo) -> None:
    work(repo, commits=2)
    assert verdict(repo).merged is False


def test_open_on_an_unmoved_main(repo: Repo) -> None:
    repo.branch()
    repo.commit("step", new="new\n")
    repo.on_main()
    assert verdict(repo).merged is False


def test_open_while_main_changes_the_same_file(repo: Repo) -> None:
    work(repo)
    repo.commit("meanwhile", code="short\n")
    assert verdict(repo).merged is None


@pytest.mark.parametrize("how", ["squash", "merge", "rebase"])
@pytest.mark.parametrize("words", ["git", "forge", "none"])
def test_reverted(repo: Repo, how: str, words: str) -> None:
    work(repo)
    if how == "squash":
        squash(repo)
    elif how == "rebase":
        repo.git("cherry-pick", "task/x")
    else:
        repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    subject = repo.git("log", "-1", "--format=%s")
    repo.git("revert", "--no-edit", *(["-m1"] if how == "merge" else []), "HEAD")
    title = subject.removesuffix(" (#12)")
    if words != "git":
        message = f'Revert "{title}" (#13)\n\nReverts acme/repo#12' if words == "forge" else "Take it back"
        repo.git("commit", "-q", "--amend", "-m", message)
    assert verdict(repo).merged is False
    repo.commit("later", other="3\n")
    assert verdict(repo).merged is False


def test_reverted_inside_an_integration_branch(repo: Repo) -> None:
    work(repo)
    repo.branch("integration")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    repo.commit("and more", more="more\n")
    repo.on_main()
    repo.git("merge", "-q", "--no-ff", "--no-edit", "integration")
    assert verdict(repo).merged is True
    repo.git("revert", "--no-edit", "-m1", "HEAD")
    assert verdict(repo).merged is False


def test_the_revert_was_reverted(repo: Repo) -> None:
    work(repo)
    squash(repo)
    repo.git("revert", "--no-edit", "HEAD")
    repo.git("revert", "--no-edit", "HEAD")
    assert verdict(repo).merged is True


def test_landed_a_second_time_after_a_revert(repo: Repo) -> None:
    work(repo)
    squash(repo)
    repo.git("revert", "--no-edit", "HEAD")
    repo.commit("task x again", new0="new 0\n", code=FEATURE + "more 0\n")
    assert verdict(repo).merged is True


def test_fast_forwarded(repo: Repo) -> None:
    repo.branch()
    repo.commit("step", new="new\n")
    repo.on_main()
    repo.git("merge", "-q", "--ff-only", "task/x")
    repo.commit("later", other="2\n")
    assert verdict(repo).merged is None


def test_a_branch_without_commits(repo: Repo) -> None:
    repo.branch()
    repo.on_main()
    assert verdict(repo).merged is None
    repo.commit("later", other="2\n")
    assert verdict(repo).merged is None


def test_a_branch_without_commits_made_on_what_was_merged_later(repo: Repo) -> None:
    repo.branch("task/y")
    repo.commit("y", new="new\n")
    repo.branch("task/x", "task/y")
    repo.on_main()
    repo.commit("elsewhere", other="2\n")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/y")
    assert verdict(repo, "task/y").merged is True
    assert verdict(repo, "task/x").merged is None, "it stands on the same commit, which isn't its own"


def test_a_branch_without_commits_made_on_upstream_that_was_pulled_in(repo: Repo) -> None:
    repo.git("branch", "upstream")
    repo.commit("local", other="2\n")
    repo.git("checkout", "-q", "upstream")
    repo.commit("theirs", new="new\n")
    repo.branch("task/x", "upstream")
    repo.on_main()
    repo.git("merge", "-q", "-m", "Merge remote-tracking branch 'origin/main'", "upstream")
    assert verdict(repo).merged is None


def test_a_branch_that_was_set_back_to_another(repo: Repo) -> None:
    repo.branch("task/y")
    repo.commit("y", new="new\n")
    repo.branch("task/x", "main")
    repo.commit("dropped", dropped="1\n")
    repo.git("reset", "-q", "--hard", "task/y")
    repo.on_main()
    repo.commit("elsewhere", other="2\n")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/y")
    assert verdict(repo).merged is None


def test_an_empty_commit(repo: Repo) -> None:
    repo.branch()
    repo.commit("nothing")
    repo.on_main()
    repo.commit("later", other="2\n")
    assert verdict(repo).merged is None


def test_an_empty_file_that_trunk_has_from_somebody_else(repo: Repo) -> None:
    repo.branch()
    repo.commit("begin", src____init__py="")
    repo.on_main()
    repo.commit("elsewhere", src____init__py="")
    assert verdict(repo).merged is None


def test_only_the_status_and_root_says_the_same(repo: Repo) -> None:
    """What a reconciled root looks like: the worker's line, written on both sides, is no landing."""
    repo.branch()
    repo.commit("claim", tasks__x="status: in_progress\n")
    repo.on_main()
    repo.commit("reconcile", tasks__x="status: in_progress\n")
    assert verdict(repo).merged is None


def test_a_fix_that_was_taken_over_from_main(repo: Repo) -> None:
    repo.branch()
    repo.on_main()
    fix = repo.commit("hotfix", code=FEATURE.replace("line 3", "line three"))
    repo.git("checkout", "-q", "task/x")
    repo.git("cherry-pick", fix)
    repo.on_main()
    assert verdict(repo).merged is None, "main had it first: the work has only begun"


def test_two_binary_files_of_one_name(repo: Repo) -> None:
    repo.branch()
    repo.commit("one", blob="\0one")
    repo.on_main()
    repo.commit("other", blob="\0other")
    assert verdict(repo).merged is None


def test_unrelated_history(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "task/x")
    repo.commit("alone", new="new\n")
    repo.on_main()
    assert verdict(repo).merged is None


@pytest.mark.parametrize("how", ["merge", "squash", "open"])
def test_a_shallow_clone(repo: Repo, tmp_path: Path, how: str) -> None:
    work(repo)
    if how == "merge":
        repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    elif how == "squash":
        squash(repo)
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo.root}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow", minutes=repo.minutes)
    shallow.git("branch", "task/x", "origin/task/x")
    assert verdict(shallow).merged is None


def merged(repo: Repo) -> None:
    """A merge of the branch into a main that has moved on, without looking at any file: there are submodules."""
    repo.on_main()
    repo.git("commit", "-q", "--allow-empty", "-m", "elsewhere")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


def submodule(repo: Repo, commit: str) -> None:
    """A commit that sets a submodule to one of its own commits, which are in no repository here."""
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit * 40},lib")
    repo.git("commit", "-q", "-m", f"lib {commit}")


def test_a_submodule(repo: Repo) -> None:
    """Git has no object for it, at its new commit as little as at the one that was set back."""
    submodule(repo, "1")
    repo.branch()
    submodule(repo, "2")
    merged(repo)
    assert verdict(repo).merged is True
    (repo.root / "other").write_text("2\n")
    repo.git("add", "other")
    submodule(repo, "1")
    assert verdict(repo).merged is None


def test_a_new_submodule(repo: Repo) -> None:
    repo.branch()
    submodule(repo, "1")
    merged(repo)
    assert verdict(repo).merged is True


def merged_file(repo: Repo, name: str) -> None:
    """A branch that made a file, merged."""
    repo.branch()
    path = repo.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("new\n")
    repo.commit()
    repo.on_main()
    repo.commit("elsewhere", other="2\n")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")


@pytest.mark.parametrize("name", ["a\nb", "b\r", "c\td", 'e"f', "lib/g h", "lib/~1", "{commit}"])
def test_a_file_with_an_odd_name(repo: Repo, name: str) -> None:
    """Some names git takes for a commit where it is asked for a file by name, or for another name."""
    name = name.format(commit=f"lib-g{repo.git('rev-parse', 'HEAD')[:10]}")
    merged_file(repo, name)
    assert verdict(repo).merged is True
    (repo.root / name).unlink()
    repo.commit("quietly", other="3\n")
    assert verdict(repo).merged is None


def test_a_file_that_became_a_folder(repo: Repo) -> None:
    merged_file(repo, "lib")
    (repo.root / "lib").unlink()
    repo.commit("quietly", lib__code="1\n")
    assert verdict(repo).merged is None


def test_a_file_set_back_to_content_that_git_has_lost(repo: Repo) -> None:
    """It is the one that was there before, whatever was in it."""
    work(repo)
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    repo.commit("quietly", code=FEATURE, other="3\n")
    blob = repo.git("rev-parse", "HEAD:code")
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert verdict(repo).merged is None


def test_a_folder_that_git_has_lost_is_told_whenever_it_is_asked_for(repo: Repo) -> None:
    repo.commit(lib__code="1\n")
    tree = repo.git("rev-parse", "HEAD:lib")
    (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    head = repo.git("rev-parse", "HEAD")
    with Git(repo.root) as git:
        history = history_of(git, head, head)
        assert history.at_root(["other", "lib"]).keys() == {"other"}
        for _ in range(2):
            with pytest.raises(GitError, match=tree):
                history.at_root(["lib/code"])


def test_reverted_in_part_after_two_histories_became_one(repo: Repo) -> None:
    """Root's own history ends sooner than the branch's, which has no commit in common with it."""
    repo.git("checkout", "-q", "--orphan", "task/x")
    repo.git("rm", "-rfq", ".")
    first = repo.commit("step", new="1\n")
    for number in range(4):
        repo.commit("step", new=f"{number}\n", more=f"{number}\n")
    repo.git("checkout", "-q", "--orphan", "trunk")
    repo.git("rm", "-rfq", ".")
    repo.commit("all anew", other="1\n")
    repo.git("branch", "-M", "trunk", "main")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "--allow-unrelated-histories", "task/x")
    assert verdict(repo).merged is True
    repo.commit(f"Out with it\n\nThis reverts commit {first}.", third="1\n")
    assert verdict(repo).merged is False


def test_two_histories_that_merged_each_other(repo: Repo) -> None:
    """Either tip is a merge-base of theirs: what one of them has beyond the other is all there, back to their fork."""
    repo.branch()
    for number in range(4):
        repo.commit(**{f"new{number}": "1\n"})
    repo.on_main()
    for number in range(4):
        repo.commit(**{f"other{number}": "1\n"})
    repo.git("branch", "before")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "task/x")
    repo.git("checkout", "-q", "task/x")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "before")
    head, tip = repo.git("rev-parse", "main"), repo.git("rev-parse", "task/x")
    with Git(repo.root) as git:
        history = history_of(git, head, tip)
        base = history.base(tip)
        assert base in repo.git("merge-base", "--all", head, tip).split()
        root, own = history.since(base), history.graph.between(base, tip)
        for commits, of in ((root, head), (own, tip)):
            names = {history.graph.names[number] for number in history.graph.members(commits)}
            assert names == set(repo.git("rev-list", f"{base}..{of}").split())


def test_the_reader_writes_nothing(repo: Repo) -> None:
    work(repo, commits=2)
    squash(repo)
    repo.git("revert", "--no-edit", "HEAD")
    before = sorted((path, path.stat().st_mtime_ns) for path in repo.root.rglob("*"))
    verdict(repo)
    assert sorted((path, path.stat().st_mtime_ns) for path in repo.root.rglob("*")) == before
