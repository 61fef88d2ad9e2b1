"""Folds findings and raw signals into one incident per task, manager or repository, headed by the root cause."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from taskcheck.documents.frozen import replace
from taskcheck.engine.rule import Rule
from taskcheck.model.checkouts import Copies
from taskcheck.model.finding import Finding, Safety, Severity
from taskcheck.model.report import Incident, SignalNote
from taskcheck.model.runtime import Signal
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import PullRequest, Task
from taskcheck.report.causes import Causes
from taskcheck.report.work import last_written

Key = tuple[str | None, str | None]
"""The task or the manager that an incident is about; neither for the repository."""


class _Group:
    """All that is said of one task, manager or repository."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.signals: list[Signal] = []


def fold(findings: Iterable[Finding], state: State, rules: Mapping[str, Rule]) -> tuple[Incident, ...]:
    """Return all incidents, worst first, then by task; findings of no task and no manager are the repository's."""
    causes = Causes(rules, state.settings.signals)
    groups = _grouped(tuple(findings), state, causes)
    incidents = [_incident(key, group, state, causes) for key, group in groups.items()]
    return tuple(sorted(_with_blocked(incidents, state), key=_order))


def _grouped(findings: tuple[Finding, ...], state: State, causes: Causes) -> dict[Key, _Group]:
    """Return findings and signals by what they are about."""
    by_task = _rules_by_task(findings)
    groups: dict[Key, _Group] = {}
    for finding in findings:
        key = _key(finding, by_task, causes)
        groups.setdefault(key, _Group()).findings.append(finding)
    for signal in state.signals:
        key = _key_of_signal(signal)
        groups.setdefault(key, _Group()).signals.append(signal)
    return groups


def _rules_by_task(findings: Iterable[Finding]) -> dict[str, set[str]]:
    """Return the rules that found something about each task."""
    by_task: dict[str, set[str]] = {}
    for finding in findings:
        if finding.task:
            by_task.setdefault(finding.task, set()).add(finding.rule)
    return by_task


def _key_of_signal(signal: Signal) -> Key:
    """Return whose a signal is: the task's that it names, else the manager's who gave it."""
    if signal.task:
        return signal.task, None
    return None, signal.manager


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
    from taskcheck.report.blocked import blocked

    waiting = blocked(asked, state.tasks)
    counted = []
    for incident in incidents:
        blocks = waiting.get(incident.task or "", 0)
        counted.append(replace(incident, blocks=blocks))
    return counted


def _order(incident: Incident) -> tuple[int, bool, str, str]:
    """Return a key that sorts incidents: the worst first, those of signals alone after those with findings."""
    return -incident.severity, incident.headline is None, incident.task or "", incident.manager or ""


def _incident(key: Key, group: _Group, state: State, causes: Causes) -> Incident:
    """Return all that is said of one task, manager or repository as one incident."""
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
    return replace(
        about, title=task.title, owner=task.owned_by, status=task.status, pull_request=_pull_request(task, state)
    )


def _pull_request(task: Task, state: State) -> PullRequest | None:
    """Return the pull request that root, the task's own worktree or its newest run records; of several the first."""
    from taskcheck.report.conditions import pull_requests

    return next(iter(pull_requests(task.id, state)), None)


def _explained(findings: list[Finding], causes: Causes) -> tuple[Finding, ...]:
    """Return the findings of one incident, each with what explains it, the headline first."""
    found = {finding.rule for finding in findings}
    grave = {finding.rule for finding in findings if finding.level is not Severity.INFO}
    explained = []
    for finding in findings:
        # What is only told for information is the cause of nothing that matters more.
        able = found if finding.level is Severity.INFO else grave
        explained.append(replace(finding, explained_by=causes.first(able, finding.rule)))

    def order(finding: Finding) -> tuple[object, ...]:
        place = finding.place
        is_consequence = finding.explained_by is not None
        return is_consequence, -finding.level, causes.rank(finding.rule), place.path, place.route

    return tuple(sorted(_without_idle_fixes(explained), key=order))


def _without_idle_fixes(findings: list[Finding]) -> list[Finding]:
    """Return the findings of one incident, those that another explains with a repair only where the cause needs it.

    An unsafe repair of a consequence is never offered; a safe one only where that of its cause isn't safe.
    """
    safe_causes = {finding.rule for finding in findings if _is_safely_fixable(finding)}
    kept = []
    for finding in findings:
        is_cause = finding.explained_by is None
        needed = _is_safely_fixable(finding) and finding.explained_by not in safe_causes
        if is_cause or needed:
            kept.append(finding)
        else:
            kept.append(replace(finding, fix=None))
    return kept


def _is_safely_fixable(finding: Finding) -> bool:
    """Return whether a finding has a repair that is safe."""
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


def _signals(
    signals: list[Signal], findings: tuple[Finding, ...], state: State, causes: Causes
) -> tuple[SignalNote, ...]:
    """Return the raw signals of one incident, each with what refutes or explains it."""
    notes = []
    for signal in sorted(signals, key=lambda each: (each.kind, each.manager, each.at is None, each.at)):
        cause = _cause_of_signal(signal, findings, causes)
        notes.append(SignalNote(signal=signal, refuted=_refuted(signal, state), explained_by=cause))
    return tuple(notes)


def _cause_of_signal(signal: Signal, findings: tuple[Finding, ...], causes: Causes) -> str | None:
    """Return the first rule that explains a signal by its last finding; None where none does."""
    last = {finding.rule: finding for finding in findings}
    for finding in last.values():
        if causes.explains_signal(finding, signal.kind):
            return finding.rule
    return None


def _moved(task: Task | None, state: State) -> datetime | None:
    """Return the newest sign of work on a task (spec 3.1); of one that no ledger knows, what its front matter tells."""
    if task is None:
        return None
    dispatch = state.dispatch_of(task.id)
    known = dispatch.moved if dispatch else state.moves.get(task.id)
    return known or last_written(task, state)


def _heard(manager: str | None, state: State) -> datetime | None:
    """Return when a manager last wrote its heartbeat."""
    for each in state.known_managers:
        if each.key == manager and each.newest_snapshot:
            return each.newest_snapshot.generated_at
    return None


def _worker(task: str | None, state: State) -> str | None:
    """Return how a task's newest run stands, in a word."""
    if task is None:
        return None
    dispatch = state.dispatch_of(task)
    return dispatch.state.value if dispatch else None


def _refuted(signal: Signal, state: State) -> bool:
    """Return whether a task file says otherwise than a signal."""
    copies = Copies() if isinstance(state.copies, Unavailable) else state.copies
    return copies.refute(signal, state.tasks.get(signal.task or "")) is not None
