"""Folds findings and raw signals into one incident per task, manager or repository, headed by the root cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from taskcheck.finding import Finding, Incident, SignalNote
from taskcheck.rules import Rule
from taskcheck.runtime import Signal
from taskcheck.settings import Stage
from taskcheck.sources import Unavailable
from taskcheck.state import State

ORDER = (
    "unreadable-task", "unreadable-state", "split-manager", "role-routing", "merged-not-completed",
    "dispatch-completed-unreconciled", "missing-terminal-state", "worker-gone", "register-orphan", "metadata-drift",
)  # fmt: skip
"""Root causes before what they cause (spec 3.4): a finding is only ever explained by an earlier one."""


@dataclass(frozen=True, slots=True)
class _Causes:
    """What explains what, by the rules' own words."""

    rules: Mapping[str, Rule]

    def rank(self, rule: str) -> int:
        return ORDER.index(rule) if rule in ORDER else len(ORDER)

    def explains(self, cause: Finding, effect: Finding) -> bool:
        named = self.rules[cause.rule].explains if cause.rule in self.rules else ()
        if not {"*", effect.rule, effect.family} & set(named):
            return False
        return (self.rank(cause.rule), cause.rule) < (self.rank(effect.rule), effect.rule)

    def explains_signal(self, cause: Finding, kind: str) -> bool:
        named = self.rules[cause.rule].explains if cause.rule in self.rules else ()
        return kind in named or "*" in named or kind.replace("_", "-") == cause.rule


Key = tuple[str | None, str | None]


def fold(findings: Iterable[Finding], state: State, rules: Mapping[str, Rule]) -> tuple[Incident, ...]:
    """All incidents, worst first, then by task; findings of no task and no manager are the repository's."""
    causes = _Causes(rules)
    groups: dict[Key, tuple[list[Finding], list[Signal]]] = {}
    for finding in findings:
        groups.setdefault(_key(finding), ([], []))[0].append(finding)
    for signal in state.signals:
        groups.setdefault((signal.task, None), ([], []))[1].append(signal)
    incidents = [_incident(key, found, signals, state, causes) for key, (found, signals) in groups.items()]
    return tuple(sorted(incidents, key=lambda i: (-i.severity, i.headline is None, i.task or "", i.manager or "")))


def _key(finding: Finding) -> Key:
    return (finding.task, None) if finding.task else (None, finding.manager)


def _incident(key: Key, findings: list[Finding], signals: list[Signal], state: State, causes: _Causes) -> Incident:
    explained = [replace(f, explained_by=_first_cause(f, findings, causes)) for f in findings]
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
    notes = tuple(
        SignalNote(signal=s, refuted=_refuted(s, state), explained_by=_cause_of_signal(s, explained, causes))
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
    )


def _first_cause(finding: Finding, findings: list[Finding], causes: _Causes) -> str | None:
    found = [other.rule for other in findings if other is not finding and causes.explains(other, finding)]
    return min(found, key=lambda rule: (causes.rank(rule), rule), default=None)


def _cause_of_signal(signal: Signal, findings: list[Finding], causes: _Causes) -> str | None:
    return next((f.rule for f in findings if causes.explains_signal(f, signal.kind)), None)


def _refuted(signal: Signal, state: State) -> bool:
    """Whether another ledger contradicts a signal: nobody is late to pick up what a worktree shows in progress."""
    if signal.kind != "pickup_overdue" or isinstance(state.copies, Unavailable):
        return False
    return any(
        copy.task.stage is not None and Stage.READY.before(copy.task.stage) for copy in state.copies.of(signal.task)
    )
