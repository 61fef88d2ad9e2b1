"""The report as SARIF 2.1.0: rules with their help, results with the evidence of all sides, what couldn't be judged."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from taskcheck.documents.expression import expression
from taskcheck.formats import wording
from taskcheck.formats.sanitize import json_text, visible
from taskcheck.formats.step import next_step
from taskcheck.model.cases import RuleRun
from taskcheck.model.finding import REPOSITORY, Acceptance, Evidence, Finding, Severity
from taskcheck.model.report import Incident, Report
from taskcheck.model.task import Place

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/taskcheck/taskcheck"

MAX_RESULTS = 5_000
"""Results of a run that GitHub's code scanning shows; it refuses more than 25,000."""

MAX_RELATED = 100
"""Locations of a result that it shows."""

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}

EXITS = {0: "clean", 1: "findings", 3: "the result can't be trusted", 4: "nothing to check"}

_NO_BYTE = expression("[\\ud800-\\udc7f\\udd00-\\udfff]")

Json = dict[str, Any]
Found = tuple[Finding, Incident | None, Acceptance | None]


def render(report: Report) -> str:
    """The report as one SARIF log of one run."""
    rules = {run.rule: index for index, run in enumerate(report.runs)}
    found: list[Found] = [(finding, incident, None) for incident, finding in wording.worst_first(report)]
    found += [(finding, None, why) for finding, why in _accepted(report.runs)]
    driver = {
        "name": "taskcheck",
        "version": report.version,
        "semanticVersion": report.version,
        "informationUri": HOME,
        "rules": [_rule(run) for run in report.runs],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": _bases(report),
        "invocations": [_invocation(report, rules, len(found))],
        "results": [_result(report, rules, *each) for each in found[:MAX_RESULTS]],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _accepted(runs: Iterable[RuleRun]) -> list[tuple[Finding, Acceptance]]:
    """Findings that somebody has accepted, with where that stands."""
    found = [pair for run in runs for pair in run.accepted]
    return sorted(found, key=lambda pair: pair[1].by == "baseline")


def _rule(run: RuleRun) -> Json:
    summary = wording.first_line(run) or run.rule
    described: Json = {
        "id": run.rule,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": wording.why(run) or summary},
        "help": {"text": run.doc or summary, "markdown": run.doc or summary},
        "defaultConfiguration": {"level": LEVELS[run.severity]},
        "properties": {"tags": [run.family], "problem.severity": PROBLEMS[run.severity]},
    }
    return {**described, "helpUri": run.url} if run.url else described


def _result(
    report: Report, rules: dict[str, int], finding: Finding, incident: Incident | None, accepted: Acceptance | None
) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": LEVELS[finding.level],
        "message": {"text": _message(finding)},
        "locations": [_location(report, finding.place)],
        "partialFingerprints": {"taskcheck/v1": finding.fingerprint},
        "properties": _properties(finding, incident),
    }
    if finding.evidence:
        related = enumerate(finding.evidence[:MAX_RELATED])
        result["relatedLocations"] = [_evidence(report, number, item) for number, item in related]
    if accepted:
        kind = "inSource" if accepted.by == "task" else "external"
        result["suppressions"] = [{"kind": kind, "justification": _text(accepted.reason)}]
    return result


def _message(finding: Finding) -> str:
    subject = _text(finding.task or finding.manager or REPOSITORY)
    expected = f"\nExpected: {_text(finding.expected, None)}" if finding.expected else ""
    message = wording.standing_alone(subject, _where(finding.place), _text(finding.message, None))
    return f"{message}{expected}"


def _properties(finding: Finding, incident: Incident | None) -> Json:
    """Return what SARIF has no place for.

    A fix among it: SARIF wants the region that it deletes, and a report doesn't hold the bytes.
    """
    properties = {
        "family": finding.family,
        "task": finding.task and visible(finding.task),
        "manager": finding.manager and visible(finding.manager),
        "headline": incident.headline if incident else None,
        "explainedBy": finding.explained_by,
        "next": _next(incident) if incident else None,
        "fix": _offered(finding, incident),
    }
    return {name: value for name, value in properties.items() if value is not None}


