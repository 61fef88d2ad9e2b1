"""Folds findings and raw signals into one incident per task, manager or repository, headed by the root cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from taskcheck.documents.values import timestamp
from taskcheck.engine.rule import Rule
from taskcheck.model.finding import Finding
from taskcheck.model.report import Incident, SignalNote
from taskcheck.model.runtime import Signal
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import Copies, State
from taskcheck.model.task import Task
from taskcheck.report.blocked import blocked

ORDER = (
    "unreadable-task", "unreadable-state", "split-manager", "role-routing", "merged-not-completed",
    "dispatch-completed-unreconciled", "missing-terminal-state", "worker-gone", "register-orphan", "metadata-drift",
)  # fmt: skip
"""Root causes before what they cause (spec 3.4): a finding is only ever explained by an earlier one."""


@dataclass(frozen=True, slots=True)
class _Causes:
    """What explains what, by the rules' own words."""

    rules: Mapping[str, Rule]
    signals: Mapping[str, tuple[str, ...]]
    """Further kinds of signals, to the rules and families that explain them."""

    def rank(self, rule: str) -> int:
        return ORDER.index(rule) if rule in ORDER else len(ORDER)

    def explains(self, cause: str, effect: Finding) -> bool:
        named = self.rules[cause].explains if cause in self.rules else ()
        if not {"*", effect.rule, effect.family} & set(named):
            return False
        return (self.rank(cause), cause) < (self.rank(effect.rule), effect.rule)

    def first(self, found: Iterable[str], effect: Finding) -> str | None:
        """The first of some rules that explains a finding."""
        causes = (rule for rule in found if self.explains(rule, effect))
        return min(causes, key=lambda rule: (self.rank(rule), rule), default=None)

    def explains_signal(self, cause: Finding, kind: str) -> bool:
        named = self.rules[cause.rule].explains if cause.rule in self.rules else ()
        configured = {cause.rule, cause.family} & set(self.signals.get(kind, ()))
        return bool(configured) or kind in named or "*" in named or kind.replace("_", "-") == cause.rule


Key = tuple[str | None, str | None]


def fold(findings: Iterable[Finding], state: State, rules: Mapping[str, Rule]) -> tuple[Incident, ...]:
    """All incidents, worst first, then by task; findings of no task and no manager are the repository's."""
    causes = _Causes(rules, state.settings.signals)
    findings = tuple(findings)
    by_task: dict[str, set[str]] = {}
    for finding in findings:
        if finding.task:
            by_task.setdefault(finding.task, set()).add(finding.rule)
    groups: dict[Key, tuple[list[Finding], list[Signal]]] = {}
    for finding in findings:
        groups.setdefault(_key(finding, by_task, causes), ([], []))[0].append(finding)
    for signal in state.signals:
        key = (signal.task, None) if signal.task else (None, signal.manager)
        groups.setdefault(key, ([], []))[1].append(signal)
    incidents = [_incident(key, found, signals, state, causes) for key, (found, signals) in groups.items()]
    if asked := sorted(task for task, _ in groups if task):
        waiting = blocked(asked, state.tasks)
        incidents = [replace(incident, blocks=waiting.get(incident.task or "", 0)) for incident in incidents]
    return tuple(sorted(incidents, key=lambda i: (-i.severity, i.headline is None, i.task or "", i.manager or "")))


def _key(finding: Finding, by_task: Mapping[str, set[str]], causes: _Causes) -> Key:
    """Whose a finding is; a manager's, when all its tasks have a finding that explains it, comes with the first."""
    if finding.task:
        return finding.task, None
    if finding.tasks and all(causes.first(by_task.get(task, ()), finding) for task in finding.tasks):
        return finding.tasks[0], None
    return None, finding.manager


def _incident(key: Key, findings: list[Finding], signals: list[Signal], state: State, causes: _Causes) -> Incident:
    found = {finding.rule for finding in findings}
    explained = [replace(finding, explained_by=causes.first(found, finding)) for finding in findings]
    explained.sort(
        key=lambda f: (
            f.explained_by is not None,
            -f.level,
            causes.rank(f.rule),
            f.rule,
            f.place.path,
            f.place.route,
        )
    )
    heads = {finding.rule: finding for finding in explained}.values()
    notes = tuple(
        SignalNote(signal=s, refuted=_refuted(s, state), explained_by=_cause_of_signal(s, heads, causes))
        for s in sorted(signals, key=lambda s: (s.kind, s.manager, s.at is None, s.at))
    )
    task = state.tasks.get(key[0]) if key[0] else None
    return Incident(
        task=key[0],
        manager=key[1],
        title=task.title if task else key[1] or "",
        owner=", ".join(owner for _, owner in task.owners) or None if task else None,
        status=task.status if task else None,
        headline=explained[0].rule if explained else None,
        findings=tuple(explained),
        signals=notes,
        moved_at=_moved(task, state) if key[0] else _heard(key[1], state),
        worker=_worker(key[0], state),
    )


def _moved(task: Task | None, state: State) -> datetime | None:
    """The newest sign of work on a task (spec 3.1); of one that no ledger knows, what its front matter tells."""
    if task is None:
        return None
    dispatch = None if isinstance(state.dispatches, Unavailable) else state.dispatches.of(task.id)
    known = dispatch.moved if dispatch else state.moves.get(task.id)
    latest = state.now + state.settings.limits.clock_skew
    written = (timestamp(value) for value in task.front.values() if isinstance(value, str))
    return known or max((time for time in written if time is not None and time <= latest), default=None)


def _heard(manager: str | None, state: State) -> datetime | None:
    managers = () if isinstance(state.managers, Unavailable) else state.managers
    found = next((each.newest_snapshot for each in managers if each.key == manager), None)
    return found.generated_at if found else None


def _worker(task: str | None, state: State) -> str | None:
    if task is None or isinstance(state.dispatches, Unavailable):
        return None
    dispatch = state.dispatches.of(task)
    return dispatch.state.value if dispatch else None


def _cause_of_signal(signal: Signal, findings: Iterable[Finding], causes: _Causes) -> str | None:
    return next((f.rule for f in findings if causes.explains_signal(f, signal.kind)), None)


def _refuted(signal: Signal, state: State) -> bool:
    copies = Copies() if isinstance(state.copies, Unavailable) else state.copies
    return copies.refute(signal, state.tasks.get(signal.task or "")) is not None
