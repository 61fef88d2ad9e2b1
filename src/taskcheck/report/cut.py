"""Stops a report after so many incidents that fail, where somebody asks for that; what was read stays the same."""

from taskcheck.documents.frozen import replace
from taskcheck.model.report import Incident, Report, Stopped


def stopped(report: Report, maxfail: int) -> Report:
    """Return a report up to the incident with which so many fail; as it is where none comes after that.

    Args:
        report: all that there is to tell; its exit code stays.
        maxfail: how many incidents may fail, 1 or more.
    """
    told = _up_to(report, maxfail)
    left_out = len(report.incidents) - len(told)
    if not left_out:
        return report
    stop = Stopped(after=maxfail, left_out=left_out)
    return replace(report, incidents=told, partial=True, stopped=stop, notices=(*report.notices, stop.told))


def _up_to(report: Report, maxfail: int) -> tuple[Incident, ...]:
    """Return the incidents up to the one with which so many fail; all where fewer do."""
    failing = 0
    for number, incident in enumerate(report.incidents, 1):
        failing += any(map(report.verdict.weighs, incident.findings))
        if failing == maxfail:
            return report.incidents[:number]
    return report.incidents
