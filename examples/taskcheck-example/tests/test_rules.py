"""The rules on their fixtures."""

from pathlib import Path

import pytest
from taskcheck_example.rules import missing_priority, too_many_active

from taskcheck.testing import assert_laws, build, run_rule

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("rule", [missing_priority, too_many_active], ids=lambda rule: rule.name)
def test_laws(rule) -> None:
    assert_laws(rule, FIXTURES / rule.name)


def test_the_message_says_how_many(tmp_path: Path) -> None:
    built = build(FIXTURES / "too-many-active" / "bad-four", tmp_path / "repo")
    (finding,) = run_rule("too-many-active", built)
    assert finding.message == "rj has 4 active tasks"


def test_the_configuration_says_how_many_may_be_active(tmp_path: Path) -> None:
    built = build(FIXTURES / "too-many-active" / "bad-four", tmp_path / "repo")
    with (built.root / "taskcheck.toml").open("a") as file:
        file.write("\n[rules.too-many-active]\nmost = 4\n")
    assert run_rule(too_many_active, built) == ()
