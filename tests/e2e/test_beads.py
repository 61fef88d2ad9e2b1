"""A store of beads: issues in the lines of a file that only `bd` writes, so that taskcheck says what bd is to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import TASKCHECK

Store = Callable[..., Path]
FILE = ".beads/issues.jsonl"


def issue(number: int, status: str = "open", *needs: str, **more: Any) -> dict[str, Any]:
    name = f"bd-{number}"
    links = [{"issue_id": name, "depends_on_id": need, "type": "blocks"} for need in needs]
    return {"id": name, "title": f"Issue {number}", "status": status, "dependencies": links, **more}


def lines(*issues: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in issues)


def found(root: Path, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    report = taskcheck("--format", "json", *arguments, cwd=root).json
    assert report["complete"], report["errors"]
    return {
        (incident["task"], finding["rule"]): {
            **finding,
            "next": incident["next"]["text"],
            "note": incident["next"]["note"],
        }
        for incident in report["incidents"]
        for finding in incident["findings"]
    }


def test_issues_are_read_and_what_is_wrong_is_told_with_its_line(store: Store) -> None:
    gone = {"issue_id": "bd-3", "depends_on_id": "bd-9", "type": "discovered-from"}
    root = store(
        {
            FILE: lines(
                issue(1, "closed"),
                issue(2, "open", "bd-1", "bd-7", "gt-7", "external:x:y"),
                issue(3, dependencies=[gone]),
                issue(4, "in_review"),
            )
        }
    )
    told = found(root)
    assert set(told) == {("bd-2", "unknown-dependency"), ("bd-4", "invalid-field")}
    dangling = told["bd-2", "unknown-dependency"]
    assert "bd-7" in dangling["message"]
    assert (dangling["path"], dangling["line"]) == (FILE, 2)
    assert dangling["next"].startswith("use bd so that the dependency names a task")
    assert dangling["next"].endswith(f"(bd writes {FILE}:2)")


@pytest.mark.parametrize("statuses", [("open", "closed"), ("open", "open")])
def test_one_id_in_two_lines_is_told(store: Store, statuses: tuple[str, str]) -> None:
    """As a merge leaves them that kept the lines of both sides."""
    first, second = statuses
    root = store({FILE: lines(issue(1, first), issue(2), issue(1, second))})
    finding = found(root)["bd-1", "duplicate-task"]
    assert [each["line"] for each in finding["evidence"]] == [1, 3]


@pytest.mark.parametrize("name", ["../bd-1", "a/../../b", "/etc", "a#/..", "--help", "a b; rm -r c", "x\u0000y\u202e"])
def test_an_issue_may_be_called_anything(store: Store, name: str) -> None:
    root = store({FILE: lines(issue(1, id=name), issue(2), issue(3, "odd", id=name))})
    told = found(root)
    assert {rule for _, rule in told} == {"duplicate-task", "invalid-field"}
    assert {(finding["path"], finding["line"]) for finding in told.values()} == {(FILE, 3)}


@pytest.mark.parametrize(
    "left", ["<<<<<<< HEAD\n", '{"id": "bd-2", "status"', '[{"id": "bd-2", "status": "open"}]', " 7"]
)
def test_a_line_that_cannot_be_read_is_told(store: Store, left: str) -> None:
    root = store({FILE: lines(issue(1)) + left})
    ran = taskcheck(cwd=root)
    assert ran.code == 1
    assert f"{FILE}:2" in ran.out
    assert "front matter" not in ran.out
    assert "---" not in ran.out


def run(root: Path, number: int, *finish: str) -> Any:
    worker = f"{TASKCHECK} finish bd-{number} {' '.join(finish)}"
    return taskcheck("run", f"bd-{number}", "--", "sh", "-c", worker, cwd=root)


def test_a_run_ends_and_bd_is_to_say_so(store: Store) -> None:
    root = store({FILE: lines(issue(1, assignee="ana"), issue(2, "blocked"))})
    before = (root / FILE).read_bytes()
    ran = run(root, 1, "--outcome blocked --reason 'no key'")
    assert ran.code == 0, ran.err
    assert "bd-1 is still open, which only bd changes" in ran.err
    finding = found(root)["bd-1", "dispatch-completed-unreconciled"]
    assert finding["next"] == "bd update bd-1 --status blocked"
    assert finding["fix"] is None
    fixed = taskcheck("--fix", "--unsafe-fixes", cwd=root)
    assert fixed.code == 1
    assert (root / FILE).read_bytes() == before, "only bd writes it"
    (root / FILE).write_text(lines(issue(1, "blocked", assignee="ana"), issue(2, "blocked")))
    assert ("bd-1", "dispatch-completed-unreconciled") not in found(root)


def test_a_branch_that_closed_an_issue_and_was_merged_is_told_once(store: Store) -> None:
    root = store({FILE: lines(issue(1, "in_progress"), issue(2))})
    git("worktree", "add", "-q", "-b", "task/bd-1", ".worktrees/bd-1", cwd=root)
    copy = root / ".worktrees/bd-1" / FILE
    copy.write_text(lines(issue(1, "closed"), issue(2)))
    git("commit", "-q", "-am", "Close it", cwd=root / ".worktrees/bd-1")
    assert found(root) == {}, "a branch speaks once it is merged"
    git("merge", "-q", "--no-ff", "-m", "Merge it", "task/bd-1", cwd=root)
    assert found(root) == {}
    (root / FILE).write_text(lines(issue(1, "in_progress"), issue(2)))
    git("commit", "-q", "-am", "Export what the database says", cwd=root)
    (told,) = [finding for (task, _), finding in found(root).items() if task == "bd-1"]
    assert told["next"] == "bd update bd-1 --status closed"


def test_a_command_of_bd_that_nobody_can_vouch_for_says_so(store: Store) -> None:
    """That a branch is called like the issue is all that ties them."""
    root = store({FILE: lines(issue(1, "in_progress"), issue(2)), ".gitignore": ".worktrees/\n"})
    git("branch", "task/bd-1", cwd=root)
    git("worktree", "add", "-q", ".worktrees/bd-1", "task/bd-1", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "Work", cwd=root / ".worktrees/bd-1")
    git("merge", "-q", "--no-ff", "-m", "Merge it", "task/bd-1", cwd=root)
    told = found(root)["bd-1", "merged-not-completed"]
    assert told["next"] == "bd update bd-1 --status closed"
    assert told["note"].startswith("not safe: ")


def test_a_timeline_names_the_file_of_an_issue(store: Store) -> None:
    root = store({FILE: lines(issue(1), issue(2))})
    ran = taskcheck("timeline", "bd-1", cwd=root)
    assert FILE in ran.out
    assert f"{FILE}#" not in ran.out


def test_a_timeline_tells_what_commits_made_of_an_issue(store: Store) -> None:
    root = store({FILE: lines(issue(1), issue(2))})
    for issues in ([issue(1), issue(2, "closed")], [issue(1, "blocked"), issue(2, "closed")]):
        (root / FILE).write_text(lines(*issues))
        git("commit", "-q", "-am", "Export", cwd=root)
    ran = taskcheck("timeline", "bd-1", cwd=root)
    assert "added to root as open" in ran.out
    assert ran.out.count("root's status: ") == 1
    assert "root's status: open → blocked" in ran.out


@pytest.mark.parametrize(
    ("linked", "added", "rule"),
    [
        (False, issue(7, "odd"), "invalid-field"),
        (False, issue(2), "duplicate-task"),
        (False, issue(7, "open", "bd-8"), "unknown-dependency"),
        (False, issue(7), None),
        (True, issue(7, "odd"), "invalid-field"),
        (True, issue(7, "open", "bd-8"), "unknown-dependency"),
        (True, issue(7), None),
    ],
)
def test_a_commit_is_stopped_for_what_it_brings_to_the_file(
    store: Store, linked: bool, added: dict[str, Any], rule: str | None
) -> None:
    """The file has a fault already, for which no commit is stopped."""
    before = [issue(1, "strange"), issue(2)]
    root = store({FILE: lines(*before), ".gitignore": ".worktrees/\n", "README.md": "Read me.\n"})
    top = root
    if linked:
        top = root / ".worktrees/bd-2"
        git("worktree", "add", "-q", "-b", "task/bd-2", str(top), cwd=root)
    (top / "README.md").write_text("Read me first.\n")
    git("add", "README.md", cwd=top)
    assert taskcheck("--gate", "commit", cwd=top).code == 0, "what is there already stops nothing"
    (top / FILE).write_text(lines(*before, added))
    git("add", FILE, cwd=top)
    ran = taskcheck("--gate", "commit", cwd=top)
    assert ran.code == (1 if rule else 0), ran.out
    if rule:
        told = ran.out.partition("other findings, which")[0]
        assert rule in told
        assert "bd-1" not in told
