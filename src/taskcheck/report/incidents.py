"""Folds findings and raw signals into one incident per task, manager or repository, headed by the root cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from taskcheck.documents.values import timestamp
from taskcheck.engine.rule import Rule
from taskcheck.model.checkouts import Copies
from taskcheck.model.finding import Finding, Safety, Severity
from taskcheck.model.report import Incident, SignalNote
from taskcheck.model.runtime import Signal
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.report.blocked import blocked
from taskcheck.report.causes import Causes

Key = tuple[str | None, str | None]
"""The task or the manager that an incident is about; neither for the repository."""


@dataclass(slots=True)
class _Group:
    """All that is said of one task, manager or repository."""

    findings: list[Finding] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)


def fold(findings: Iterable[Finding], state: State, rules: Mapping[str, Rule]) -> tuple[Incident, ...]:
    """Return all incidents, worst first, then by task; findings of no task and no manager are the repository's."""
    causes = Causes(rules, state.settings.signals)
    groups = _grouped(tuple(findings), state, causes)
    incidents = [_incident(key, group, state, causes) for key, group in groups.items()]
    return tuple(sorted(_with_blocked(incidents, state), key=_order))


def _grouped(findings: tuple[Finding, ...], state: State, causes: Causes) -> dict[Key, _Group]:
    by_task: dict[str, set[str]] = {}
    for finding in findings:
        if finding.task:
            by_task.setdefault(finding.task, set()).add(finding.rule)
    groups: dict[Key, _Group] = {}
    for finding in findings:
        key = _key(finding, by_task, causes)
        groups.setdefault(key, _Group()).findings.append(finding)
    for signal in state.signals:
        key = (signal.task, None) if signal.task else (None, signal.manager)
        groups.setdefault(key, _Group()).signals.append(signal)
    return groups


def _key(finding: Finding, by_task: Mapping[str, set[str]], causes: Causes) -> Key:
    """Return whose a finding is; a manager's, when each of its tasks has one that explains it, comes with the first."""
    if finding.task:
        return finding.task, None
    if finding.tasks and all(causes.first(by_task.get(task, ()), finding.rule) for task in finding.tasks):
        return finding.tasks[0], None
    return None, finding.manager


def _with_blocked(incidents: list[Incident], state: State) -> list[Incident]:
    """Return the incidents with how many tasks wait for each."""
    asked = sorted(incident.task for incident in incidents if incident.task)
    if not asked:
        return incidents
    waiting = blocked(asked, state.tasks)
    return [replace(incident, blocks=waiting.get(incident.task or "", 0)) for incident in incidents]


def _order(incident: Incident) -> tuple[int, bool, str, str]:
    return -incident.severity, incident.headline is None, incident.task or "", incident.manager or ""


def _incident(key: Key, group: _Group, state: State, causes: Causes) -> Incident:
    task_id, manager = key
    findings = _explained(group.findings, causes)
    task = state.tasks.get(task_id) if task_id else None
    about = Incident(
        task=task_id,
        manager=manager,
        title=manager or "",
        owner=None,
        status=None,
        headline=findings[0].rule if findings else None,
        findings=findings,
        signals=_signals(group.signals, findings, state, causes),
        moved_at=_moved(task, state) if task_id else _heard(manager, state),
        worker=_worker(task_id, state),
    )
    if task is None:
        return about
    owners = ", ".join(owner for _, owner in task.owners)
    return replace(about, title=task.title, owner=owners or None, status=task.status)


def _explained(findings: list[Finding], causes: Causes) -> tuple[Finding, ...]:
    """Return the findings of one incident, each with what explains it, the headline first."""
    found = {finding.rule for finding in findings}
    grave = {finding.rule for finding in findings if finding.level is not Severity.INFO}
    explained = []
    for finding in findings:
        # What is only told for information is the cause of no error.
        able = grave if finding.level is Severity.ERROR else found
        explained.append(replace(finding, explained_by=causes.first(able, finding.rule)))

    explained = _without_idle_fixes(explained)

    def order(finding: Finding) -> tuple[object, ...]:
        place = finding.place
        return finding.explained_by is not None, -finding.level, causes.rank(finding.rule), place.path, place.route

    return tuple(sorted(explained, key=order))


def _without_idle_fixes(findings: list[Finding]) -> list[Finding]:
    """Return the findings of one incident, those that another explains with a repair only where the cause needs it.

    An unsafe repair of a consequence is never offered; a safe one only where that of its cause isn't safe.
    """
    safe_causes = {finding.rule for finding in findings if finding.fix and finding.fix.safety is Safety.SAFE}
    kept = []
    for finding in findings:
        fix = finding.fix
        if fix is not None and finding.explained_by is not None:
            needed = fix.safety is Safety.SAFE and finding.explained_by not in safe_causes
            kept.append(finding if needed else replace(finding, fix=None))
        else:
            kept.append(finding)
    return kept


def _signals(
    signals: list[Signal], findings: tuple[Finding, ...], state: State, causes: Causes
) -> tuple[SignalNote, ...]:
    """Return the raw signals of one incident, each with what refutes or explains it."""
    heads = {finding.rule: finding for finding in findings}.values()
    notes = []
    for signal in sorted(signals, key=lambda each: (each.kind, each.manager, each.at is None, each.at)):
        cause = next((head.rule for head in heads if causes.explains_signal(head, signal.kind)), None)
        notes.append(SignalNote(signal=signal, refuted=_refuted(signal, state), explained_by=cause))
    return tuple(notes)


def _moved(task: Task | None, state: State) -> datetime | None:
    """Return the newest sign of work on a task (spec 3.1); of one that no ledger knows, what its front matter tells."""
    if task is None:
        return None
    dispatch = state.dispatch_of(task.id)
    known = dispatch.moved if dispatch else state.moves.get(task.id)
    return known or _newest_written(task, state.now + state.settings.limits.clock_skew)


def _newest_written(task: Task, latest: datetime) -> datetime | None:
    """Return the newest timestamp in a task's front matter that isn't in the future."""
    newest: datetime | None = None
    for value in task.front.values():
        time = timestamp(value) if isinstance(value, str) else None
        if time is None or time > latest:
            continue
        if newest is None or time > newest:
            newest = time
    return newest


def _heard(manager: str | None, state: State) -> datetime | None:
    """Return when a manager last wrote its heartbeat."""
    for each in state.known_managers:
        if each.key == manager and each.newest_snapshot:
            return each.newest_snapshot.generated_at
    return None


def _worker(task: str | None, state: State) -> str | None:
    """Return how a task's newest run stands, in a word."""
    dispatch = state.dispatch_of(task) if task is not None else None
    return dispatch.state.value if dispatch else None


def _refuted(signal: Signal, state: State) -> bool:
    copies = Copies() if isinstance(state.copies, Unavailable) else state.copies
    return copies.refute(signal, state.tasks.get(signal.task or "")) is not None
