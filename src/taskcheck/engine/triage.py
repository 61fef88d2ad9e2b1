"""How much the findings of a rule matter, and which of them are meant to be."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from taskcheck.config.settings import Settings, Suppression
from taskcheck.documents import Value
from taskcheck.documents.values import timestamp
from taskcheck.engine.select import ALL
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import Acceptance, RuleRun
from taskcheck.model.state import State, SuppressionUse
from taskcheck.model.task import Place, Task


def weigh(run: RuleRun, severities: Mapping[str, str], usual: Severity) -> RuleRun:
    """A rule's findings with the severity that the configuration gives the rule, else its family, else all.

    What the rule itself takes for less than usual isn't raised by it.
    """
    word = severities.get(run.rule) or severities.get(run.family) or severities.get(ALL)
    if word is None:
        return run
    severity = Severity[word.upper()]

    def weighed(finding: Finding) -> Finding:
        return replace(finding, severity=severity if finding.level >= usual else min(severity, finding.level))

    return replace(run, findings=tuple((name, weighed(finding)) for name, finding in run.findings))


def suppress(run: RuleRun, state: State) -> RuleRun:
    """A rule's run with the findings set aside that the configuration or the task file itself accepts."""
    kept, suppressed = [], []
    today = state.now.date().isoformat()
    for name, finding in run.findings:
        accepted = _accepted(finding, state.settings, today) or _accepted_in_file(finding, state, today)
        if accepted is None:
            kept.append((name, finding))
        else:
            suppressed.append((name, finding, accepted))
    return replace(run, findings=tuple(kept), suppressed=tuple(suppressed))


def uses(runs: Iterable[RuleRun], state: State, known: Container[str] | None = None) -> tuple[SuppressionUse, ...]:
    """What became of every suppression, of the configuration and of the task files.

    One of a rule that is not known, where all of them are given, can't count.
    """
    by_rule = {run.rule: run for run in runs}
    today = state.now.date().isoformat()
    found = []
    for index, table in enumerate(state.settings.suppress):
        place = Place(
            path=state.settings.source or "taskcheck.toml", route=("suppress", str(index)), line=table.line, column=1
        )
        found.append(_use(table, place, None, None, by_rule.get(table.rule), today))
    for task in state.tasks:
        accepting = _accepting(state, task.id)
        for table, fault in _of_file(accepting) if accepting and "taskcheck" in accepting.front else ():
            if known is not None and table.rule not in known:
                fault = "there is no such rule"  # noqa: PLW2901 - whatever else is wrong with it
            place = task.place.at("taskcheck", "ignore", table.rule)
            found.append(_use(table, place, task, fault, by_rule.get(table.rule), today))
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
        expired=_expired(table, today),
        matched=any(covered(finding.task or finding.manager) for _, finding, _ in (run.suppressed if run else ())),
        judged=looked and not any(covered(name) for name in _unseen(run)),
    )


def _unseen(run: RuleRun | None) -> Iterator[str]:
    """The tasks and managers that a rule couldn't tell about, or may have missed something of."""
    if run is not None:
        yield from run.untold
        yield from (subject.group for subject, _ in run.undecided)


def _accepted(finding: Finding, settings: Settings, today: str) -> Acceptance | None:
    subject = finding.task or finding.manager or ""
    for suppression in settings.suppress:
        if _covers(suppression, finding.rule, subject) and not _expired(suppression, today):
            return Acceptance(reason=suppression.reason, in_task=False)
    return None


def _covers(suppression: Suppression, rule: str, subject: str) -> bool:
    return suppression.rule == rule and fnmatchcase(subject, suppression.task)


def _expired(suppression: Suppression, today: str) -> bool:
    return suppression.until is not None and today > suppression.until


def _accepted_in_file(finding: Finding, state: State, today: str) -> Acceptance | None:
    """What stands under ``taskcheck: {ignore: {RULE: reason}}`` in the task's root file, while it counts."""
    task = _accepting(state, finding.task) if finding.task else None
    for table, fault in _of_file(task) if task else ():
        if table.rule == finding.rule and fault is None and not _expired(table, today):
            return Acceptance(reason=table.reason, in_task=True)
    return None


def _accepting(state: State, task: str) -> Task | None:
    """The version of a task that says what it accepts."""
    return (state.tasks if state.trusted is None else state.trusted).get(task)


def _of_file(task: Task) -> Iterator[tuple[Suppression, str | None]]:
    """The suppressions in a task file, each with why it can't count; the value of one is its reason, or a table."""
    ignored = _table(task.front, "taskcheck").get("ignore")
    if isinstance(ignored, str):
        ignored = (ignored,)
    if isinstance(ignored, tuple):
        ignored = {name: None for name in ignored if isinstance(name, str)}
    for rule, value in ignored.items() if isinstance(ignored, Mapping) else ():
        table = value if isinstance(value, Mapping) else {"reason": value}
        reason, until = table.get("reason"), table.get("until")
        fault = None
        if not isinstance(reason, str) or not reason.strip():
            fault = "it gives no reason"
        elif until is not None and (not isinstance(until, str) or timestamp(until) is None):
            fault = "its until is no day like 2026-09-30"
        day = until[:10] if isinstance(until, str) and fault is None else None
        yield Suppression(rule=rule, task=task.id, reason=str(reason or ""), until=day), fault


def _table(values: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}
