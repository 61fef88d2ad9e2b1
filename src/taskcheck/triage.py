"""Which rules run, how much their findings matter, and which findings are meant to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from taskcheck.documents import Value
from taskcheck.finding import Finding, RuleRun, Severity
from taskcheck.model import Place, Task
from taskcheck.rules import Rule
from taskcheck.settings import Settings, Suppression
from taskcheck.sources import Unavailable
from taskcheck.state import State, SuppressionUse, Tasks

ALL = "all"


class UnknownRule(ValueError):
    """A name that is neither a rule nor a family, with the known ones."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


def choose(rules: Mapping[str, Rule], select: Iterable[str], ignore: Iterable[str]) -> list[Rule]:
    """The rules that are selected and not ignored; a rule's own name beats its family's, a family beats ``all``.

    Raises:
        UnknownRule: a name that is neither a rule nor a family.
    """
    select, ignore = set(select), set(ignore)
    known = sorted({ALL, *rules, *(rule.family for rule in rules.values())})
    for name in sorted(select | ignore):
        if name not in known:
            raise UnknownRule(name, known)

    def rank(rule: Rule, names: set[str]) -> int:
        return max((rule.name in names) * 3, (rule.family in names) * 2, (ALL in names) * 1)

    return [rule for rule in rules.values() if rank(rule, select) > rank(rule, ignore)]


def known_rules(rules: Mapping[str, Rule], names: Iterable[str]) -> None:
    """See that names are those of rules.

    Raises:
        UnknownRule: one isn't.
    """
    for name in names:
        if name not in rules:
            raise UnknownRule(name, sorted(rules))


def weigh(run: RuleRun, severities: Mapping[str, str]) -> RuleRun:
    """A rule's findings with the severity that the configuration gives the rule or its family."""
    word = severities.get(run.rule) or severities.get(run.family)
    if word is None:
        return run
    severity = Severity[word.upper()]
    return replace(run, findings=tuple((name, replace(finding, severity=severity)) for name, finding in run.findings))


def suppress(run: RuleRun, state: State) -> RuleRun:
    """A rule's run with the findings set aside that the configuration or the task file itself accepts."""
    kept, suppressed = [], []
    today = state.now.date().isoformat()
    for name, finding in run.findings:
        reason = _accepted(finding, state.settings, today) or _accepted_in_file(finding, state, today)
        if reason is None:
            kept.append((name, finding))
        else:
            suppressed.append((name, finding, reason))
    return replace(run, findings=tuple(kept), suppressed=tuple(suppressed))


def uses(runs: Iterable[RuleRun], state: State) -> tuple[SuppressionUse, ...]:
    """What became of every suppression, of the configuration and of the task files."""
    by_rule = {run.rule: run for run in runs}
    today = state.now.date().isoformat()
    found = []
    for index, table in enumerate(state.settings.suppress):
        place = Place(
            path=state.settings.source or "taskcheck.toml", route=("suppress", str(index)), line=table.line, column=1
        )
        found.append(_use(table, place, None, None, by_rule.get(table.rule), today))
    for task in state.tasks:
        for rule, value in _ignored(task).items():
            reason, until = _reason(value)
            table = Suppression(rule=rule, task=task.id, reason=reason or "", until=until)
            place = task.place.at("taskcheck", "ignore", rule)
            fault = None if reason else "it gives no reason"
            found.append(_use(table, place, task, fault, by_rule.get(rule), today))
    return tuple(found)


def _use(
    table: Suppression, place: Place, task: Task | None, fault: str | None, run: RuleRun | None, today: str
) -> SuppressionUse:
    def covered(subject: str | None) -> bool:
        return subject == task.id if task else _covers(table, table.rule, subject or "")

    looked = run is not None and run.skipped is None and not run.errors
    return SuppressionUse(
        rule=table.rule,
        subject=table.task,
        place=place,
        task=task.id if task else None,
        until=table.until,
        fault=fault,
        expired=table.until is not None and today > table.until,
        matched=any(covered(finding.task or finding.manager) for _, finding, _ in (run.suppressed if run else ())),
        judged=looked and not any(covered(subject.group) for subject, _ in (run.undecided if run else ())),
    )


def _accepted(finding: Finding, settings: Settings, today: str) -> str | None:
    subject = finding.task or finding.manager or ""
    for suppression in settings.suppress:
        if _covers(suppression, finding.rule, subject) and (suppression.until is None or today <= suppression.until):
            return suppression.reason
    return None


def _covers(suppression: Suppression, rule: str, subject: str) -> bool:
    return suppression.rule == rule and fnmatchcase(subject, suppression.task)


def _accepted_in_file(finding: Finding, state: State, today: str) -> str | None:
    """The reason under ``taskcheck: {ignore: {RULE: reason}}`` in the task's root file, while it counts."""
    task = state.tasks.get(finding.task) if finding.task else None
    reason, until = _reason(_ignored(task).get(finding.rule)) if task else (None, None)
    return reason if until is None or today <= until else None


def _ignored(task: Task) -> Mapping[str, Value]:
    return _table(_table(task.front, "taskcheck"), "ignore")


def _reason(value: Value) -> tuple[str | None, str | None]:
    """The reason of a suppression in a task file and the last day on which it counts: text, or a table of both."""
    if isinstance(value, Mapping):
        reason, until = value.get("reason"), value.get("until")
        return _said(reason), (until[:10] if isinstance(until, str) else None)
    return _said(value), None


def _said(value: Value) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _table(values: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Gate:
    """What may fail a run: everything, or for a commit only what the commit itself decides."""

    static: frozenset[str]
    """Rules that task files, people and configuration alone decide."""
    checkout: str
    """The checkout that is committed in."""

    def mark(self, finding: Finding) -> Finding:
        """The finding, as advisory when it can't fail the run."""
        decided = finding.rule in self.static and finding.task is not None
        return replace(finding, advisory=not decided or finding.place.checkout != self.checkout)


def committed_view(state: State, checkout: str) -> tuple[State, frozenset[str]]:
    """The state as a linked worktree's commit would have it, and the tasks that the worktree changed since its base.

    Root's tasks with the worktree's copies over them: what the worktree didn't touch is as in root.
    """
    if isinstance(state.copies, Unavailable):
        return state, frozenset()
    copies = [copy.task for copy in state.copies if copy.checkout.name == checkout and copy.changed]
    changed = frozenset(task.id for task in copies)
    untouched = [task for task in state.tasks if task.id not in changed]
    return replace(state, tasks=Tasks.of((*untouched, *copies), state.tasks.archived)), changed
