"""Which fixes the identity and routing rules offer for their fixtures, how far they can be trusted, and why not."""

from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.testing import build
from tests.conftest import FIXTURES, request_for, where_for

SAFE = "safe"
NONE = None
UNSAFE = "unsafe: "

CASES = {
    "noncanonical-owner": {
        "bad-alias": SAFE,
        "bad-branch-far": SAFE,
        "bad-branch-beside": UNSAFE
        + "a merge of branch task/beside would conflict in its tasks/beside.md: lines 4-5 (owner, started_at)",
        "bad-branch-gives-it-away": UNSAFE
        + "a merge of branch task/given would conflict in its tasks/given.md: line 4 (owner)",
        "bad-branch-as-root": UNSAFE
        + "a merge of worktree alike would conflict in its tasks/alike.md, because it has the same change as root",
        "bad-at-names": SAFE,
        "bad-list-of-owners": SAFE,
        "bad-listed-e-mail": SAFE,
        "bad-team-file-alias": SAFE,
        "bad-unicode": SAFE,
    },
    "split-manager": {
        "bad-two-of-each": SAFE,
        "bad-alias-only": SAFE,
        "bad-only-snapshot-under-alias": SAFE,
        "bad-inner-spelling": SAFE,
        "bad-path-nobody": SAFE,
        "bad-same-entry": SAFE,
        "bad-dead-pids": SAFE,
        "bad-reused-pid": SAFE,
        "bad-inner-other-person": NONE,
        "bad-inner-nobody": NONE,
        "bad-inner-role": NONE,
        "bad-two-registers-one-of-another": NONE,
        "bad-unreadable": NONE,
        "bad-row-without-task": NONE,
        "bad-undated-snapshot": NONE,
        "bad-conflicting-worktrees": UNSAFE
        + "the entries of add-logout differ in branch; the entries of fix-login differ in worktree",
        "bad-list-tasks-workers": UNSAFE + "the entries of fix-login differ in worktree",
        "bad-live-pids": UNSAFE + "the entries of fix-login differ in process",
        "bad-live-pid-and-none": UNSAFE + "the entries of fix-login differ in process",
        "bad-pid-within-skew": UNSAFE + "the entries of fix-login differ in process",
        "bad-pids-on-another-host": UNSAFE + "the entries of fix-login differ in process",
        "bad-one-pid-on-two-hosts": UNSAFE + "the entries of fix-login differ in process",
        "bad-two-pull-requests": UNSAFE + "the entries of fix-login differ in pull request",
        "bad-pull-request-of-an-earlier-run": UNSAFE + "the entries of fix-login differ in pull request",
    },
    "misrouted-task": {
        "bad-worktree-gone": SAFE,
        "bad-idle-for-long": SAFE,
        "bad-no-worktree-named": SAFE,
        "bad-stale-beside-a-live-run": SAFE,
        "bad-queued": SAFE,
        "bad-queued-beside-a-log": NONE,
        "bad-worktree-left": NONE,
        "bad-worktree-by-pattern": NONE,
        "bad-worker-lives": NONE,
        "bad-pid-reused": SAFE,
        "bad-pid-within-skew": NONE,
        "bad-on-another-host": NONE,
        "bad-pid-unreadable": NONE,
        "bad-launch-not-dated": NONE,
        "bad-not-known": NONE,
        "bad-registered": NONE,  # no repository: whether worktrees are left can't be told
        "bad-alias-registers": NONE,
        "bad-no-owner": NONE,
        "bad-role-manager": NONE,
        "bad-role-on-purpose-nobody": NONE,
        "bad-held-in-snapshot": NONE,  # the snapshot is its manager's to write
        "bad-running-dispatch": NONE,
        "bad-two-people": NONE,
    },
}


@pytest.mark.parametrize(
    ("rule", "case", "expected"),
    [(rule, case, fix) for rule, cases in CASES.items() for case, fix in cases.items()],
)
def test_fix(rule: str, case: str, expected: str | None, tmp_path: Path) -> None:
    built = build(FIXTURES / rule / case, tmp_path / "repo")
    report = check_request(where_for(built), request_for(built, select=(rule,)))
    fixes = [finding.fix for finding in report.findings if finding.rule == rule]
    assert fixes
    for fix in fixes:
        told = None if fix is None else f"{fix.safety.label}: {fix.why}" if fix.why else fix.safety.label
        assert told == expected


@pytest.mark.parametrize("rule", sorted(CASES))
def test_every_bad_fixture_is_listed(rule: str) -> None:
    assert {path.name for path in (FIXTURES / rule).glob("bad-*")} == set(CASES[rule])
