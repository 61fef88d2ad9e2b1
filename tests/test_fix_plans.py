"""What the fixes of the rules would write, in which words and how safely; the findings themselves are in fixtures/."""

from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.model.edit import DropEntry, SetKey
from taskcheck.model.finding import Finding
from taskcheck.testing import build
from tests.conftest import FIXTURES, request_for, where_for


def plans(case: str, tmp_path: Path) -> dict[str, tuple[str, dict[str, str]] | None]:
    """Task to how safe its fix is and what it sets, for the findings of the fixture's own rule."""
    rule = case.partition("/")[0]
    built = build(FIXTURES / case, tmp_path / "repo")
    report = check_request(where_for(built), request_for(built))
    return {finding.task or "": plan(finding) for finding in report.findings if finding.rule == rule}


def plan(finding: Finding) -> tuple[str, dict[str, str]] | None:
    if finding.fix is None:
        return None
    edits = {edit.place.route[-1]: edit.value for edit in finding.fix.edits if isinstance(edit, SetKey)}
    drops = {"/".join(edit.place.route): "-" for edit in finding.fix.edits if isinstance(edit, DropEntry)}
    assert all(edit.place.checkout == "root" for edit in finding.fix.edits if isinstance(edit, SetKey | DropEntry))
    return finding.fix.safety.label, edits | drops


URL = "https://forge.example/pull/12"
EARLY, LATE = "2026-03-24T08:00:00Z", "2026-03-24T17:00:00Z"


def test_reconciling_takes_what_the_outcome_allows(tmp_path: Path) -> None:
    assert plans("dispatch-completed-unreconciled/bad-fixes", tmp_path) == {
        "allowed": ("safe", {"status": "in_review", "pr_url": URL, "updated_at": LATE, "ended_at": LATE}),
        "first-status": ("safe", {"status": "in_review", "pr_url": URL, "pr_number": "12"}),
        "pr-from-copy": ("unsafe", {"status": "in_review", "pr_number": "12"}),
        "no-outcome": ("unsafe", {"status": "in_review", "pr_number": "12"}),
        "no-outcome-tombstone-pr": ("unsafe", {"status": "in_review", "pr_number": "12"}),
        "no-outcome-no-pr": None,
        "no-outcome-blocked": None,
        "no-outcome-closed": ("unsafe", {"status": "completed", "pr_number": "12"}),
    }


def test_drift_takes_clean_keys_of_record_first(tmp_path: Path) -> None:
    assert plans("metadata-drift/bad-clean-or-conflicting", tmp_path) == {
        "base-value": ("unsafe", {"status": "in_review"}),
        "own-history": ("unsafe", {"priority": "p3"}),
        "status-between": ("unsafe", {"status": "in_review"}),
        "both-sides": None,
        "both-sides-status": ("unsafe", {"status": "in_review"}),
    }


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "bad-ready-picked-up",
            ("safe", {"status": "in_progress", "pr_url": URL, "pr_number": "12", "started_at": EARLY}),
        ),
        ("bad-active-worker-over", None),  # work in flight: nothing to repair
        ("bad-unknown-status", None),
        ("bad-owner-changed", None),
    ],
)
def test_drift_fix(case: str, expected: object, tmp_path: Path) -> None:
    task = {"bad-active-worker-over": "alive", "bad-unknown-status": "active"}.get(case, "fix-login")
    assert plans(f"metadata-drift/{case}", tmp_path)[task] == expected


def test_drift_of_two_worktrees_that_disagree_has_no_fix(tmp_path: Path) -> None:
    found = plans("metadata-drift/bad-two-worktrees", tmp_path)
    assert found == {"agreed": ("unsafe", {"status": "in_progress"}), "torn": None}
