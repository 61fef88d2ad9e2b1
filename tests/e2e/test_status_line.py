"""A store whose tasks say their status in a line of the text: compared across checkouts, repaired, run and merged."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

Store = Callable[..., Path]
PLAN = "plans/export.md"
CONFIG = 'preset = "status-line"\n'


def plan(status: str, head: str = "**Status:** {}", more: str = "") -> str:
    return f"# Export\n\n{head.format(status)}\n**Owner:** ana\n{more}\n## Notes\n\nStatus: of the drawing\n"


@pytest.fixture
def fleet(store: Store) -> Path:
    root = store({
        "taskcheck.toml": f'{CONFIG}[drift]\nauthority = "root"\n',
        PLAN: plan("Todo"),
        ".gitignore": ".worktrees/\n.tasks/\n",
    })  # fmt: skip
    git("worktree", "add", "-q", "-b", "task/export", ".worktrees/export", cwd=root)
    return root


def findings(root: Path) -> list[tuple[str, str]]:
    report = taskcheck("--format", "json", cwd=root).json
    assert report["complete"], report["errors"]
    return [
        (finding["rule"], finding["severity"]) for incident in report["incidents"] for finding in incident["findings"]
    ]


@pytest.mark.parametrize(
    "head",
    [
        "**Status:** {}",
        "Status: {} (see below)",
        "- **Status**: `{}`",
        "## Status\n\n{}",
        "**Area:** x **Status:** {} **Epic:** 2",
    ],
)
def test_what_a_fix_takes_over_merges_with_the_branch(fleet: Path, head: str) -> None:
    worktree = fleet / ".worktrees/export"
    (fleet / PLAN).write_text(plan("Todo", head))
    git("commit", "-q", "--allow-empty", "-am", "another style", cwd=fleet)
    git("merge", "-q", "main", cwd=worktree)
    (worktree / PLAN).write_text(plan("In Review", head, "Pr url: https://github.com/o/r/pull/12\n"))
    git("commit", "-qam", "work", cwd=worktree)
    assert ("metadata-drift", "error") in findings(fleet)
    fixed = taskcheck("--fix", cwd=fleet)
    assert "In Review" in (fleet / PLAN).read_text(), fixed.out
    git("commit", "-qam", "Tasks follow their ledgers", cwd=fleet)
    git("merge", "-q", "--no-edit", "task/export", cwd=fleet)
    assert (fleet / PLAN).read_text() == (worktree / PLAN).read_text()


def test_a_status_with_a_mark_is_known_by_its_word(store: Store) -> None:
    """Whoever writes `[statuses]` copies what stands in the files."""
    statuses = '[statuses]\nready = ["⬜ Offen"]\nactive = ["🟡 Läuft"]\ndone = ["✅ Fertig"]\n'
    outcomes = '[outcomes]\ncompleted_with_pr = ["✅ Fertig"]\nblocked = ["⬜ Offen"]\nfailed = ["⬜ Offen"]\n'
    root = store({
        "taskcheck.toml": f'{CONFIG}{statuses}{outcomes}needs_review_fix = ["🟡 Läuft"]\n',
        PLAN: plan("⬜ Offen"), "plans/done.md": plan("✅ Fertig"), ".gitignore": ".worktrees/\n.tasks/\n",
    })  # fmt: skip
    assert findings(root) == []
    said = f"{TASKCHECK} finish export --outcome completed_with_pr --pr-url {PULL} && git commit -qam done"
    ran = taskcheck("run", "export", "--", "sh", "-c", said, cwd=root)
    assert ran.code == 0, ran.err
    assert "Fertig" in (root / PLAN).read_text()


def test_a_run_writes_lines(store: Store) -> None:
    root = store({"taskcheck.toml": CONFIG, PLAN: plan("Todo"), ".gitignore": ".worktrees/\n"})
    said = f"{TASKCHECK} finish export --outcome completed_with_pr --pr-url {PULL} && git commit -qam done"
    ran = taskcheck("run", "export", "--", "sh", "-c", said, cwd=root)
    assert ran.code == 0, ran.err
    record = json.loads((root / ".tasks/runs/export.status.json").read_text())
    assert (record["outcome"], record["status_after"], record["pr_number"]) == ("completed_with_pr", "In Review", 12)
    text = (root / PLAN).read_text()
    assert text.startswith(f"# Export\n\n**Status:** In Review\n**Pr url:** {PULL}\n")
    git("commit", "-qam", "follow", cwd=root)
    git("merge", "-q", "--no-edit", "task/export", cwd=root)
    rules = {rule for rule, severity in findings(root) if severity == "error"}
    assert rules <= {"merged-not-completed"}


def test_notes_without_a_status_are_no_tasks(store: Store) -> None:
    root = store({"taskcheck.toml": CONFIG, PLAN: plan("Todo"), "plans/notes.md": "# Notes\n\nThe status of things.\n"})
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 1
