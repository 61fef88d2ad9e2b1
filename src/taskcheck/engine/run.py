"""Rules times subjects gives cases; a rule that crashes makes a case too."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count, islice
from types import MappingProxyType
from typing import Any

from taskcheck.documents.frozen import names_of, replace
from taskcheck.engine.rule import Rule, Undecided, asking
from taskcheck.model.cases import Case, RuleRun, RunError, Sparse, Subject
from taskcheck.model.finding import REPOSITORY, Finding
from taskcheck.model.memory import NOTHING_KNOWN, Heard, Silence
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import Entry, Ledger, LedgerKind
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task

FINDINGS_CAP = 10_000
"""Findings of one rule; one that yields more is out of hand and costs only itself."""


def run(
    rules: Iterable[Rule], state: State, only: frozenset[str] | None = None, silence: Silence = NOTHING_KNOWN
) -> tuple[RuleRun, ...]:
    """Ask every rule about every subject it has, or only about some tasks, in the order of the rules' names.

    Of a rule about the whole repository, asked about some tasks, the findings of these are kept. Where it is known that
    a rule has nothing to say, it isn't asked.
    """
    _seal(state)
    subjects = _Subjects(state)
    return tuple(_run(rule, state, subjects, only, silence) for rule in sorted(rules, key=lambda rule: rule.name))


def _run(rule: Rule, state: State, subjects: "_Subjects", only: frozenset[str] | None, silence: Silence) -> RuleRun:
    return RuleRun(
        rule=rule.name,
        family=rule.family,
        severity=rule.severity,
        written=lambda: rule.doc,
        url=rule.url,
        stops_dispatch=rule.stops_dispatch,
        formerly=rule.formerly,
        cases=_cases(rule, state, subjects, only, silence),
        untold=_untold(rule, state),
    )


def _cases(
    rule: Rule, state: State, subjects: "_Subjects", only: frozenset[str] | None, silence: Silence
) -> Sequence[Case]:
    inputs = _inputs(rule, state)
    if isinstance(inputs, Unavailable):
        return (Case(subject=Subject(REPOSITORY), skipped=inputs.reason),)
    asked = subjects.of(rule)
    if isinstance(asked, Unavailable):
        return (Case(subject=Subject(REPOSITORY), skipped=asked.reason),)
    if only is not None and rule.subjects:
        asked = [things.of(only) for things in asked]
    told: dict[int, Case] = {}
    if rule.name not in silence.rules:
        told = _told(_Asking(rule, inputs, only), asked, silence.tasks if rule.name in silence.rules_by_task else ())
    return Sparse(lambda: [case for things in asked for case in things.passed], sum(map(len, asked)), told)


def _told(asking: "_Asking", asked: Iterable["_Things"], silent: Container[str]) -> dict[int, Case]:
    """Return the cases in which a rule has something to say, by the places of the things in a row.

    Args:
        asking: the rule.
        asked: what it is asked about.
        silent: paths of those of root's task files of which it is known to say nothing.
    """
    told = {}
    places = count()
    for things in asked:
        known = silent if things.has_files else ()
        for thing, place in zip(things.all, places):  # noqa: B905 - the places have no end
            may_speak = asking.left >= 0
            if may_speak and known and thing.place.path in known and thing.place.checkout == "root":
                continue
            case = asking.case(thing, things.named)
            if case is not None:
                told[place] = case
    return told


class _Asking:
    """One rule that is asked about subject after subject."""

    def __init__(self, rule: Rule, inputs: dict[str, Any], only: frozenset[str] | None) -> None:
        self.rule = rule
        self.ask = asking(rule, inputs)
        self.only = only
        self.left = FINDINGS_CAP
        """How many findings it may still have."""

    def case(self, thing: object, named: Callable[[Any], Subject]) -> Case | None:
        """Ask about one subject; None where the rule has nothing to say.

        Args:
            thing: the subject.
            named: gives what reports call it.
        """
        if self.left < 0:
            return Case(subject=named(thing), undecided=f"the rule was stopped after {FINDINGS_CAP:,} findings")
        found: list[Finding] = []
        undecided = None
        try:
            for finding in islice(self.ask(thing), self.left + 1):
                found.append(_stamped(finding, self.rule))
        except Undecided as reason:
            undecided = str(reason)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a rule raises costs only its own results
            where = f"rule {self.rule.name} on {named(thing)}"
            return Case(subject=named(thing), error=RunError(where=where, message=_frame(error)))
        if undecided is None and not found:
            return None
        if self.only is not None:
            found = [finding for finding in found if finding.task in self.only]
        return self._bounded(Case(subject=named(thing), findings=tuple(found), undecided=undecided))

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


class _Things:
    """The things of one kind that rules are asked about."""

    def __init__(self, things: Iterable[Any], named: Callable[[Any], Subject], *, has_files: bool = False) -> None:
        self.all = tuple(things)
        self.named = named
        """Gives what reports call each."""
        self.has_files = has_files
        """Whether they are task files."""

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def passed(self) -> tuple[Case, ...]:
        """The case of each, of a rule that has nothing to say; made once for all rules, where somebody wants them."""
        return tuple(Case(subject=self.named(thing)) for thing in self.all)

    def of(self, groups: Container[str]) -> "_Things":
        """Return those that are of some tasks."""
        chosen = (thing for thing in self.all if self.named(thing).group in groups)
        return _Things(chosen, self.named, has_files=self.has_files)


class _Subjects:
    """What rules are asked about, made once for all of them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_kind: dict[str, _Things | Unavailable] = {}

    def of(self, rule: Rule) -> list[_Things] | Unavailable:
        """Return what a rule is asked about; or why nothing of it can be looked at."""
        if not rule.subjects:
            return [_Things([None], lambda _: Subject(REPOSITORY))]
        found: list[_Things] = []
        missing: list[Unavailable] = []
        for kind in rule.subjects:
            things = self._of_kind(kind)
            if isinstance(things, Unavailable):
                missing.append(things)
            else:
                found.append(things)
        return found or missing[0]

    def _of_kind(self, kind: str) -> _Things | Unavailable:
        if kind not in self._by_kind:
            self._by_kind[kind] = _things(kind, self._state)
        return self._by_kind[kind]


