"""Has root what the merge of a pull request made, and has it it yet? With real git.

A yes makes a fix safe, so it must never be wrong: what was taken back in part is no yes, and a doubt is none either.
"""

from pathlib import Path

import pytest

from taskcheck.model.sources import Merge
from taskcheck.read.git import Git
from taskcheck.read.history import History
from taskcheck.read.merges import REBASED, MergeReader
from tests.e2e.repository import Repo

HOW = ["squash", "merge", "rebase"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("begun") / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    repo.commit("first", code="1\n", other="1\n", tasks__x="status: ready\n")
    repo.commit("second", code="2\n")
    return repo


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


def verdict(repo: Repo, commit: str) -> Merge:
    head = repo.git("rev-parse", "main")
    with Git(repo.root) as git:
        shallow = git.repository().shallow
        there = [commit] if commit in git.objects.infos([commit]) else []
        history = History.of(
            git, head, there, shallow=shallow, is_task=lambda path: path.startswith("tasks/"), line=REBASED + 1
        )
        return MergeReader(history).landed(commit, 12)


def merge(repo: Repo, how: str, commits: int = 2) -> str:
    """A pull request with some commits, merged as GitHub does; the commit that it names as made by the merge."""
    repo.branch()
    for number in range(commits):
        last = {"tasks__x": "status: in_review\n"} if number == commits - 1 else {}
        repo.commit(f"step {number}", **{f"new{number}": "new\n"}, **last)
    repo.on_main()
    repo.commit("elsewhere", other="2\n")
    if how == "merge":
        repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #12 from acme/task/x\n\nAdd it", "task/x")
    elif how == "squash":
        repo.git("merge", "-q", "--squash", "task/x")
        repo.commit("Add it (#12)")
    else:
        repo.git("cherry-pick", "main..task/x")
    return repo.git("rev-parse", "HEAD")


def revert(repo: Repo, made: str, *, message: str | None = None, commits: int = 2) -> str:
    """Take all of it back in one commit, by whatever was it merged."""
    how = ["-m1"] if len(repo.git("rev-list", "--parents", "-1", made).split()) > 2 else []
    rebased = not how and "(#12)" not in repo.git("log", "-1", "--format=%s", made)
    repo.git("revert", "--no-commit", *how, *([f"{made}~{commits}..{made}"] if rebased else [made]))
    return repo.commit(message or f'Revert "Add it"\n\nThis reverts commit {made}.')


@pytest.mark.parametrize("how", HOW)
def test_what_root_has_has_landed(repo: Repo, how: str) -> None:
    made = merge(repo, how)
    assert verdict(repo, made).merged is True
    repo.commit("later", new0="more\n", other="3\n", tasks__x="status: ready\n")
    assert verdict(repo, made).merged is True, "a task file that is set back says nothing"


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "message",
    [
        None,
        'Revert "Add it" (#13)\n\nReverts acme/shop#12',
        'Revert "Add it" (#13)',
        "Take it back (#13)\n\nReverts #12",
        "This reverts merge request !12",
        "Oops",
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_what_was_taken_back_has_not(repo: Repo, how: str, message: str | None, later: bool) -> None:
    made = merge(repo, how)
    revert(repo, made, message=message)
    if later:
        repo.commit("later", other="3\n")
    assert verdict(repo, made).merged is not True


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("words", [True, False])
def test_what_was_taken_back_in_part_has_not(repo: Repo, how: str, words: bool) -> None:
    made = merge(repo, how)
    if how == "rebase" or (how == "merge" and words):
        repo.git("revert", "--no-edit", f"{made}~1" if how == "rebase" else "task/x~1")
        if not words:
            repo.git("commit", "-q", "--amend", "-m", "Without it")
    else:
        repo.git("rm", "-q", "new0")
        repo.commit("Without the first of it" if not words else "Revert a part of #12")
    assert verdict(repo, made).merged is not True


@pytest.mark.parametrize("how", HOW)
def test_what_was_reverted_and_then_written_anew_in_its_files_is_no_yes(repo: Repo, how: str) -> None:
    made = merge(repo, how)
    revert(repo, made, message='Revert "Add it" (#13)\n\nReverts acme/shop#12')
    repo.commit("another way", new0="other\n", new1="other\n")
    assert verdict(repo, made).merged is not True


@pytest.mark.parametrize("how", ["squash", "merge"])
@pytest.mark.parametrize(
    "messages",
    [
        (None, None),
        ('Revert "Add it" (#13)\n\nReverts acme/shop#12', 'Revert "Revert "Add it"" (#14)\n\nReverts acme/shop#13'),
        ('Revert "Add it" (#13)\n\nReverts acme/shop#12', 'Reapply "Add it" (#14)'),
        ('Revert "Add it" (#13)', 'Revert "Revert "Add it"" (#14)'),
    ],
)
def test_the_revert_was_reverted(repo: Repo, how: str, messages: tuple[str | None, str | None]) -> None:
    made = merge(repo, how)
    back = revert(repo, made, message=messages[0])
    repo.git("revert", "--no-edit", back)
    if messages[1]:
        repo.git("commit", "-q", "--amend", "-m", messages[1])
    assert verdict(repo, made).merged is True
    again = repo.git("rev-parse", "HEAD")
    repo.git("revert", "--no-edit", again)
    assert verdict(repo, made).merged is not True


@pytest.mark.parametrize("how", HOW)
def test_a_revert_of_something_else_is_no_matter(repo: Repo, how: str) -> None:
    other = repo.commit("Something else (#11)", more="more\n")
    made = merge(repo, how)
    repo.git("revert", "--no-edit", other)
    if how != "rebase":
        repo.git("commit", "-q", "--amend", "-m", 'Revert "Something else" (#13)\n\nReverts acme/shop#11')
        assert verdict(repo, made).merged is True
    else:
        assert verdict(repo, made).merged is None, "how far a rebase reaches nobody knows"


def test_lost_in_a_merge(repo: Repo) -> None:
    repo.git("branch", "old")
    made = merge(repo, "squash")
    repo.git("checkout", "-q", "old")
    repo.commit("theirs", other="9\n")
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge main, ours", "main")
    repo.on_main()
    repo.git("merge", "-q", "--ff-only", "old")
    assert verdict(repo, made).merged is not True


def test_what_root_has_not(repo: Repo) -> None:
    repo.branch()
    tip = repo.commit("apart", new="new\n")
    assert verdict(repo, tip).merged is None
    assert verdict(repo, "f" * 40).merged is None
    tree = repo.git("rev-parse", "main^{tree}")
    assert verdict(repo, tree).merged is None
