"""What rules say of a state: their runs, weighed, and with what somebody accepts marked; pure."""

from collections.abc import Container, Iterable

from taskcheck.documents.frozen import replace
from taskcheck.engine.rule import Rule
from taskcheck.engine.run import run
from taskcheck.engine.triage import suppress, uses, weigh
from taskcheck.model.cases import RuleRun
from taskcheck.model.memory import NOTHING_KNOWN, Silence
from taskcheck.model.state import State


def run_rules(
    rules: Iterable[Rule],
    state: State,
    only: frozenset[str] | None = None,
    known: Container[str] | None = None,
    silence: Silence = NOTHING_KNOWN,
) -> tuple[RuleRun, ...]:
    """Run the rules, those about what the others found last; in the order of their names.

    Args:
        rules: the rules to ask.
        state: what they are asked about.
        only: tasks to ask about; None for all of the store.
        known: names of all rules that there are, so that a suppression of one that isn't can be told.
        silence: which rules are known to have nothing to say.
    """
    rules = tuple(rules)
    usual = _triaged((rule for rule in rules if not rule.meta), state, only, silence)
    told = replace(state, suppressions=uses(usual, state, known))
    about_them = _triaged((rule for rule in rules if rule.meta), told, only, NOTHING_KNOWN)
    return tuple(sorted((*usual, *about_them), key=lambda run: run.rule))


def _triaged(rules: Iterable[Rule], state: State, only: frozenset[str] | None, silence: Silence) -> tuple[RuleRun, ...]:
    severities = state.settings.severity
    return tuple(suppress(weigh(found, severities), state) for found in run(rules, state, only, silence))
