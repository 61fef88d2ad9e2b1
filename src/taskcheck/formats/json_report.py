"""The report as JSON, schema ``taskcheck/report/1`` (spec 4): stable keys, null for what is absent."""

from typing import Any

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import json_text
from taskcheck.model.finding import Finding, Safety, Severity
from taskcheck.model.report import (
    FixNote,
    Incident,
    Report,
    SignalNote,
)
from taskcheck.model.task import Place

SCHEMA = "taskcheck/report/1"


def render(report: Report) -> str:
    """The report as one JSON object, indented by two."""
    return json_text(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    findings = report.findings
    return {
        "schema": SCHEMA,
        "version": report.version,
        "now": iso(report.now),
        "complete": report.complete,
        "exit_code": report.exit_code,
        "summary": {
            "tasks": report.tasks,
            "checkouts": report.checkouts,
            "incidents": len(report.incidents),
            "findings": len(findings),
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "fixable": report.fixable(Safety.SAFE) + report.fixable(Safety.UNSAFE),
            "fixed": report.fixed,
            "suppressed": report.suppressed,
            "baselined": report.baselined,
            "skipped": len(report.skipped),
        },
        "managers": [
            {
                "owner": manager.owner,
                "snapshot_age_seconds": manager.snapshot_age_seconds,
                "fresh": manager.fresh,
                "files": list(manager.files),
                "entries": manager.entries,
                "workers": manager.workers,
            }
            for manager in report.managers
        ],
        "incidents": [_incident(incident) for incident in report.incidents],
        "skipped": [{"rule": rule, "reason": reason} for rule, reason in report.skipped],
        "errors": [{"where": error.where, "message": error.message} for error in report.errors],
        "fixes": [_fix(note) for note in report.fixes],
        "notices": list(report.notices),
        "notes": list(report.notes),
        "undo": report.undo,
    }


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
        "findings": [finding_dict(finding) for finding in incident.findings],
        "signals": [_signal(note) for note in incident.signals],
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    fix = finding.fix
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
        "evidence": [
            {"checkout": item.place.checkout, **_place(item.place), "side": item.side, "saw": item.saw}
            for item in finding.evidence
        ],
        "fix": {"title": fix.title, "safety": fix.safety.label, "why": fix.why, "files": list(fix.files)}
        if fix
        else None,
    }


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
