"""Worlds beside those that the rules were made for: the same faults in other shapes, and what only looks like them."""

from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import NOW, begun, repo, task

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
