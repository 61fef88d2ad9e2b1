"""How much the findings of a rule matter, and which of them are meant to be."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from taskcheck.config.settings import Settings, Suppression
from taskcheck.documents import Value
from taskcheck.documents.frozen import replace
from taskcheck.documents.values import timestamp
from taskcheck.engine.select import ALL
from taskcheck.model.cases import RuleRun
from taskcheck.model.finding import Acceptance, Finding, Severity
from taskcheck.model.state import State, SuppressionUse
from taskcheck.model.task import Place, Task


def weigh(run: RuleRun, severities: Mapping[str, str]) -> RuleRun:
    """Return a rule's run with the severity that the configuration gives the rule, else its family, else all.

    What the rule itself takes for less than usual isn't raised by it.
    """
    word = _configured(run, severities)
    if word is None:
        return run
    severity = Severity[word.upper()]

    def weighed(finding: Finding) -> Finding:
        usual = finding.level >= run.severity
        if usual:
            return replace(finding, severity=severity)
        return replace(finding, severity=min(severity, finding.level))

    return run.changed(weighed)


def _configured(run: RuleRun, severities: Mapping[str, str]) -> str | None:
    """Return the word for a rule's severity; None where the configuration has none."""
    for name in (*run.names, run.family, ALL):
        if name in severities:
            return severities[name]
    return None


def suppress(run: RuleRun, state: State) -> RuleRun:
    """Return a rule's run with those findings marked that the configuration or the task file itself accepts."""
    today = state.now.date().isoformat()

    def marked(finding: Finding) -> Finding:
        accepted = _accepted(finding, run.names, state.settings, today)
        accepted = accepted or _accepted_in_file(finding, run.names, state, today)
        return replace(finding, accepted=accepted) if accepted else finding

    return run.changed(marked)


def uses(runs: Iterable[RuleRun], state: State, known: Container[str] | None = None) -> tuple[SuppressionUse, ...]:
    """Return what became of every suppression, of the configuration and of the task files.

    One of a rule that is not known, where all of them are given, can't count.
    """
    by_rule = {name: run for run in runs for name in run.formerly} | {run.rule: run for run in runs}
    today = state.now.date().isoformat()
    found = list(_of_configuration(by_rule, state, today))
    accepting = {name: task for name, task in _all_accepting(state).items() if "taskcheck" in task.front}
    for task in state.tasks if accepting else ():
        if task.id in accepting:
            found += _of_task(task, accepting[task.id], by_rule, today, known)
    return tuple(found)


def _of_configuration(by_rule: Mapping[str, RuleRun], state: State, today: str) -> Iterator[SuppressionUse]:
    """Yield what became of the suppressions of the configuration."""
    source = state.settings.source or "taskcheck.toml"
    for index, table in enumerate(state.settings.suppress):
        place = Place(path=source, route=("suppress", str(index)), line=table.line, column=1)
        yield _use(table, place, None, None, by_rule.get(table.rule), today)


def _of_task(
    task: Task, accepting: Task, by_rule: Mapping[str, RuleRun], today: str, known: Container[str] | None
) -> Iterator[SuppressionUse]:
    """Yield what became of the suppressions of a task's own file, by the version of it whose word counts."""
    for table, fault in _of_file(accepting):
        run = by_rule.get(table.rule)
        missing = known is not None and table.rule not in known and run is None
        why = "there is no such rule" if missing else fault
        place = task.place.at("taskcheck", "ignore", table.rule)
        yield _use(table, place, task, why, run, today)


def _use(
    table: Suppression, place: Place, task: Task | None, fault: str | None, run: RuleRun | None, today: str
) -> SuppressionUse:
    """Return what became of one suppression, by the run of the rule that it names."""
    covers = _covering(table, task)
    return SuppressionUse(
        rule=table.rule,
        subject=table.task,
        place=place,
        task=task.id if task else None,
        until=table.until,
        fault=fault,
        expired=_expired(table, today),
        matched=run is not None and _matched(run, covers),
        judged=run is not None and _judged(run, covers),
    )


Covers = Callable[[str], bool]
"""Tells whether a suppression is about a task or manager."""


