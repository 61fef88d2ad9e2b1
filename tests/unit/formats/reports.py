"""Reports made in memory, with a text in each field that a task, a ledger or a path can reach."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from taskcheck.config.settings import Stage
from taskcheck.model.baseline import BASELINED
from taskcheck.model.cases import Case, RuleRun, RunError, Subject
from taskcheck.model.edit import SetKey
from taskcheck.model.finding import (
    REPOSITORY,
    Acceptance,
    Evidence,
    Finding,
    Fix,
    Safety,
    Severity,
)
from taskcheck.model.report import FixNote, Incident, ManagerStatus, Report, SignalNote
from taskcheck.model.runtime import Signal
from taskcheck.model.task import Place
from taskcheck.model.timeline import Condition, Event, Timeline
from taskcheck.model.waiting import Waiting, queues
from taskcheck.model.work import Work

NOW = datetime(2026, 3, 24, 18, tzinfo=UTC)
PAGES = "https://github.com/taskcheck/taskcheck/blob/main/docs/rules"
DOC = "What it finds.\n\n## Why\nWhy it\nmatters.\n\n## Fix\nSafe."


def finding(text: str, severity: Severity = Severity.ERROR, *, rule: str = "metadata-drift") -> Finding:
    """A finding that quotes a text wherever rules quote one."""
    place = Place(path=f"tasks/{text}.md", route=("status",), line=3, column=9)
    copies = (replace(place, checkout=f"worktree:{text}"), Place(path=f"{text}.md", checkout=f"branch:{text}"))
    return Finding(
        rule=rule,
        family="drift",
        severity=severity,
        message=f"root says {text}",
        expected=f"it says {text}",
        task=text,
        place=place,
        evidence=tuple(Evidence(place=at, saw=text) for at in (place, *copies)),
        fix=Fix(title=text, safety=Safety.UNSAFE, why=text, edits=(SetKey(place=place, value=text),)),
    )


def incident(text: str, *findings: Finding) -> Incident:
    """A task's incident, all of whose fields hold a text, with raw signals beside the findings."""
    at = Place(path="s.json")
    signal = Signal(task=text, kind=text, level=text, manager=text, at=NOW, detail=text, place=at)
    return Incident(
        task=text,
        manager=None,
        title=f"{text} title",
        owner=text,
        status=text,
        headline=findings[0].rule if findings else None,
        findings=findings,
        signals=(SignalNote(signal=signal, refuted=False, explained_by=None),),
    )


def report(*incidents: Incident) -> Report:
    """A report of incidents, with the runs that found them."""
    found: dict[str, list[Finding]] = {"metadata-drift": [], "worker-gone": []}
    for each in incidents:
        for one in each.findings:
            found[one.rule].append(one)
    runs = tuple(
        RuleRun(
            rule=rule,
            family="drift",
            written=lambda: DOC,
            url=f"{PAGES}/{rule}.md",
            cases=tuple(Case(subject=Subject(one.task or ""), findings=(one,)) for one in findings),
        )
        for rule, findings in found.items()
    )
    exit_code = 1 if any(each.findings for each in incidents) else 0
    return Report(version="0.1.0", now=NOW, tasks=2, checkouts=1, incidents=incidents, runs=runs, exit_code=exit_code)


def story(text: str) -> Timeline:
    """A timeline, all of whose fields hold a text."""
    place = Place(path=f"tasks/{text}.md", checkout=f"worktree:{text}", line=3)
    events = (
        Event(what=text, source=text, at=NOW, place=place, doubt=text, silence=timedelta(hours=5)),
        Event(what=text, source=text, at=None, place=place, findings=(finding(text),)),
    )
    condition = Condition(name="root", value=text, since=NOW, place=place)
    return Timeline(subject=text, title=f"{text} title", now=NOW, conditions=(condition,), events=events, gaps=(text,))


def work(text: str) -> Work:
    """A task at work, all of whose fields hold a text."""
    return Work(
        task=text, title=f"{text} title", owner=text, status=text, run="running", evidence=text, pid=7, host=text,
        manager=text, since=NOW, moved=NOW, worktree=text, branch=text, log=text,
    )  # fmt: skip


def waiting(text: str) -> Waiting:
    """A task that waits, all of whose fields hold a text."""
    return Waiting(
        task=text, title=f"{text} title", owner=text, status=text, stage=Stage.STOPPED, since=NOW, reason=text
    )


def quoting(text: str) -> Report:
    """A report in which everything that isn't ours to word is the text."""
    cause, effect = finding(text), replace(finding(text, rule="worker-gone"), explained_by="metadata-drift")
    whole = report(incident(text, cause, effect), incident(f"{text}2"))
    drift, gone = whole.runs
    suppressed = replace(cause, accepted=Acceptance(reason=text, by="task"))
    accepted = replace(
        drift,
        cases=(
            replace(drift.cases[0], findings=(cause, suppressed, replace(cause, accepted=BASELINED))),
            *drift.cases[1:],
            Case(subject=Subject(text, text), undecided=text),
        ),
    )
    skipped = RuleRun(
        rule="snapshot-stale", family="snapshot", cases=(Case(subject=Subject(REPOSITORY), skipped=text),)
    )
    note = FixNote(
        rule="worker-gone", task=text, manager=None, title=text, safety=Safety.SAFE, files=(text,), applied=False,
        reason=text,
    )  # fmt: skip
    return replace(
        whole,
        runs=(accepted, gone, skipped),
        managers=(ManagerStatus(owner=text, snapshot_age_seconds=5, fresh=False, files=(text,)),),
        errors=(RunError(where=text, message=text),),
        exit_code=3,
        fixes=(note,),
        notes=(text,),
        worktrees=((f"worktree:{text}", f".worktrees/{text}"),),
        at_work=(work(text),),
        waiting=queues([waiting(text)]),
        timelines={text: story(text)},
    )


def many(number: int, severities: Iterable[Severity] = (Severity.WARNING, Severity.ERROR)) -> Report:
    """A report of so many incidents, of the severities in turn, the worst last."""
    kinds = tuple(severities)
    size = -(-number // len(kinds))
    tasks = [f"task-{n:05}" for n in range(number)]
    return report(*(incident(task, finding(task, kinds[n // size])) for n, task in enumerate(tasks)))
