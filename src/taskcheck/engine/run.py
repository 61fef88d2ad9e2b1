"""Rules times subjects gives results; a rule that crashes is a result too."""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import Any

from taskcheck.engine.rule import Rule, Undecided, call
from taskcheck.engine.wellformed import ill
from taskcheck.model.finding import Finding
from taskcheck.model.pulls import Pulls
from taskcheck.model.report import (
    REPOSITORY,
    RuleRun,
    RunError,
    Subject,
)
from taskcheck.model.runtime import Ledger, LedgerKind
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State

FINDINGS_CAP = 10_000
"""Findings of one rule; one that yields more is out of hand and costs only itself."""


def run(rules: Iterable[Rule], state: State, only: frozenset[str] | None = None) -> tuple[RuleRun, ...]:
    """Ask every rule about every subject it has, or only about some tasks, in the order of the rules' names.

    Of a rule about the whole repository, asked about some tasks, the findings of these are kept.
    """
    _seal(state)
    return tuple(_run(rule, state, only) for rule in sorted(rules, key=lambda rule: rule.name))


def _run(rule: Rule, state: State, only: frozenset[str] | None) -> RuleRun:
    untold = _untold(rule, state)
    about = RuleRun(
        rule=rule.name, family=rule.family, severity=rule.severity, doc=rule.doc, url=rule.url, untold=untold
    )
    inputs, missing = _inputs(rule, state)
    if missing is None:
        asked, missing = _subjects(rule, state)
        if only is not None and rule.subjects:
            asked = [(subject, thing) for subject, thing in asked if subject.group in only]
    if missing is not None:
        return replace(about, skipped=missing)

    findings: list[tuple[Subject, Finding]] = []
    errors: list[tuple[Subject, RunError]] = []
    undecided: list[tuple[Subject, str]] = []
    for subject, thing in asked:
        found: list[tuple[Subject, Finding]] = []
        try:
            for finding in islice(call(rule, thing, inputs), FINDINGS_CAP - len(findings) + 1):
                found.append((subject, _stamped(finding, rule)))  # noqa: PERF401 - what came before an error counts
        except Undecided as reason:
            undecided.append((subject, str(reason)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a rule raises costs only its own results
            errors.append((subject, RunError(where=f"rule {rule.name} on {subject}", message=_frame(error))))
            continue
        findings += [(s, f) for s, f in found if only is None or f.task in only]
        if len(findings) > FINDINGS_CAP:
            errors.append(
                (subject, RunError(where=f"rule {rule.name}", message=f"more than {FINDINGS_CAP:,} findings"))
            )
            break
    return replace(
        about,
        subjects=tuple(subject for subject, _ in asked),
        findings=tuple(findings[:FINDINGS_CAP]),
        errors=tuple(errors),
        undecided=tuple(undecided),
    )


def _seal(state: State) -> None:
    """Make the mappings of a state and its parts read-only: what one rule wrote there, all others would read."""
    for part in (state, *(getattr(state, name.name) for name in fields(state))):
        for name in fields(part) if is_dataclass(part) else ():
            value = getattr(part, name.name)
            if type(value) is dict:
                object.__setattr__(part, name.name, MappingProxyType(value))


def _inputs(rule: Rule, state: State) -> tuple[dict[str, Any], str | None]:
    """The parts of the state that a rule asks for; or why one of them isn't there."""
    inputs: dict[str, Any] = {}
    for name in (*rule.inputs, *rule.optional):
        value = getattr(state, name)
        if isinstance(value, Unavailable):
            if name in rule.inputs:
                return {}, value.reason
            value = None
        inputs[name] = value
    return inputs, None


def _untold(rule: Rule, state: State) -> dict[str, str]:
    """The tasks of which parts of the state that a rule asks for don't tell, each with the reason."""
    untold: dict[str, str] = {}
    for part in (getattr(state, name) for name in (*rule.inputs, *rule.optional)):
        if isinstance(part, Unavailable):
            untold |= dict.fromkeys(part.untold, part.reason)
        elif isinstance(part, Pulls):
            untold |= part.untold
    return untold


def _subjects(rule: Rule, state: State) -> tuple[list[tuple[Subject, Any]], str | None]:
    """What a rule is asked about, with the name that reports use; or why nothing of it can be looked at."""
    if not rule.subjects:
        return [(Subject(REPOSITORY), None)], None
    found: list[tuple[Subject, Any]] = []
    reasons = []
    for kind in rule.subjects:
        things = _things(kind, state)
        if isinstance(things, Unavailable):
            reasons.append(things.reason)
        else:
            found.extend(things)
    return found, reasons[0] if len(reasons) == len(rule.subjects) else None


def _things(kind: str, state: State) -> Iterator[tuple[Subject, Any]] | Unavailable:
    match kind:
        case "task":
            return ((Subject(task.id), task) for task in state.tasks if task.document is not None)
        case "file":
            return ((Subject(file.id, _where(file.place.checkout)), file) for file in state.files)
        case "entry":
            if isinstance(state.entries, Unavailable):
                return state.entries
            return ((Subject(e.task, f"{e.manager} {e.place.path}"), e) for e in state.entries)
        case "manager":
            if isinstance(state.managers, Unavailable):
                return state.managers
            return ((Subject(manager.key), manager) for manager in state.managers)
        case "ledger":
            if isinstance(state.ledgers, Unavailable):
                return state.ledgers
            return ((_of_ledger(ledger), ledger) for ledger in state.ledgers)
    raise AssertionError(kind)


def _where(checkout: str) -> str:
    return "" if checkout == "root" else checkout


def _of_ledger(ledger: Ledger) -> Subject:
    of_task = ledger.kind in {LedgerKind.TOMBSTONE, LedgerKind.LOG}
    return Subject(ledger.name if of_task else ledger.manager or REPOSITORY, ledger.place.path)


def _stamped(finding: Finding, rule: Rule) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"a rule yields findings, not {type(finding).__name__}")
    if wrong := ill(finding):
        raise TypeError(wrong)
    return replace(finding, rule=rule.name, family=rule.family, severity=finding.severity or rule.severity)


def _frame(error: BaseException) -> str:
    """The exception with the frame that raised it, short enough for one line of a report."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
