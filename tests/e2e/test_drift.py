"""metadata-drift where histories are stacked, cut off or foreign, with real git and real worktrees."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck.checks import check_request, check_settled
from taskcheck.model.hosts import Processes
from taskcheck.model.report import Report
from taskcheck.model.sources import Fork, Repository
from taskcheck.store import Request, Where, open_store
from tests.e2e.repository import Repo
from tests.samples import growth

CONFIG = '[rules]\nselect = ["metadata-drift"]\n'


def task(status: str) -> str:
    return f"---\ntitle: X\nstatus: {status}\n---\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return repository(tmp_path)


def repository(folder: Path) -> Repo:
    repo = Repo(folder / "repo")
    repo.root.mkdir(parents=True)
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    repo.commit("first", **{"taskcheck.toml": CONFIG, "tasks/x.md": task("ready")})
    return repo


def worktree(repo: Repo, name: str, start: str = "main") -> Repo:
    path = repo.root.parent / name
    repo.git("worktree", "add", "-q", "-b", f"task/{name}", str(path), start)
    return Repo(path, repo.minutes)


def report(repo: Repo) -> Report:
    now = datetime(2026, 3, 24, 18, tzinfo=UTC)
    return check_request(
        Where(root=repo.root, third_party=False), Request(now=now, processes=Processes(host="here", started={}))
    )


def messages(repo: Repo) -> list[str]:
    found = report(repo)
    assert found.complete
    assert not found.skipped
    return [finding.message.partition(";")[0] for finding in found.findings]


def test_the_later_of_two_stacked_branches_speaks(repo: Repo) -> None:
    one = worktree(repo, "one")
    one.commit(**{"tasks/x.md": task("in_progress")})
    two = worktree(repo, "two", "task/one")
    two.commit(**{"tasks/x.md": task("in_review")})
    assert messages(repo) == ["x is ready in root, but in_review in worktree two"]


def test_a_branch_that_is_only_stacked_adds_no_voice(repo: Repo) -> None:
    one = worktree(repo, "one")
    one.commit(**{"tasks/x.md": task("in_progress")})
    two = worktree(repo, "two", "task/one")
    assert messages(repo) == ["x is ready in root, but in_progress in worktree one"]
    two.commit(new="new\n")
    assert messages(repo) == ["x is ready in root, but in_progress in worktree one"]


def test_the_tasks_own_worktree_speaks_for_what_both_have(repo: Repo) -> None:
    one = worktree(repo, "one")
    one.commit(**{"tasks/x.md": task("in_progress")})
    worktree(repo, "x", "task/one").commit(new="new\n")
    (repo.root / ".worktrees").mkdir()
    repo.git("worktree", "move", str(repo.root.parent / "x"), str(repo.root / ".worktrees" / "x"))
    assert messages(repo) == ["x is ready in root, but in_progress in its worktree"]


def test_the_later_one_may_not_have_committed_yet(repo: Repo) -> None:
    one = worktree(repo, "one")
    one.commit(**{"tasks/x.md": task("in_progress")})
    two = worktree(repo, "two", "task/one")
    (two.root / "tasks/x.md").write_text(task("in_review"))
    assert messages(repo) == ["x is ready in root, but in_review in worktree two"]


def test_what_the_earlier_one_has_not_committed_is_in_no_later_one(repo: Repo) -> None:
    one = worktree(repo, "one")
    one.commit(**{"tasks/x.md": task("in_progress")})
    two = worktree(repo, "two", "task/one")
    two.commit(**{"tasks/x.md": task("blocked")})
    (one.root / "tasks/x.md").write_text(task("in_review"))
    assert messages(repo) == [
        "x is ready in root, but in_review in worktree one (another worktree has another status)",
        "x is ready in root, but blocked in worktree two (another worktree has another status)",
    ]


def test_branches_side_by_side_conflict(repo: Repo) -> None:
    for name, status in (("one", "in_progress"), ("two", "in_review")):
        worktree(repo, name).commit(**{"tasks/x.md": task(status)})
    found = report(repo).findings
    assert len(found) == 2
    assert not any(finding.fix for finding in found)


def test_unrelated_history_is_skipped_with_the_reason(repo: Repo) -> None:
    other = worktree(repo, "other")
    other.git("checkout", "-q", "--orphan", "alone")
    other.commit(**{"tasks/x.md": task("in_review")})
    found = report(repo)
    assert not found.findings
    reason = "worktree other: its history and root's have no common commit"
    assert found.skipped == (("metadata-drift", reason),)


def test_a_branch_without_commits_yet_is_skipped_with_the_reason(repo: Repo) -> None:
    other = worktree(repo, "other")
    other.git("checkout", "-q", "--orphan", "unborn")
    (other.root / "tasks/x.md").write_text(task("in_review"))
    found = report(repo)
    assert not found.findings
    assert found.skipped == (("metadata-drift", "worktree other: it has no commit yet"),)


def test_a_shallow_clone_has_no_base_to_compare_with(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "work")
    repo.commit("later", new="new\n")
    repo.git("checkout", "-q", "work")
    repo.commit("work", **{"tasks/x.md": task("in_progress")})
    repo.git("checkout", "-q", "main")
    clone = ["clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo.root}", str(tmp_path / "shallow")]
    repo.git(*clone)
    shallow = Repo(tmp_path / "shallow", repo.minutes)
    shallow.git("worktree", "add", "-q", "-b", "work", str(tmp_path / "work"), "origin/work")
    found = report(shallow)
    assert not found.findings
    assert [rule for rule, _ in found.skipped] == ["metadata-drift"]


def test_the_newest_commit_is_the_one_of_the_latest_time(repo: Repo) -> None:
    """Where a clock was set back, that is not the one that was made last."""
    one = worktree(repo, "one")
    one.minutes += 120
    one.commit(new="1\n")
    one.minutes -= 60
    one.commit(new="2\n")
    now = datetime(2026, 3, 24, 18, tzinfo=UTC)
    look = check_settled(
        open_store(Where(root=repo.root, third_party=False)),
        Request(now=now, processes=Processes(host="here", started={})),
    )
    assert isinstance(look.sources.git, Repository)
    (checkout,) = look.sources.git.checkouts
    assert isinstance(checkout.fork, Fork)
    times = one.git("log", "-2", "--format=%cI").split()
    assert checkout.fork.newest_commit_at == max(map(datetime.fromisoformat, times))


def test_a_merge_that_keeps_an_older_status_takes_root_back(repo: Repo) -> None:
    """It changes nothing that either of its parents hasn't, and what it leaves out all the same."""
    one = worktree(repo, "one")
    one.commit(new="new\n")
    repo.commit(**{"tasks/x.md": task("in_progress")})
    one.minutes = repo.minutes
    one.git("merge", "-q", "--no-edit", "-s", "ours", "main")
    config = CONFIG.replace("metadata-drift", "stale-branch-copy")
    (repo.root / "taskcheck.toml").write_text(config)
    assert messages(repo) == ["x would go back from in_progress to ready when worktree one is merged"]


