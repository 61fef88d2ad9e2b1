"""Which findings a report is about, where somebody names them: by their names, or by an expression over these."""

from collections.abc import Iterable

from taskcheck.documents.frozen import frozen, replace
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
        incidents = []
        for incident in report.incidents:
            narrowed = self._narrowed(incident, matches)
            if narrowed.findings:
                incidents.append(narrowed)
        return replace(report, incidents=tuple(incidents), partial=True, chosen=True)

    def _narrowed(self, incident: Incident, matches: Matches | None) -> Incident:
        """Return an incident with those of its findings that are meant, and without its signals."""
        findings = []
        for finding in incident.findings:
            is_matched = matches is None or matches(f"{incident.subject}::{finding.title} {finding.family}")
            called = (*finding.titles, finding.rule, *finding.formerly)
            if is_matched and self._names(f"{incident.subject}::{name}" for name in called):
                findings.append(finding)
        return replace(incident, findings=tuple(findings), signals=())

    def _names(self, nodes: Iterable[str]) -> bool:
        """Return whether a finding, which has some names, is named; each is where none is."""
        if not self.nodes:
            return True
        return not set(self.nodes).isdisjoint(nodes)
