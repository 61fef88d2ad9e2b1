"""The docs say what the code says."""

import re
import runpy
from pathlib import Path

from taskcheck.cli import COMMANDS
from tests.conftest import ROOT
from tests.e2e.conftest import taskcheck

README = (ROOT / "README.md").read_text()


def test_rule_pages_are_the_rules_own_words() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    folder = ROOT / "docs" / "rules"
    written = {path.name: path.read_text() for path in folder.glob("*.md")}
    assert written == pages, "run: python docs/generate.py"


def test_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    shown = README.partition("```text\n")[2].partition("```")[0].replace("\n…\n", "")
    printed = taskcheck("demo", "--now", "2026-03-24T18:00:00Z", cwd=tmp_path).out
    missing = [line for line in shown.splitlines() if line not in printed.splitlines()]
    assert shown.strip()
    assert missing == []


def test_readme_names_every_command() -> None:
    named = set(re.findall(r"^\| `taskcheck (?:\[)?(\w+)", README, re.M))
    assert named == set(COMMANDS)


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
