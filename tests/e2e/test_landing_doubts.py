"""Branches that look as if they had landed, or as if they were the task's own: no safe fix takes them for done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import CONFIG, NOW, held, land, task


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("begun") / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    (repo.root / ".gitignore").write_text(".worktrees/\n.tasks/\ntasks/logs/\n")
    repo.commit("first", **{"taskcheck.toml": CONFIG, "code": "1\n", "tasks__x.md": task("in_review", branch="task/x")})
    return repo


@pytest.fixture
def repo(begun: Repo, tmp_path: Path) -> Repo:
    return begun.copied(tmp_path / "repo")


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


WORLDS: dict[Callable[[Repo], None], str] = {
    resolved_by_the_file_of_trunk: ", which merged it, dropped its changes to code",
    a_file_left_out_of_the_merge: ", which merged it, dropped its changes to more",
    conflicts_resolved_by_what_trunk_has: ", which merged it, dropped its changes to long",
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


ORDINARY = (
    land,
    resolved_by_lines_of_both,
    resolved_by_a_line_of_both,
    changed_in_a_file_that_trunk_has_renamed,
    changed_alike_on_trunk,
)
"""Worlds that look like some of the above, and in which the branch has landed as a whole."""


@pytest.mark.parametrize("world", ORDINARY, ids=lambda world: world.__name__)
def test_an_ordinary_landing_is_repaired(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=repo.root)
    assert "status: completed\n" in (repo.root / "tasks/x.md").read_text(), ran.out
