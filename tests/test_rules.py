"""Every fixture of every rule: built as a real repository, checked, compared; and the laws that hold for all."""

import os
from itertools import groupby
from pathlib import Path

import pytest

from taskcheck.model.finding import Safety
from taskcheck.plugins import manager as plugins
from taskcheck.testing import laws
from taskcheck.testing.laws import assert_case
from tests.conftest import FIXTURES
from tests.e2e.conftest import git
from tests.samples import WHOLE, sampled

RULES = plugins.load(third_party=False).rules()
ELSEWHERE = {"incidents", "presets"}
"""Folders of fixtures that are no rule's."""
CASES = sorted(path for path in FIXTURES.glob("*/*/") if path.parent.name not in ELSEWHERE)


def test_git_keeps_every_fixture_whole() -> None:
    """A file that .gitignore hides, or a folder without one, is there for its author and for nobody else."""
    if not (FIXTURES.parent / ".git").exists():
        pytest.skip("not a git checkout")
    hidden = git("ls-files", "--others", "--ignored", "--exclude-standard", "fixtures", cwd=FIXTURES.parent)
    assert hidden == ""
    assert [folder for folder in FIXTURES.rglob("*") if folder.is_dir() and not any(folder.iterdir())] == []


def case_id(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


SHOWN = {case for case in CASES if any(case.glob("after*/"))}
SILENT = [case for case in CASES if case not in SHOWN and case.name.startswith("bad-")]
REPAIRED = SHOWN.union(*(sampled(cases, 8) for _, cases in groupby(SILENT, key=lambda case: case.parent)))
"""Cases on which the laws of fixes are tried: all that show one, and of each rule's others, where nothing is written,
one in eight, and one at least."""
TWICE = set(sampled(CASES, 8))
"""Cases that are judged twice; `test_cache.py` judges some five times, with and without a memory."""


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_case(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws of `taskcheck.testing.assert_laws`, among all other rules; TASKCHECK_UPDATE=1 rewrites what is expected.

    A skipped.txt, where there is one, holds the reasons for which the rule couldn't look.
    """
    if not os.environ.get(laws.UPDATE):
        if case not in REPAIRED:
            monkeypatch.setattr(laws, "AFTER", {})
        elif case not in SHOWN and not WHOLE:  # where unsafe fixes write nothing, no safe one does
            monkeypatch.setattr(laws, "AFTER", {Safety.UNSAFE: laws.AFTER[Safety.UNSAFE]})
    twice = case in TWICE
    assert_case(case.parent.name, case, tmp_path / "repo", alone=False, third_party=False, twice=twice)


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
