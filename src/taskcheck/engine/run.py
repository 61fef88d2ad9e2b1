"""Rules times subjects gives cases; a rule that crashes makes a case too."""

from collections.abc import Iterable, Iterator
from itertools import islice
from types import MappingProxyType
from typing import Any

from taskcheck.documents.frozen import names_of, replace
from taskcheck.engine.rule import Rule, Undecided, call
from taskcheck.model.cases import Case, RuleRun, RunError, Subject
from taskcheck.model.finding import REPOSITORY, Finding
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import Entry, Ledger, LedgerKind
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State

FINDINGS_CAP = 10_000
"""Findings of one rule; one that yields more is out of hand and costs only itself."""

Named = tuple[Subject, Any]
"""A thing, with the name that reports use."""

Asked = tuple[Case, Any]
"""What a rule is asked about: the case of a rule that has nothing to say of it, and the thing itself."""


def run(rules: Iterable[Rule], state: State, only: frozenset[str] | None = None) -> tuple[RuleRun, ...]:
    """Ask every rule about every subject it has, or only about some tasks, in the order of the rules' names.

    Of a rule about the whole repository, asked about some tasks, the findings of these are kept.
    """
    _seal(state)
    subjects = _Subjects(state)
    return tuple(_run(rule, state, subjects, only) for rule in sorted(rules, key=lambda rule: rule.name))


def _run(rule: Rule, state: State, subjects: "_Subjects", only: frozenset[str] | None) -> RuleRun:
    return RuleRun(
        rule=rule.name,
        family=rule.family,
        severity=rule.severity,
        doc=rule.doc,
        url=rule.url,
        stops_dispatch=rule.stops_dispatch,
        cases=tuple(_cases(rule, state, subjects, only)),
        untold=_untold(rule, state),
    )


def _cases(rule: Rule, state: State, subjects: "_Subjects", only: frozenset[str] | None) -> Iterator[Case]:
    inputs = _inputs(rule, state)
    if isinstance(inputs, Unavailable):
        yield Case(subject=Subject(REPOSITORY), skipped=inputs.reason)
        return
    asked = subjects.of(rule)
    if isinstance(asked, Unavailable):
        yield Case(subject=Subject(REPOSITORY), skipped=asked.reason)
        return
    if only is not None and rule.subjects:
        asked = [(passed, thing) for passed, thing in asked if passed.subject.group in only]
    asking = _Asking(rule, inputs, only)
    for passed, thing in asked:
        yield asking.case(passed, thing)


class _Asking:
    """One rule that is asked about subject after subject."""

    def __init__(self, rule: Rule, inputs: dict[str, Any], only: frozenset[str] | None) -> None:
        self.rule = rule
        self.inputs = inputs
        self.only = only
        self.left = FINDINGS_CAP
        """How many findings it may still have."""

    def case(self, passed: Case, thing: object) -> Case:
        """Ask about one subject; the case that is given where the rule has nothing to say."""
        subject = passed.subject
        if self.left < 0:
            return Case(subject=subject, undecided=f"the rule was stopped after {FINDINGS_CAP:,} findings")
        found: list[Finding] = []
        undecided = None
        try:
            for finding in islice(call(self.rule, thing, self.inputs), self.left + 1):
                found.append(_stamped(finding, self.rule))
        except Undecided as reason:
            undecided = str(reason)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a rule raises costs only its own results
            where = f"rule {self.rule.name} on {subject}"
            return Case(subject=subject, error=RunError(where=where, message=_frame(error)))
        if undecided is None and not found:
            return passed
        if self.only is not None:
            found = [finding for finding in found if finding.task in self.only]
        return self._bounded(Case(subject=subject, findings=tuple(found), undecided=undecided))

    def _bounded(self, case: Case) -> Case:
        """Return the case with as many findings as the rule may still have, and an error where it has more."""
        may_have = self.left
        self.left -= len(case.findings)
        if self.left >= 0:
            return case
        error = RunError(where=f"rule {self.rule.name}", message=f"more than {FINDINGS_CAP:,} findings")
        return replace(case, findings=case.findings[:may_have], error=error)


