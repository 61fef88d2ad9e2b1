"""Real task stores of public projects: read whole, and their root and branch copies compared in real worktrees."""

import json
import re
import shutil
from pathlib import Path

import pytest

from taskcheck.check import Request, check
from taskcheck.finding import Report, Severity
from tests.conftest import corpus
from tests.e2e.conftest import git, taskcheck

BACKLOG_FOLDERS = ("tasks", "completed", "drafts", "archive/tasks", "archive/drafts")


def repository(source: Path, into: Path) -> Path:
    """A copy of a folder as a repository with one commit."""
    for entry in source.iterdir():
        if entry.is_dir():
            shutil.copytree(entry, into / entry.name, copy_function=shutil.copyfile)
    for folder in (into, *into.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    git("init", "-q", "-b", "main", cwd=into)
    git("add", "-A", cwd=into)
    git("commit", "-q", "-m", "as it was", cwd=into)
    return into


@pytest.mark.parametrize("name", ["MrLesk+Backlog.md", "ai-sdlc-framework+ai-sdlc"])
def test_backlog_md_is_read_whole(name: str, tmp_path: Path) -> None:
    root = repository(corpus(name), tmp_path / "store")
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.code in {0, 1}
    assert ran.json["complete"]
    counted = sum(
        bool(re.match(r"---\r?\n(?:.*\r?\n)*?status:", path.read_text(errors="replace")))
        for folder in BACKLOG_FOLDERS
        for path in (root / "backlog" / folder).glob("*.md")
    )
    assert ran.json["summary"]["tasks"] == counted > 500
    rules = [finding["rule"] for incident in ran.json["incidents"] for finding in incident["findings"]]
    assert "unreadable-task" not in rules, "unquoted @names are legal in this format"


def drift_cases(name: str) -> list[tuple[Path, dict[str, str]]]:
    folder = corpus("drift") / name
    rows = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    return [(folder / f"{row['case']:03}", row) for row in rows]


def drift_report(case: Path, into: Path, authority: str) -> Report:
    """A drift case as root and a real worktree on an unmerged branch, checked."""
    into.mkdir()
    shutil.copytree(case / "root", into, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for folder in (into, *into.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    (into / "taskcheck.toml").write_text(f'preset = "backlog-md"\n[drift]\nauthority = "{authority}"\n')
    (into / ".gitignore").write_text(".worktrees/\n")
    git("init", "-q", "-b", "main", cwd=into)
    git("add", "-A", cwd=into)
    git("commit", "-q", "-m", "root", cwd=into)
    git("worktree", "add", "-q", "-b", "work", ".worktrees/work", cwd=into)
    worktree = into / ".worktrees" / "work"
    shutil.rmtree(worktree / "backlog")
    shutil.copytree(case / "worktree", worktree, copy_function=shutil.copyfile, dirs_exist_ok=True)
    git("add", "-A", cwd=worktree)
    git("commit", "-q", "--allow-empty", "-m", "work", cwd=worktree)
    # A case is one file of its store: what it depends on isn't there.
    return check(Request(root=into, third_party=False, ignore=("unknown-dependency",)))


def errors(report: Report) -> list[str]:
    assert report.complete, report.errors
    return [finding.rule for finding in report.findings if finding.level is Severity.ERROR]


@pytest.mark.parametrize("name", ["MrLesk+Backlog.md", "ai-sdlc-framework+ai-sdlc"])
def test_work_in_flight_is_no_error_where_files_travel_in_branches(name: str, tmp_path: Path) -> None:
    for case, row in drift_cases(name):
        assert errors(drift_report(case, tmp_path / case.name, "branch")) == [], row


@pytest.mark.parametrize("name", ["MrLesk+Backlog.md", "ai-sdlc-framework+ai-sdlc"])
def test_only_tasks_that_root_would_dispatch_again_are_errors(name: str, tmp_path: Path) -> None:
    for case, row in drift_cases(name):
        found = errors(drift_report(case, tmp_path / case.name, "root"))
        still_ready = row["root"] == "To Do" and row["branch"] in {"In Progress", "In Review", "Done", "Blocked"}
        assert found == (["metadata-drift"] if still_ready else []), row
