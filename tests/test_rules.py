"""Every fixture of every rule: built as a real repository, checked, compared; and the laws that hold for all."""

import json
import os
from pathlib import Path

import pytest

from taskcheck import plugins
from taskcheck.checking import check_request
from taskcheck.finding import Report
from taskcheck.formats import concise, json_report
from taskcheck.testing import Built, build
from tests.conftest import FIXTURES, request_for
from tests.e2e.conftest import git

RULES = plugins.load(third_party=False).rules()
ELSEWHERE = {"incidents", "presets"}
"""Folders of fixtures that are no rule's."""
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/repo.toml") if path.parent.parent.name not in ELSEWHERE)


def test_git_keeps_every_fixture_whole() -> None:
    """A file that .gitignore hides, or a folder without one, is there for its author and for nobody else."""
    if not (FIXTURES.parent / ".git").exists():
        pytest.skip("not a git checkout")
    hidden = git("ls-files", "--others", "--ignored", "--exclude-standard", "fixtures", cwd=FIXTURES.parent)
    assert hidden == ""
    assert [folder for folder in FIXTURES.rglob("*") if folder.is_dir() and not any(folder.iterdir())] == []


def case_id(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def findings_text(report: Report) -> str:
    return "".join(line + "\n" for line in concise.render(report).splitlines()[:-1])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_case(case: Path, tmp_path: Path) -> None:
    """The fixture gives the findings of its expect.txt and no other; TASKCHECK_UPDATE=1 rewrites that file.

    A skipped.txt, where there is one, holds the reasons for which the rule couldn't look.
    """
    built = build(case, tmp_path / "repo")
    report = check_request(request_for(built))
    assert report.complete, report.errors
    text = findings_text(report)
    expect = case / "expect.txt"
    if os.environ.get("TASKCHECK_UPDATE"):
        expect.write_text(text) if text else expect.unlink(missing_ok=True)
    assert text == (expect.read_text() if expect.exists() else "")
    found = {finding.rule for finding in report.findings}
    assert (case.parent.name in found) == case.name.startswith("bad-")
    run = next(run for run in report.runs if run.rule == case.parent.name)
    skipped = case / "skipped.txt"
    if skipped.exists():
        reasons = [reason for rule, reason in report.skipped if rule == run.rule]
        assert "".join(f"{reason}\n" for reason in reasons) == skipped.read_text()
    if case.name.startswith("good-"):
        assert run.subjects or run.skipped, "the rule looked at nothing, and says nothing of it"
    laws(report, built, case)


def laws(report: Report, built: Built, case: Path) -> None:
    """What holds for every finding of every rule."""
    for finding in report.findings:
        assert finding.evidence, "a finding shows who says so"
        assert finding.message
        assert finding.expected
        if finding.fix and finding.fix.safety.label == "unsafe":
            assert finding.fix.why, "an unsafe fix says why"
        for item in (finding, *finding.evidence):
            if item.place.checkout == "root":
                exists = (built.root / item.place.path).exists()
                assert exists or "no " in getattr(item, "saw", ""), f"{item.place} is nowhere"
    again = check_request(request_for(built))
    assert json_report.render(again) == json_report.render(report), "the same state gives the same bytes"
    assert json.loads(json_report.render(report))["exit_code"] in {0, 1}
    assert case.parent.name in RULES


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_is_shown_from_both_sides(name: str) -> None:
    """A rule has a fixture that breaks it, one that doesn't, and a documentation with the due parts."""
    kinds = {case.name.partition("-")[0] for case in CASES if case.parent.name == name}
    assert kinds == {"good", "bad"}
    doc = RULES[name].doc
    assert "## Why" in doc
    assert "## Example" in doc
    assert "## Fix" in doc


def test_fixture_folders_are_rules() -> None:
    folders = {path.name for path in FIXTURES.iterdir() if path.is_dir()} - ELSEWHERE
    assert folders == set(RULES)
