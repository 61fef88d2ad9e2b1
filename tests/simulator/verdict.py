"""What the checker says of a world, and what of it was not expected."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from taskcheck.engine.rule import Rule
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import Incident, Report
from taskcheck.model.verdict import Verdict
from taskcheck.plugins import manager as plugins
from taskcheck.report import build as report
from tests.judging import judge
from tests.simulator.sources import settings_of, sources_of
from tests.simulator.world import World

RULES: Mapping[str, Rule] = plugins.load(third_party=False).rules()

CAUSES: Mapping[str, frozenset[str]] = {
    "unreadable-task": frozenset(RULES),
    "unreadable-state": frozenset(RULES),
    "split-manager": frozenset(RULES),
    "role-routing": frozenset({"misrouted-task"}),
    "root-behind": frozenset(
        {
            "merged-not-completed", "done-not-landed", "done-with-open-pr", "dispatch-completed-unreconciled",
            "missing-terminal-state", "worker-gone", "stale-in-progress", "metadata-drift", "stale-branch-copy",
        }
    ),
    "merged-not-completed": frozenset(
        {
            "dispatch-completed-unreconciled", "missing-terminal-state", "worker-gone", "stale-in-progress",
            "metadata-drift", "stale-branch-copy", "register-orphan", "duplicate-registration", "unregistered-worktree",
        }
    ),
    "dispatch-completed-unreconciled": frozenset(
        {
            "missing-terminal-state", "metadata-drift", "stale-in-progress", "unregistered-worktree", "register-orphan",
        }
    ),
    "missing-terminal-state": frozenset({"stale-in-progress", "unregistered-worktree", "register-orphan"}),
    "worker-gone": frozenset({"metadata-drift", "stale-in-progress", "register-orphan"}),
    "register-orphan": frozenset({"snapshot-mismatch"}),
    "metadata-drift": frozenset({"snapshot-mismatch"}),
}  # fmt: skip
"""What explains what, in the order of the contract (3.4); said here once more, and not taken from the rules."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One incident that a fault makes."""

    subject: str
    """The task, or the manager."""
    headline: str
    rules: frozenset[str]
    """All that must speak, the headline among them."""
    also: frozenset[str] = frozenset()
    """What else may speak, as a consequence that the headline explains or that stands beside it."""
    optional: bool = False
    """Whether it may as well be absent: what is left to tell when a ledger is lost."""
    signals: frozenset[str] = frozenset()
    """Kinds of raw signals that a finding must explain."""


def judged(world: World, without: Collection[str] = ()) -> Report:
    """The report on a world held in memory."""
    settings = settings_of(world)
    rules = {name: rule for name, rule in RULES.items() if name not in without}
    state, runs = judge(sources_of(world, settings), settings, rules.values(), world.now)
    return report.build(state, runs, rules, (), Verdict())


def loud(incident: Incident) -> list[Finding]:
    """The findings that want somebody: errors and warnings."""
    return [finding for finding in incident.findings if finding.level >= Severity.WARNING]


def complaints(found: Report, expected: Collection[Expected] = ()) -> list[str]:
    """What is wrong with a report: a fault that was missed, another headline, a false alarm."""
    said = [f"error: {error.where}: {error.message}" for error in found.errors]
    said += [line for incident in found.incidents for line in _wrongly_told(incident)]
    incidents = {incident.subject: incident for incident in found.incidents if loud(incident)}
    for one in expected:
        incident = incidents.pop(one.subject, None)
        if incident is None and one.optional:
            continue
        if incident is None:
            said.append(f"missed: {one.headline} on {one.subject}")
            continue
        rules = {finding.rule for finding in loud(incident)}
        if incident.headline != one.headline:
            said.append(f"{one.subject}: headed by {incident.headline}, not by {one.headline}")
        said += [f"missed: {rule} on {one.subject}" for rule in sorted(one.rules - rules)]
        explained = {note.signal.kind for note in incident.signals if note.explained_by}
        said += [f"unexplained: {kind} on {one.subject}" for kind in sorted(one.signals - explained)]
        said += [f"{one.subject}: {_line(f)}" for f in loud(incident) if f.rule not in one.rules | one.also]
    said += [f"false alarm: {_line(finding)}" for incident in incidents.values() for finding in loud(incident)]
    return said


def _wrongly_told(incident: Incident) -> Iterator[str]:
    """Findings of an incident with another explanation than the contract gives, and a headline that isn't the first."""
    order = list(CAUSES)
    present = sorted({finding.rule for finding in incident.findings} & CAUSES.keys(), key=order.index)

    def rank(rule: str) -> int:
        return order.index(rule) if rule in order else len(order)

    unexplained = []
    for finding in incident.findings:
        causes = [rule for rule in present if finding.rule in CAUSES[rule] and rank(rule) < rank(finding.rule)]
        if finding.explained_by != next(iter(causes), None):
            yield f"{_line(finding)}: explained by {finding.explained_by}, not by {causes[:1]}"
        if not causes:
            unexplained.append((-finding.level, rank(finding.rule), finding.rule))
    if incident.findings and incident.headline != min(unexplained)[2]:
        yield f"{incident.subject}: headed by {incident.headline}, not by {min(unexplained)[2]}"


def lines(found: Report) -> list[str]:
    """Every finding in one line each, for comparison and for reading."""
    return sorted(map(_line, found.findings))


def _line(finding: Finding) -> str:
    subject = finding.task or finding.manager or "repository"
    return f"{finding.level.label} {finding.rule} [{subject}] {finding.message}"
