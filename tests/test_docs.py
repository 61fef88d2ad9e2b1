"""The docs say what the code says."""

import re
import runpy
import tomllib
from pathlib import Path

from taskcheck import config
from taskcheck.cli import COMMANDS
from taskcheck.formats import FORMATS
from taskcheck.schema import (
    CheckoutsTable,
    Config,
    DriftTable,
    FieldsTable,
    LimitsTable,
    PathsTable,
    RulesTable,
    StatusesTable,
    VocabularyTable,
)
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


def test_the_page_of_formats_names_every_one() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page.partition("\n\nPlugins")[0], re.M) == list(FORMATS)
    assert all(f"`{name}`" in README for name in FORMATS)


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_configuration_page_is_a_configuration_and_names_every_key(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    shown = page.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "taskcheck.toml").write_text(shown)
    config.load(tmp_path, config.presets(config.builtin_presets()))
    tables = tomllib.loads(shown)
    assert set(tables) == set(Config.model_fields)
    for name, model in (("paths", PathsTable), ("checkouts", CheckoutsTable), ("limits", LimitsTable),
                        ("rules", RulesTable), ("drift", DriftTable), ("vocabulary", VocabularyTable),
                        ("statuses", StatusesTable)):  # fmt: skip
        assert set(tables[name]) == set(model.model_fields), name
    assert all(f" {field}" in shown for field in FieldsTable.model_fields if field not in tables["fields"])
