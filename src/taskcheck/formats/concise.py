"""One greppable line per finding: place, severity, rule, subject, message.

A place is ``[checkout:]path:line:column``, as editors and problem matchers read it; of a file as a whole it is its
beginning.
"""

from taskcheck.documents.frozen import replace
from taskcheck.formats.sanitize import visible
from taskcheck.formats.text import summary
from taskcheck.formats.wording import position
from taskcheck.model.report import Report
from taskcheck.model.task import Place


def render(report: Report) -> str:
    """Return all findings in the order of the incidents, then the summary."""
    return "\n".join([*finding_lines(report), *summary(report)]) + "\n"


def finding_lines(report: Report) -> list[str]:
    """Return a line for each finding."""
    lines = []
    for incident in report.incidents:
        subject = visible(incident.subject)
        for finding in incident.findings:
            place = visible(position(_in_full(finding.place)))
            lines.append(f"{place}: {finding.level.label}: {finding.rule}: {subject}: {visible(finding.message)}")
    return lines


def _in_full(place: Place) -> Place:
    """Return a place with line and column."""
    return replace(place, line=place.line or 1, column=place.column or 1)
