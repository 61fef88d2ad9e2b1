"""One greppable line per finding: place, severity, rule, subject, message."""

from taskcheck.formats.sanitize import visible
from taskcheck.formats.text import summary
from taskcheck.formats.wording import position
from taskcheck.model.report import Report


def render(report: Report) -> str:
    """Return all findings in the order of the incidents, then the summary."""
    return "\n".join([*finding_lines(report), *summary(report)]) + "\n"


def finding_lines(report: Report) -> list[str]:
    """Return a line for each finding."""
    lines = []
    for incident in report.incidents:
        subject = visible(incident.subject)
        for finding in incident.findings:
            place = visible(position(finding.place))
            lines.append(f"{place}: {finding.level.label}: {finding.rule}: {subject}: {visible(finding.message)}")
    return lines
