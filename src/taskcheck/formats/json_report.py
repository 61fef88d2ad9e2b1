"""The report as JSON, schema ``taskcheck/report/1`` (spec 4): stable keys, null for what is absent."""

from typing import Any

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import json_text
from taskcheck.formats.step import next_step
from taskcheck.model.cases import RunError
from taskcheck.model.episode import Episode, Transition
from taskcheck.model.finding import Evidence, Finding, Fix, Safety, Severity
from taskcheck.model.report import FixNote, Incident, ManagerStatus, Report, SignalNote, Stopped
from taskcheck.model.step import Step
from taskcheck.model.task import Place, PullRequest
from taskcheck.model.unseen import Unseen
from taskcheck.model.waiting import Queue, Waiting
from taskcheck.model.work import Work

SCHEMA = "taskcheck/report/1"


def render(report: Report) -> str:
    """The report as one JSON object, indented by two."""
    return json_text(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "schema": SCHEMA,
        "version": report.version,
        "now": iso(report.now),
        "complete": report.complete,
        "exit_code": report.exit_code,
        "summary": _summary(report),
        "managers": list(map(_manager, report.managers)),
        "incidents": list(map(_incident, report.incidents)),
        "skipped": [{"rule": rule, "reason": reason} for rule, reason in report.skipped],
        "undecided": [
            {"subject": str(subject), "rule": rule, "reason": reason} for subject, rule, reason in report.undecided
        ],
        "errors": list(map(_error, report.errors)),
        "fixes": list(map(_fix, report.fixes)),
        "unseen": list(map(_unseen, report.unseen)),
        "root": report.root or None,
        "at_work": list(map(_work, report.at_work)),
        "waiting": list(map(_queue, report.waiting)),
        "classes": dict(report.classes),
        "notices": list(report.notices),
        "stopped": _stopped(report.stopped) if report.stopped is not None else None,
        "notes": list(report.notes),
        "undo": report.undo,
        "changes": None if report.changes is None else list(map(_transition, report.changes)),
    }


def _transition(transition: Transition) -> dict[str, Any]:
    """Return what became of an incident since the last look as JSON values."""
    episode = transition.episode
    return {
        "kind": transition.kind.value,
        "task": episode.task,
        "manager": episode.manager,
        "severity": episode.severity,
        "headline": episode.headline,
        "was": transition.was,
        "message": episode.message,
        "since": iso(episode.first),
    }


def _summary(report: Report) -> dict[str, int]:
    return {
        "tasks": report.tasks,
        "checkouts": report.checkouts,
        "incidents": len(report.incidents),
        "findings": len(report.findings),
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "infos": report.count(Severity.INFO),
        "fixable": report.fixable(Safety.SAFE) + report.fixable(Safety.UNSAFE),
        "fixed": report.fixed,
        "suppressed": report.suppressed,
        "baselined": report.baselined,
        "skipped": len(report.skipped),
    }


def _manager(manager: ManagerStatus) -> dict[str, Any]:
    return {
        "owner": manager.owner,
        "snapshot_age_seconds": manager.snapshot_age_seconds,
        "fresh": manager.fresh,
        "files": list(manager.files),
        "entries": manager.entries,
        "workers": manager.workers,
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {"class": queue.stage.value, "count": queue.count, "longest": list(map(_waiting, queue.longest))}


def _waiting(each: Waiting) -> dict[str, Any]:
    return {
        "task": each.task,
        "title": each.title,
        "owner": each.owner,
        "status": each.status,
        "since": iso(each.since) if each.since else None,
        "reason": each.reason,
    }


def _work(work: Work) -> dict[str, Any]:
    return {
        "task": work.task,
        "title": work.title,
        "owner": work.owner,
        "status": work.status,
        "run": work.run,
        "evidence": work.evidence or None,
        "pid": work.pid,
        "host": work.host,
        "manager": work.manager,
        "since": iso(work.since) if work.since else None,
        "moved_at": iso(work.moved) if work.moved else None,
        "worktree": work.worktree,
        "branch": work.branch,
        "log": work.log,
    }


def _unseen(each: Unseen) -> dict[str, str]:
    return {"kind": each.kind, "where": each.where, "why": each.why, "cure": each.cure}


def _stopped(stopped: Stopped) -> dict[str, int]:
    return {"after": stopped.after, "left_out": stopped.left_out}


def _error(error: RunError) -> dict[str, str]:
    return {"where": error.where, "message": error.message}


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "task": incident.task,
        "manager": incident.manager,
        "title": incident.title,
        "owner": incident.owner,
        "status": incident.status,
        "severity": incident.severity.label,
        "headline": incident.headline,
        "moved_at": iso(incident.moved_at) if incident.moved_at else None,
        "worker": incident.worker,
        "blocks": incident.blocks,
        "pull_request": _pull_request(incident.pull_request),
        **_recorded(incident.episode),
        "next": _next(next_step(incident)),
        "findings": list(map(finding_dict, incident.findings)),
        "signals": list(map(_signal, incident.signals)),
    }


def _recorded(episode: Episode | None) -> dict[str, Any]:
    """Return what is recorded of an incident as JSON values."""
    if episode is None:
        return {"since": None, "seen": None, "reopened": None}
    return {"since": iso(episode.first), "seen": episode.looks, "reopened": episode.reopened}


def _pull_request(pull: PullRequest | None) -> dict[str, Any] | None:
    return {"number": pull.known_number, "url": pull.url} if pull is not None else None


def _next(step: Step) -> dict[str, Any]:
    """Return what to do next as JSON values."""
    return {
        "kind": step.kind,
        "text": step.text,
        "command": list(step.words) or None,
        "blanks": dict(step.blanks),
        "note": step.note,
        **(_place(step.place) if step.place else {"path": None, "line": None, "column": None}),
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON values."""
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": finding.level.label,
        "message": finding.message,
        "expected": finding.expected,
        **_place(finding.place),
        "checkout": finding.place.checkout,
        "explained_by": finding.explained_by,
        "fingerprint": finding.fingerprint,
        "advisory": finding.advisory,
        "evidence": list(map(_evidence, finding.evidence)),
        "fix": _offered(finding.fix) if finding.fix else None,
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {"checkout": item.place.checkout, **_place(item.place), "side": item.side, "saw": item.saw}


def _offered(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "safety": fix.safety.label, "why": fix.why, "files": list(fix.files)}


def _fix(note: FixNote) -> dict[str, Any]:
    return {
        "rule": note.rule,
        "task": note.task,
        "manager": note.manager,
        "title": note.title,
        "safety": note.safety.label,
        "files": list(note.files),
        "applied": note.applied,
        "reason": note.reason or None,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "column": place.column}


def _signal(note: SignalNote) -> dict[str, Any]:
    signal = note.signal
    return {
        "kind": signal.kind,
        "level": signal.level,
        "manager": signal.manager,
        "at": iso(signal.at) if signal.at else None,
        "refuted": note.refuted,
        "explained_by": note.explained_by,
    }
