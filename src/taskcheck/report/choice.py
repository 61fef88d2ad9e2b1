"""Which findings a report is about, where somebody names them: by their names, or by an expression over these."""

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.finding import Finding
from taskcheck.model.report import Incident, Report
from taskcheck.report.matching import Matches, matching


@frozen(kw_only=True)
class Choice:
    """The findings that are meant: those that are named, and that an expression matches."""

    nodes: tuple[str, ...] = ()
    """``TASK::RULE``, or ``TASK::RULE[WHAT]``; empty for all."""
    keyword: str = ""
    """An expression as `matching` takes it; empty for all."""

    def of(self, report: Report) -> Report:
        """Return a report about the findings that are meant; what heads an incident goes on heading it.

        Raises:
            Malformed: the expression can't be read.
        """
        matches = matching(self.keyword) if self.keyword else None

        def narrowed(incident: Incident) -> Incident:
            findings = tuple(each for each in incident.findings if self._means(incident.subject, each, matches))
            return replace(incident, findings=findings, signals=())

        incidents = tuple(each for each in map(narrowed, report.incidents) if each.findings)
        return replace(report, incidents=incidents, partial=True, chosen=True)

    def _means(self, subject: str, finding: Finding, matches: Matches | None) -> bool:
        """Return whether a finding is meant."""
        node = f"{subject}::{finding.title}"
        by_name = not self.nodes or node in self.nodes or f"{subject}::{finding.rule}" in self.nodes
        return by_name and (matches is None or matches(f"{node} {finding.family}"))
