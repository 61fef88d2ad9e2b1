"""The report as annotations of GitHub Actions: workflow commands, the worst first, as many as GitHub shows."""

from collections.abc import Iterator

from taskcheck.formats import wording
from taskcheck.formats.sanitize import github_data, github_property, visible
from taskcheck.formats.step import next_step
from taskcheck.formats.text import summary
from taskcheck.formats.wording import position
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import Incident, Report

MAX_SHOWN = 10
"""Annotations of each level that GitHub shows of a step."""

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """An annotation for each finding that GitHub shows, how many it wouldn't, and the summary."""
    left = dict.fromkeys(COMMANDS, MAX_SHOWN)
    more = dict.fromkeys(COMMANDS, 0)
    lines = []
    for severity, line in _annotations(report):
        if left[severity]:
            left[severity] -= 1
            lines.append(line)
        else:
            more[severity] += 1
    counts = []
    for severity, number in more.items():
        if number:
            ending = "" if number == 1 else "s"
            counts.append(f"{number} {severity.label}{ending}")
    if counts:
        lines.append(f"{', '.join(counts)} more: GitHub shows {MAX_SHOWN} annotations per level and step")
    return "\n".join([*lines, *summary(report)]) + "\n"


def _annotations(report: Report) -> Iterator[tuple[Severity, str]]:
    """What failed comes before what was found."""
    for error in report.errors:
        message = f"{visible(error.where)}: {visible(error.message)}"
        yield Severity.ERROR, f"::error title=taskcheck is incomplete::{github_data(message)}"
    for notice in report.notices:
        yield Severity.INFO, f"::notice title=taskcheck::{github_data(visible(notice, None))}"
    for incident, finding in wording.worst_first(report):
        yield finding.level, _annotation(report, incident, finding)


def _annotation(report: Report, incident: Incident, finding: Finding) -> str:
    place = finding.place
    properties = {}
    if place.checkout == "root":
        path = f"{report.prefix}{place.path}"
        properties["file"] = github_property(path)
        properties["line"] = str(place.line or 1)
        if place.line and place.column:
            properties["col"] = str(place.column)
    title = f"{finding.rule}: {incident.subject}"
    properties["title"] = github_property(title)
    given = ",".join(f"{name}={value}" for name, value in properties.items())
    message = github_data(_message(incident, finding))
    command = COMMANDS[finding.level]
    return f"::{command} {given}::{message}"


def _message(incident: Incident, finding: Finding) -> str:
    lines = [visible(finding.message, None)]
    if finding.explained_by:
        lines[0] += f" (explained by {finding.explained_by})"
    lines += [f"{visible(position(item.place))}: {visible(item.saw)}" for item in finding.evidence]
    if finding.expected:
        lines.append(f"expected: {visible(finding.expected, None)}")
    safety = wording.reach(finding)
    if finding.fix and safety:
        lines.append(f"{safety.label} fix: {visible(finding.fix.title)}")
    if finding is incident.head:
        lines.append(f"next: {visible(next_step(incident).told, None)}")
    return "\n".join(lines)