def _covering(table: Suppression, task: Task | None) -> Covers:
    """Return what a suppression is about: one of a task's own file is about that task alone."""
    if task is not None:
        return lambda subject: subject == task.id
    return lambda subject: fnmatchcase(subject, table.task)


def _matched(run: RuleRun, covers: Covers) -> bool:
    """Tell whether a suppression covers something that is suppressed."""
    for finding, why in run.accepted:
        if why.by == "baseline":
            continue
        if covers(_subject(finding)):
            return True
    return False


def _judged(run: RuleRun, covers: Covers) -> bool:
    """Tell whether the rule could look everywhere that a suppression covers."""
    if run.skipped is not None or run.errors:
        return False
    return not any(map(covers, _unseen(run)))


def _unseen(run: RuleRun) -> Iterator[str]:
    """Yield the tasks and managers that a rule couldn't tell about, or may have missed something of."""
    yield from run.untold
    for case in run.undecided:
        yield case.subject.group


def _accepted(finding: Finding, names: tuple[str, ...], settings: Settings, today: str) -> Acceptance | None:
    """Return why the configuration accepts a finding; None where it doesn't."""
    subject = _subject(finding)
    for suppression in settings.suppress:
        covered = suppression.rule in names and fnmatchcase(subject, suppression.task)
        if covered and not _expired(suppression, today):
            return Acceptance(reason=suppression.reason, by="configuration")
    return None


def _subject(finding: Finding) -> str:
    """Return the task or the manager that a finding is about; empty where it is about neither."""
    return finding.task or finding.manager or ""


def _expired(suppression: Suppression, today: str) -> bool:
    """Tell whether the last day of a suppression is over."""
    return suppression.until is not None and today > suppression.until


def _accepted_in_file(finding: Finding, names: tuple[str, ...], state: State, today: str) -> Acceptance | None:
    """Return what stands under ``taskcheck: {ignore: {RULE: reason}}`` in the task's root file, while it counts."""
    if not finding.task:
        return None
    task = _all_accepting(state).get(finding.task)
    if task is None:
        return None
    for table, fault in _of_file(task):
        counts = fault is None and not _expired(table, today)
        if table.rule in names and counts:
            return Acceptance(reason=table.reason, by="task")
    return None


def _all_accepting(state: State) -> Mapping[str, Task]:
    """Return the versions of tasks that say what these accept, by task."""
    return state.tasks.by_id if state.trusted is None else state.trusted


def _of_file(task: Task) -> Iterator[tuple[Suppression, str | None]]:
    """Yield the suppressions in a task file, each with why it can't count."""
    for rule, value in _ignored(task).items():
        table = value if isinstance(value, Mapping) else {"reason": value}
        fault = _fault(table)
        until = _last_day(table) if fault is None else None
        reason = str(table.get("reason") or "")
        yield Suppression(rule=rule, task=task.id, reason=reason, until=until), fault


def _last_day(table: Mapping[str, Value | None]) -> str | None:
    """Return the day until which a suppression counts; of one that says ``2026-09-30T12:00:00Z`` too, the day alone."""
    until = table.get("until")
    return until[:10] if isinstance(until, str) else None


def _ignored(task: Task) -> Mapping[str, Value | None]:
    """Return the rules that a task file accepts findings of, each with its reason or table.

    Example:
        ``ignore: {worker-gone: "it runs elsewhere"}`` gives a reason; ``ignore: worker-gone`` and
        ``ignore: [worker-gone]`` name rules and give none.
    """
    own = task.front.get("taskcheck")
    if not isinstance(own, Mapping):
        return {}
    ignored = own.get("ignore")
    if isinstance(ignored, Mapping):
        return ignored
    if isinstance(ignored, str):
        return {ignored: None}
    if isinstance(ignored, tuple):
        return {name: None for name in ignored if isinstance(name, str)}
    return {}


def _fault(table: Mapping[str, Value | None]) -> str | None:
    """Return why a suppression in a task file can't count; None for one that does."""
    reason = table.get("reason")
    until = table.get("until")
    if not isinstance(reason, str) or not reason.strip():
        return "it gives no reason"
    if until is None:
        return None
    if not isinstance(until, str) or timestamp(until) is None:
        return "its until isn't a day such as 2026-09-30"
    return None
