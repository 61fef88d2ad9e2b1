"""One greppable line per finding: place, severity, rule, subject, message."""

from taskcheck.formats.sanitize import visible
from taskcheck.formats.text import summary
from taskcheck.formats.wording import position
from taskcheck.model.report import Report


def render(report: Report) -> str:
    """All findings in the order of the incidents, then the summary."""
    lines = [
        f"{visible(position(finding.place))}: {finding.level.label}: {finding.rule}: "
        f"{visible(incident.subject)}: {visible(finding.message)}"
        for incident in report.incidents
        for finding in incident.findings
    ]
    return "\n".join([*lines, *summary(report)]) + "\n"
