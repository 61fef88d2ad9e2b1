"""What rules say of sources, wherever these come from: read, as a plan would leave them, or made up."""

from collections.abc import Container, Iterable
from datetime import datetime

from taskcheck.assemble.parse import parse
from taskcheck.assemble.state import assemble
from taskcheck.config.settings import Settings
from taskcheck.engine.judge import run_rules
from taskcheck.engine.rule import Rule
from taskcheck.model.cases import RuleRun
from taskcheck.model.sources import Sources
from taskcheck.model.state import State


def judge(
    sources: Sources,
    settings: Settings,
    rules: Iterable[Rule],
    now: datetime,
    known: Container[str] | None = None,
) -> tuple[State, tuple[RuleRun, ...]]:
    """The state that sources make, and what some rules say of it."""
    state = assemble(parse(sources, settings), sources, settings, now)
    return state, run_rules(rules, state, known=known)
