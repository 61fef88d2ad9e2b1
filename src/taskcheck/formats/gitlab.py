"""The report for GitLab's code quality widget: a JSON list of findings, each with a fingerprint of its own."""

import hashlib
from collections import Counter
from typing import Any

from taskcheck.formats import wording
from taskcheck.formats.sanitize import json_text, visible
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import Incident, Report

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
"""GitLab's words for ours; the one above each is for causes, and `blocker` for what couldn't be judged at all."""


def render(report: Report) -> str:
    """All findings, the worst first; what failed comes before them, so that no such report looks clean."""
    issues = [
        _issue("taskcheck", f"{error.where}: {error.message}", "blocker", ".", 1, _hash(error.where, error.message))
        for error in report.errors
    ]
    issues += [
        _issue("taskcheck", f"not looked at: {each.told}", "info", ".", 1, _hash("unseen", each.where))
        for each in report.unseen
    ]
    issues += [_finding(report, incident, finding) for incident, finding in wording.worst_first(report)]
    seen: Counter[str] = Counter()
    for issue in issues:  # Of two with one fingerprint GitLab drops one.
        name = issue["fingerprint"]
        seen[name] += 1
        if seen[name] > 1:
            issue["fingerprint"] = _hash(name, str(seen[name]))
    return json_text(issues, indent=2) + "\n"


def _finding(report: Report, incident: Incident, finding: Finding) -> dict[str, Any]:
    place = finding.place
    where = "" if place.checkout == "root" else f" ({place.checkout})"
    path = f"{report.prefix}{place.path}"
    text = wording.standing_alone(incident.subject, where, finding.message)
    # The same may be wrong in several checkouts, and be mended in one.
    fingerprint = finding.fingerprint if place.checkout == "root" else _hash(finding.fingerprint, place.checkout)
    return _issue(finding.rule, text, _severity(finding), path, place.line or 1, fingerprint)


def _severity(finding: Finding) -> str:
    if finding.level is Severity.ERROR and finding.explained_by:
        return "major"
    return SEVERITIES[finding.level]


def _issue(name: str, text: str, severity: str, path: str, line: int, fingerprint: str) -> dict[str, Any]:
    return {
        "description": visible(text, None),
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": visible(path, None), "lines": {"begin": line}},
    }


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
