"""The docs say what the code says."""

import runpy

from tests.conftest import ROOT


def test_rule_pages_are_the_rules_own_words() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    folder = ROOT / "docs" / "rules"
    written = {path.name: path.read_text() for path in folder.glob("*.md")}
    assert written == pages, "run: python docs/generate.py"
