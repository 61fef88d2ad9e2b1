"""What rules say of a state: their runs, weighed, and without what is meant to be; pure."""

from collections.abc import Container, Iterable
from dataclasses import replace

from taskcheck.engine import run as engine, triage
from taskcheck.engine.rule import Rule
from taskcheck.model.report import RuleRun
from taskcheck.model.state import State


def run_rules(
    rules: Iterable[Rule],
    state: State,
    only: frozenset[str] | None = None,
    known: Container[str] | None = None,
) -> tuple[RuleRun, ...]:
    """The runs of the rules, those about what the others found last, in the order of their names."""
    rules = tuple(rules)
    usual = {rule.name: rule.severity for rule in rules}

    def triaged(about: State, *, meta: bool) -> tuple[RuleRun, ...]:
        found = engine.run((rule for rule in rules if rule.meta is meta), about, only)
        weighed = (triage.weigh(run, state.settings.severity, usual[run.rule]) for run in found)
        return tuple(triage.suppress(run, state) for run in weighed)

    runs = triaged(state, meta=False)
    told = replace(state, suppressions=triage.uses(runs, state, known))
    return tuple(sorted((*runs, *triaged(told, meta=True)), key=lambda run: run.rule))
