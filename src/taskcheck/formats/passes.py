"""What passed: each task, manager and the repository that rules looked at, all of which had nothing to say."""

from collections import Counter

from taskcheck.documents.values import counted
from taskcheck.formats.lines import Line
from taskcheck.formats.sanitize import visible
from taskcheck.model.cases import Outcome
from taskcheck.model.report import Report

MOST = 50
"""Lines; of more subjects than that the rest is counted."""


def passes(report: Report) -> list[Line]:
    """Return a line for each subject that passed, with how many rules looked; nothing of findings that were chosen."""
    if report.chosen:
        return []
    looked, spoken = _looked(report)
    silent = sorted(looked.keys() - spoken)
    lines = [_line(visible(subject), f"  {counted(looked[subject], 'rule')}") for subject in silent[:MOST]]
    more = len(silent) - MOST
    if more > 0:
        lines.append(_line("", f"and {more} more"))
    return lines


def _line(subject: str, told: str) -> Line:
    """Return the line of a subject."""
    return Line(0, (("passed  ", "good"), (subject, "subject"), (told, "dim")))


def _looked(report: Report) -> tuple[Counter[str], set[str]]:
    """Return how many rules looked at each subject; and those of which one said something, or couldn't tell."""
    looked: Counter[str] = Counter()
    spoken: set[str] = set()
    for run in report.runs:
        looked.update({case.subject.group for case in run.cases})
        for case in run.telling:
            spoken.update(finding.subject for finding in case.findings)
            if case.outcome is not Outcome.PASSED:
                spoken.add(case.subject.group)
    return looked, spoken
