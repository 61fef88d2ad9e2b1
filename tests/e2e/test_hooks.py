"""From inside a git hook: git exports an index and a folder there, which must not answer for other checkouts."""

import json
import stat
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from taskcheck.testing import build, incidents_fixture
from tests.conftest import FIXTURES
from tests.e2e.conftest import git, taskcheck
from tests.samples import sampled

NOW = "2026-03-24T18:00:00Z"
WORKTREE = Path(".worktrees/render-sparklines-in-table-cells")


def install_hook(root: Path, *arguments: str) -> Path:
    """A pre-commit hook that checks and keeps the report and the exit code; all worktrees share it."""
    report = root.parent / "report.json"
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    command = f'"{sys.executable}" -m taskcheck --now {NOW} --format json {" ".join(arguments)}'
    hook.write_text(f'#!/bin/sh\n{command} > "{report}" 2> "{report}.err"\necho $? > "{report}.code"\nexit 0\n')
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    return report


def change(checkout: Path, name: str = "code.py") -> None:
    (checkout / name).write_text("changed\n")
    git("add", name, cwd=checkout)


COMMITS = [["commit", "-m", "x"], ["commit", "-a", "-m", "x"], ["commit", "-m", "x", "code.py"]]


@pytest.mark.parametrize(("commit", "place"), sampled(product(COMMITS, ["main", "worktree"]), 2))
def test_same_findings_as_by_hand(day: Path, place: str, commit: list[str]) -> None:
    report = install_hook(day)
    checkout = day if place == "main" else day / WORKTREE
    change(checkout)
    by_hand = taskcheck("--now", NOW, "--format", "json", cwd=day)
    git(*commit, cwd=checkout)
    assert Path(f"{report}.err").read_text() == ""
    assert Path(f"{report}.code").read_text().strip() == "1"
    assert report.read_text() == by_hand.out


def test_gate_in_main_fails_only_for_what_the_commit_decides(day: Path) -> None:
    ran = taskcheck("--now", NOW, "--gate", "commit", "--format", "json", cwd=day)
    assert ran.code == 0, "runtime files and other checkouts are reported, and can't fail a commit"
    findings = [finding for incident in ran.json["incidents"] for finding in incident["findings"]]
    assert len(findings) == 12
    assert all(finding["advisory"] for finding in findings)
    task = next((day / "tasks").glob("workstreams/*/tasks/render-sparklines*.md"))
    task.write_text(task.read_text().replace("owner: ", "owner: nobody-", 1))
    failing = taskcheck("--now", NOW, "--gate", "commit", "--format", "json", cwd=day)
    assert failing.code == 1
    assert {
        finding["rule"]
        for incident in failing.json["incidents"]
        for finding in incident["findings"]
        if not finding["advisory"]
    } == {"role-routing"}


def test_gate_in_a_worktree_judges_what_it_changed(day: Path) -> None:
    report = install_hook(day, "--gate", "commit")
    worktree = day / WORKTREE
    task = next(worktree.glob("tasks/workstreams/*/tasks/render-sparklines*.md"))

    def commit() -> tuple[str, set[tuple[str, str]]]:
        git("commit", "-a", "--allow-empty", "-m", "x", cwd=worktree)
        incidents = json.loads(report.read_text())["incidents"]
        failing = {(f["rule"], f["checkout"]) for i in incidents for f in i["findings"] if not f["advisory"]}
        return Path(f"{report}.code").read_text().strip(), failing

    task.write_text(task.read_text().replace("status: in_progress", "status: in_review"))
    assert commit() == ("0", set()), "the worker's own commit isn't stopped by what root has yet to learn"
    task.write_text(task.read_text().replace("owner: ", "owner: nobody-", 1))
    assert commit() == ("1", {("role-routing", f"worktree:{worktree.name}")})
    task.write_text("---\nstatus: [\n---\n")
    code, failing = commit()
    assert code == "1"
    assert ("unreadable-task", f"worktree:{worktree.name}") in failing


