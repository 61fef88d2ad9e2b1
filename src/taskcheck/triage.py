"""Which rules run, how much their findings matter, and which findings are meant to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from taskcheck.documents import Value
from taskcheck.finding import Finding, RuleRun, Severity
from taskcheck.rules import Rule
from taskcheck.settings import Settings, Suppression
from taskcheck.sources import Unavailable
from taskcheck.state import State, Tasks

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
        reason = _accepted(finding, state.settings, today) or _accepted_in_file(finding, state)
        if reason is None:
            kept.append((name, finding))
        else:
            suppressed.append((name, finding, reason))
    return replace(run, findings=tuple(kept), suppressed=tuple(suppressed))


def _accepted(finding: Finding, settings: Settings, today: str) -> str | None:
    subject = finding.task or finding.manager or ""
    for suppression in settings.suppress:
        if _covers(suppression, finding.rule, subject) and (suppression.until is None or today <= suppression.until):
            return suppression.reason
    return None


def _covers(suppression: Suppression, rule: str, subject: str) -> bool:
    return suppression.rule == rule and fnmatchcase(subject, suppression.task)


def _accepted_in_file(finding: Finding, state: State) -> str | None:
    """The reason under ``taskcheck: {ignore: {RULE: reason}}`` in the task's root file."""
    task = state.tasks.get(finding.task) if finding.task else None
    ignored = _table(_table(task.front if task else {}, "taskcheck"), "ignore")
    reason = ignored.get(finding.rule)
    return reason if isinstance(reason, str) else None


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
    copies = {copy.task.id: copy for copy in state.copies if copy.checkout.name == checkout}
    changed = frozenset(task for task, copy in copies.items() if copy.changed)
    tasks = {task.id: task for task in state.tasks} | {task: copies[task].task for task in changed}
    return replace(state, tasks=Tasks.of(tuple(tasks.values()))), changed
