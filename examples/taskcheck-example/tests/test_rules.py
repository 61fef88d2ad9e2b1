"""The rules on their fixtures."""

from pathlib import Path

import pytest
from taskcheck_example.rules import LIMIT, missing_priority, too_many_active

from taskcheck.testing import assert_laws, build, run_rule

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("rule", [missing_priority, too_many_active], ids=lambda rule: rule.name)
def test_laws(rule) -> None:
    assert_laws(rule, FIXTURES / rule.name)


def test_the_message_says_how_many(tmp_path: Path) -> None:
    built = build(FIXTURES / "too-many-active" / "bad-four", tmp_path / "repo")
    (finding,) = run_rule("too-many-active", built)
    assert finding.message == f"rj has {LIMIT + 1} active tasks"