def test_gate_stops_circles_and_duplicates_of_the_commit_itself(tmp_path: Path) -> None:
    built = build(incidents_fixture(), tmp_path / "repo", overlay=incidents_fixture() / "healthy")
    folder = "tasks/workstreams/charts/tasks"
    text = "---\ntitle: A\nowner: rj\nstatus: not_started\ndepends_on: [{}]\n---\n"

    def failing(where: Path) -> tuple[int, set[tuple[str, str]]]:
        ran = taskcheck("--gate", "commit", "--format", "json", "--now", "2026-03-24T18:00:00Z", cwd=where)
        found = [f for i in ran.json["incidents"] for f in i["findings"] if not f["advisory"]]
        return ran.code, {(f["rule"], f["checkout"]) for f in found}

    assert failing(built.root) == (0, set())
    for where, checkout in ((built.root / WORKTREE, f"worktree:{Path(WORKTREE).name}"), (built.root, "root")):
        (where / folder / "circle-a.md").write_text(text.format("circle-b"))
        (where / folder / "circle-b.md").write_text(text.format("circle-a"))
        assert failing(where) == (1, {("dependency-cycle", checkout)})
        (where / folder / "circle-b.md").write_text(text.format(""))
        (where / folder / "twice.md").write_text(text.format(""))
        (where / "tasks/workstreams" / "twice.md").write_text(text.format(""))
        assert failing(where) == (1, {("duplicate-task", checkout)})
        for name in ("circle-a.md", "circle-b.md", "twice.md"):
            (where / folder / name).unlink()
        (where / "tasks/workstreams" / "twice.md").unlink()


def test_gate_in_a_worktree_passes_what_was_there_or_is_accepted(store: Callable[..., Path]) -> None:
    task = "---\ntitle: {}\nowner: ghost\nstatus: ready\n---\n"
    files = {"tasks/accepted.md": task.format("A"), "tasks/torn.md": "---\nstatus: [\n---\n"}
    root = store({**files, "taskcheck.toml": "[people]\nrj = []\n", ".gitignore": ".worktrees/\n"})
    git("worktree", "add", "-q", ".worktrees/accepted", "-b", "task/accepted", cwd=root)
    worktree = root / ".worktrees" / "accepted"
    (root / "tasks" / "torn.md").write_text(task.format("B").replace("ghost", "rj"))
    taskcheck("--baseline", "base.toml", "--update-baseline", cwd=root)
    (worktree / "tasks" / "accepted.md").write_text(task.format("C"))
    gate = ("--gate", "commit", "--now", NOW, "--format", "json", "--baseline", root / "base.toml")
    assert taskcheck(*gate, cwd=worktree).code == 0
    (worktree / "tasks" / "torn.md").write_text("---\nstatus: [ready\n---\n")
    assert taskcheck(*gate[:-2], cwd=worktree).code == 1, "the worker has touched it"


def test_gate_tells_what_it_could_not_decide_of_the_worktree(store: Callable[..., Path]) -> None:
    task = "---\nid: 1\ntitle: A\nstatus: To Do\n---\n"
    config = 'preset = "backlog-md"\n[statuses]\nready = ["To Do"]\ndone = ["Done"]\n'
    listed = "statuses: [To Do, Icebox, Done]\n"
    files = {"backlog/tasks/1.md": task, "backlog/config.yml": listed, "taskcheck.toml": config}
    root = store({**files, ".gitignore": ".worktrees/\n"})
    git("worktree", "add", "-q", ".worktrees/1", "-b", "tasks/1", cwd=root)
    worktree = root / ".worktrees" / "1"
    (worktree / "backlog" / "tasks" / "1.md").write_text(task.replace("To Do", "Icebox"))
    skipped = taskcheck("--gate", "commit", "--format", "json", cwd=worktree).json["skipped"]
    assert {"rule": "invalid-field", "reason": "the status Icebox is in no class of [statuses]"} in skipped


def test_gate_in_a_worktree_knows_the_archive(tmp_path: Path) -> None:
    root = build(FIXTURES / "presets" / "good-taskmd", tmp_path / "repo").root
    task = root / ".worktrees" / "w061" / "tasks" / "061-take-orders.md"
    task.write_text(task.read_text().replace("dependencies: []", 'dependencies: ["003"]'))
    assert taskcheck("--gate", "commit", cwd=task.parent).code == 0
    task.write_text(task.read_text().replace('["003"]', '["004"]'))
    assert taskcheck("--gate", "commit", cwd=task.parent).code == 1