def _next(incident: Incident) -> Json:
    """Return what to do next about the incident that a finding is part of."""
    step = next_step(incident)
    return {"kind": step.kind, "text": visible(step.text, None), "beside": visible(step.beside, None)}


def _offered(finding: Finding, incident: Incident | None) -> Json | None:
    """Return a finding's fix with the command that makes it; None where there is no fix."""
    fix = finding.fix
    if fix is None:
        return None
    safety = wording.reach(finding)
    command = wording.fix_command(incident, safety) if incident and safety else None
    return {
        "title": _text(fix.title),
        "safety": fix.safety.label,
        "why": _text(fix.why),
        "files": [visible(path, None) for path in fix.files],
        "command": command,
    }


def _evidence(report: Report, number: int, evidence: Evidence) -> Json:
    text = f"{_text(evidence.saw)}{_where(evidence.place)}"
    return {"id": number, **_location(report, evidence.place), "message": {"text": text}}


def _where(place: Place) -> str:
    return "" if place.checkout == "root" else f" ({_text(place.checkout)})"


def _location(report: Report, place: Place) -> Json:
    path = wording.repository_path(report, place)
    if path is None:
        artifact = {"uri": _uri(place.path), "uriBaseId": _base(place)}
    else:
        artifact = {"uri": _uri(path), "uriBaseId": ROOT}
    region = {"startLine": max(1, place.line or 1)}
    if place.line and place.column:
        region["startColumn"] = max(1, place.column)
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


ROOT = "%SRCROOT%"
"""The base that GitHub knows: the top of the main checkout."""


def _base(place: Place) -> str:
    return f"%{visible(place.checkout)}%"


def _bases(report: Report) -> Json:
    """Return what the places are relative to; no base names a path of this machine."""
    elsewhere = {}
    for place in _places(report):
        if wording.repository_path(report, place) is None:
            elsewhere[_base(place)] = visible(place.checkout)
    bases: Json = {ROOT: {"description": {"text": "The top of the main checkout"}}}
    for base, checkout in sorted(elsewhere.items()):
        bases[base] = {"description": {"text": checkout}}
    return bases


def _places(report: Report) -> Iterator[Place]:
    """Yield every place that a result names."""
    accepted = (finding for finding, _ in _accepted(report.runs))
    for finding in (*report.findings, *accepted):
        yield finding.place
        for item in finding.evidence:
            yield item.place


def _uri(path: str) -> str:
    """A relative reference: the path's bytes, percent-encoded."""
    return quote(_NO_BYTE.sub("\ufffd", path).encode("utf-8", "surrogateescape"))


def _invocation(report: Report, rules: dict[str, int], found: int) -> Json:
    return {
        "executionSuccessful": report.complete,
        "exitCode": report.exit_code,
        "exitCodeDescription": EXITS.get(report.exit_code, ""),
        "toolExecutionNotifications": list(_execution(report, found)),
        "toolConfigurationNotifications": list(_configuration(report, rules)),
    }


def _execution(report: Report, found: int) -> Iterator[Json]:
    """Yield what failed, what is to be noted, and how much was left out."""
    for error in report.errors:
        yield _notification("error", f"{_text(error.where)}: {_text(error.message)}")
    for notice in report.notices:
        yield _notification("note", _text(notice))
    for each in report.unseen:
        yield _notification("warning", f"not looked at: {_text(each.told)}")
    if found > MAX_RESULTS:
        most = f"the {MAX_RESULTS} most severe of {found} results are here"
        yield _notification("warning", f"{most}: GitHub's code scanning shows no more")


def _configuration(report: Report, rules: dict[str, int]) -> Iterator[Json]:
    """Yield which rules could not look, and why."""
    for rule, reason in report.skipped:
        told = _notification("note", f"not checked: {_text(reason)}")
        yield {**told, "associatedRule": {"id": rule, "index": rules[rule]}}


def _notification(level: str, text: str) -> Json:
    return {"level": level, "message": {"text": text}}


def _text(text: str, limit: int | None = 300) -> str:
    """Text of a message, in which a link would be one."""
    return visible(text, limit).replace("](", "\\](")
