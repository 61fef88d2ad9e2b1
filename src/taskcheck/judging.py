"""What rules say of a state, and what of it a commit can be held to; pure."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from taskcheck import engine, triage
from taskcheck.assemble import assemble, parse
from taskcheck.baseline import Baseline
from taskcheck.finding import RuleRun
from taskcheck.rules import Rule
from taskcheck.settings import Settings
from taskcheck.sources import Sources, Unavailable
from taskcheck.state import State


def judge(
    sources: Sources,
    settings: Settings,
    rules: Iterable[Rule],
    now: datetime,
    known: Container[str] | None = None,
) -> tuple[State, tuple[RuleRun, ...]]:
    """What some rules say of sources, wherever these come from: read, as a plan would leave them, or made up; pure.

    ``known`` names every rule that there is, so that a suppression of one that isn't can be told.

    Raises:
        AmbiguousNames: two people or roles are one name.
    """
    state = assemble(parse(sources, settings), sources, settings, now)
    return state, run_rules(rules, state, known=known)


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


def gated(
    runs: tuple[RuleRun, ...], state: State, rules: Mapping[str, Rule], accepted: Baseline, current: Path | None
) -> tuple[RuleRun, ...]:
    """The runs with everything advisory that the commit itself doesn't decide.

    From inside a linked worktree, the rules that a commit decides are asked about its own changed copies too, and
    only these can fail: root has yet to learn what the worker commits.

    Args:
        runs: what the rules said.
        state: of what.
        rules: all that there are.
        accepted: the baseline.
        current: the linked worktree that one stands in.
    """
    static = {run.rule: rules[run.rule] for run in runs if rules[run.rule].static}
    checkout = _current(state, current)
    own: dict[str, RuleRun] = {}
    changed = None
    if checkout != "root":
        view, changed = triage.committed_view(state, checkout)
        asked = [rule for rule in static.values() if "file" not in rule.subjects]
        judged, _ = accepted.apply(run_rules(asked, view, only=changed, known=rules))
        own = {run.rule: run for run in judged}
    gate = triage.Gate(frozenset(static), checkout, changed)

    def both(run: RuleRun) -> RuleRun:
        other = own.get(run.rule, RuleRun(rule=run.rule, family=run.family))
        return replace(
            run,
            findings=tuple((subject, gate.mark(finding)) for subject, finding in (*run.findings, *other.findings)),
            errors=(*run.errors, *other.errors),
            undecided=(*run.undecided, *other.undecided),
        )

    return tuple(map(both, runs))


def _current(state: State, current: Path | None) -> str:
    """The name of the checkout that one stands in."""
    if current is None or isinstance(state.checkouts, Unavailable):
        return "root"
    return next((c.name for c in state.checkouts if c.real == str(current)), "root")