def _seal(state: State) -> None:
    """Make the mappings of a state and its parts read-only: what one rule wrote there, all others would read."""
    for part in (state, *(getattr(state, name) for name in names_of(state))):
        for name in names_of(part):
            value = getattr(part, name)
            if type(value) is dict:
                object.__setattr__(part, name, MappingProxyType(value))


def _inputs(rule: Rule, state: State) -> dict[str, Any] | Unavailable:
    """Return the parts of the state that a rule asks for; or why one that it needs isn't there."""
    inputs: dict[str, Any] = {}
    for name in rule.inputs:
        part = getattr(state, name)
        if isinstance(part, Unavailable):
            return part
        inputs[name] = part
    for name in rule.optional:
        part = getattr(state, name)
        inputs[name] = None if isinstance(part, Unavailable) else part
    return inputs


def _untold(rule: Rule, state: State) -> dict[str, str]:
    """Return the tasks of which parts of the state that a rule asks for don't tell, each with the reason."""
    untold: dict[str, str] = {}
    for name in (*rule.inputs, *rule.optional):
        part = getattr(state, name)
        if isinstance(part, Unavailable):
            untold |= dict.fromkeys(part.untold, part.reason)
        elif isinstance(part, Pulls):
            untold |= part.untold
    return untold


class _Subjects:
    """What rules are asked about, made once for all of them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_kind: dict[str, list[Asked] | Unavailable] = {}

    def of(self, rule: Rule) -> list[Asked] | Unavailable:
        """Return what a rule is asked about; or why nothing of it can be looked at."""
        if not rule.subjects:
            return [(Case(subject=Subject(REPOSITORY)), None)]
        found: list[Asked] = []
        missing: list[Unavailable] = []
        for kind in rule.subjects:
            things = self._of_kind(kind)
            if isinstance(things, Unavailable):
                missing.append(things)
            else:
                found.extend(things)
        nothing = len(missing) == len(rule.subjects)
        return missing[0] if nothing else found

    def _of_kind(self, kind: str) -> list[Asked] | Unavailable:
        if kind not in self._by_kind:
            named = _things(kind, self._state)
            if isinstance(named, Unavailable):
                self._by_kind[kind] = named
            else:
                self._by_kind[kind] = [(Case(subject=subject), thing) for subject, thing in named]
        return self._by_kind[kind]


def _things(kind: str, state: State) -> Iterable[Named] | Unavailable:
    match kind:
        case "task":
            return _tasks(state)
        case "file":
            return ((Subject(file.id, _where(file.place.checkout)), file) for file in state.files)
        case "entry":
            entries = state.entries
            return entries if isinstance(entries, Unavailable) else map(_of_entry, entries)
        case "manager":
            managers = state.managers
            return managers if isinstance(managers, Unavailable) else ((Subject(each.key), each) for each in managers)
        case "ledger":
            ledgers = state.ledgers
            return ledgers if isinstance(ledgers, Unavailable) else map(_of_ledger, ledgers)
    raise AssertionError(kind)


def _tasks(state: State) -> Iterator[Named]:
    for task in state.tasks:
        if task.document is not None:
            yield Subject(task.id), task


def _where(checkout: str) -> str:
    return "" if checkout == "root" else checkout


def _of_entry(entry: Entry) -> Named:
    return Subject(entry.task, f"{entry.manager} {entry.place.path}"), entry


def _of_ledger(ledger: Ledger) -> Named:
    of_task = ledger.kind in {LedgerKind.TOMBSTONE, LedgerKind.LOG}
    group = ledger.name if of_task else ledger.manager or REPOSITORY
    return Subject(group, ledger.place.path), ledger


def _stamped(finding: Finding, rule: Rule) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"a rule yields findings, not {type(finding).__name__}")
    from taskcheck.engine.wellformed import ill

    wrong = ill(finding)
    if wrong:
        raise TypeError(wrong)
    return replace(finding, rule=rule.name, family=rule.family, severity=finding.severity or rule.severity)


def _frame(error: BaseException) -> str:
    """Return the exception with the frame that raised it, short enough for one line of a report."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