def _things(kind: str, state: State) -> _Things | Unavailable:
    match kind:
        case "task":
            return _Things(_readable(state.tasks), lambda task: Subject(task.id), has_files=True)
        case "file":
            return _Things(state.files, lambda file: Subject(file.id, _where(file.place.checkout)), has_files=True)
        case "entry":
            return _these(state.entries, _name_of_entry)
        case "manager":
            return _these(state.managers, lambda manager: Subject(manager.key))
        case "ledger":
            return _these(state.ledgers, _name_of_ledger)
    raise AssertionError(kind)


def _these(things: Iterable[Any] | Unavailable, named: Callable[[Any], Subject]) -> _Things | Unavailable:
    return things if isinstance(things, Unavailable) else _Things(things, named)


def _readable(tasks: Iterable[Task]) -> Iterator[Task]:
    return (task for task in tasks if task.document is not None)


def _where(checkout: str) -> str:
    return "" if checkout == "root" else checkout


def _name_of_entry(entry: Entry) -> Subject:
    return Subject(entry.task, f"{entry.manager} {entry.place.path}")


def _name_of_ledger(ledger: Ledger) -> Subject:
    of_task = ledger.kind in {LedgerKind.TOMBSTONE, LedgerKind.LOG}
    group = ledger.name if of_task else ledger.manager or REPOSITORY
    return Subject(group, ledger.subject)


def _stamped(finding: Finding, rule: Rule) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"a rule yields findings, not {type(finding).__name__}")
    from taskcheck.engine.wellformed import ill

    wrong = ill(finding)
    if wrong:
        raise TypeError(wrong)
    severity = finding.severity or rule.severity
    return replace(
        finding, rule=rule.name, formerly=rule.formerly, family=rule.family, severity=severity, local=rule.local
    )


def _frame(error: BaseException) -> str:
    """Return the exception with the frame that raised it, short enough for one line of a report."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def known(rules: Iterable[Rule], remembered: Silence) -> Silence:
    """Return what is remembered of some rules, as far as it is about rules of which it may be."""
    rules = tuple(rules)
    return Silence(
        rules=remembered.rules & {rule.name for rule in rules if rule.by_tasks},
        rules_by_task=remembered.rules_by_task & {rule.name for rule in rules if rule.by_task},
        tasks=remembered.tasks,
    )


def heard(rules: Iterable[Rule], runs: Iterable[RuleRun]) -> Heard:
    """Return what is to be remembered of what some rules said; the runs of other rules aren't looked at."""
    by_name = {rule.name: rule for rule in rules}
    looked = {run.rule: run for run in runs if run.rule in by_name and run.skipped is None}
    asked = frozenset(name for name in looked if by_name[name].by_task)
    return Heard(
        asked=asked,
        loud=_subjects(map(looked.__getitem__, asked)),
        silent=frozenset(name for name, run in looked.items() if by_name[name].by_tasks and not run.telling),
    )


def _subjects(runs: Iterable[RuleRun]) -> frozenset[str]:
    """Return the subjects of which some rules had something to say."""
    return frozenset(case.subject.group for run in runs for case in run.telling)
