"""The rules say of every state what the decision table says: all states nightly, a seeded part of them each time."""

from collections.abc import Collection, Sequence
from functools import cache

import pytest

from taskcheck.assemble.parse import parse
from taskcheck.assemble.state import assemble
from taskcheck.engine.judge import run_rules
from taskcheck.plugins import manager as plugins
from taskcheck.report.build import Verdict, build
from tests.samples import WHOLE, sampled
from tests.verdicts.states import NOW, sources_of
from tests.verdicts.table import IMPOSSIBLE, Row, State, all_states, first, rows

FAMILIES = {"lifecycle", "drift", "register"}
RULES = {name: rule for name, rule in plugins.load(third_party=False).rules().items() if rule.family in FAMILIES}
ROWS = tuple(rows())
HEADLINES = sorted({row.verdict.partition(" ")[2] for row in ROWS} - {""})
SHARE = 13
"""Of so many states that follow each other one is tried each time; it has no factor in common with any dimension."""


def judged(states: Sequence[State], without: Collection[str] = ()) -> dict[State, str]:
    """What the rules say of states: severity and rule of each headline; empty for silence."""
    sources, settings = sources_of(states)
    state = assemble(parse(sources, settings), sources, settings, NOW)
    rules = {name: rule for name, rule in RULES.items() if name not in without}
    report = build(state, run_rules(rules.values(), state), rules, (), Verdict())
    assert report.complete, report.errors
    heads = {incident.task: incident.head for incident in report.incidents}
    said = {}
    for number, each in enumerate(states):
        head = heads.get(f"t{number}")
        said[each] = f"{head.level.label} {head.rule}" if head is not None else ""
    return said


@cache
def by_row() -> dict[Row, list[State]]:
    """The states by the row that counts for each."""
    found: dict[Row, list[State]] = {row: [] for row in ROWS}
    for state in all_states():
        found[first(state)].append(state)
    return found


def possible(states: Sequence[State]) -> list[State]:
    return [state for state in states if first(state).verdict != IMPOSSIBLE]


def test_every_state_meets_a_row_and_every_row_counts_for_one() -> None:
    assert len(ROWS) <= 150
    assert sum(map(len, by_row().values())) == 19_200
    assert [row for row, states in by_row().items() if not states] == []


def test_every_row_says_why_in_a_sentence() -> None:
    for row in ROWS:
        assert row.why.endswith("."), row
        assert row.verdict in {"", IMPOSSIBLE} or row.verdict.partition(" ")[2] in RULES, row


def test_the_rules_agree() -> None:
    """Of each row some states are tried, and a part of all that follow each other."""
    some = dict.fromkeys(state for states in by_row().values() for state in states[:: max(1, len(states) // 3)])
    states = possible(list(all_states()) if WHOLE else [*some, *sampled(all_states(), SHARE)])
    said = judged(list(dict.fromkeys(states)))
    wrong = [
        (state, first(state).verdict, verdict) for state, verdict in said.items() if first(state).verdict != verdict
    ]
    assert wrong == []


@pytest.mark.parametrize("rule", HEADLINES)
def test_no_rule_can_be_spared(rule: str) -> None:
    """Without a rule some row fails: the table holds it."""
    states = [state for row, states in by_row().items() if row.verdict.endswith(f" {rule}") for state in states[:1]]
    assert all(judged(states)[state] == first(state).verdict for state in states)
    assert any(verdict != first(state).verdict for state, verdict in judged(states, without={rule}).items())