def test_a_tag_that_was_fetched_as_a_branch_is_the_commit_that_it_names(repo: Repo) -> None:
    repo.branch()
    repo.commit(**{"tasks/x.md": task("in_review")})
    repo.git("tag", "-a", "-m", "tagged", "v1")
    repo.on_main()
    repo.git("update-ref", "refs/remotes/origin/v1", "v1")
    (repo.root / "taskcheck.toml").write_text(CONFIG + '[checkouts]\nbranches = ["origin/v*"]\n')
    repo.git("branch", "-D", "task/x")
    assert messages(repo) == ["x is ready in root, but in_review in branch origin/v1"]


def test_front_matter_of_many_lines_is_compared_in_bounded_time(tmp_path: Path) -> None:
    repos = {count: with_many_lines(tmp_path / str(count), count) for count in (4_000, 16_000)}

    def compare(count: int) -> None:
        assert messages(repos[count]) == ["x would go back from completed to ready when its worktree is merged"]

    assert growth(compare, 4_000) < 8


def with_many_lines(folder: Path, count: int) -> Repo:
    repo = repository(folder)
    lines = "#\n" * count
    (repo.root / "taskcheck.toml").write_text('[rules]\nselect = ["stale-branch-copy"]\n')
    repo.commit(**{"tasks/x.md": f"---\ntitle: X\nstatus: completed\n{lines}---\n"})
    worktree(repo, "x").commit(**{"tasks/x.md": f"---\ntitle: X\nstatus: ready\n#a\n{lines}---\n"})
    repo.commit(**{"tasks/x.md": f"---\ntitle: X\nstatus: completed\n{lines}#b\n#\n---\n"})
    return repo


ID_CONFIG = '[fields]\nid = "id"\n'


@pytest.mark.parametrize(
    ("config", "text"),
    [("", "---\ntitle: X\nstatus: {}\n---\n"), (ID_CONFIG, "---\nid: x\ntitle: X\nstatus: {}\n---\n")],
)
def test_a_file_that_a_worktree_renamed_is_the_same_task(config: str, text: str, repo: Repo) -> None:
    """Where its name is the id, it is known by its bytes and its title; where a key is, by that."""
    repo.commit(**{"tasks/x.md": text.format("ready"), "taskcheck.toml": CONFIG + config})
    one = worktree(repo, "one")
    one.git("mv", "tasks/x.md", "tasks/y.md")
    one.commit(**{"tasks/y.md": text.format("in_review")})
    found = [(finding.task, finding.message.partition(";")[0]) for finding in report(repo).findings]
    assert found == [("x", "x is ready in root, but in_review in worktree one")]
