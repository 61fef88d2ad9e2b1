"""What passed: each task, manager and the repository that rules looked at, all of which had nothing to say."""

from collections import Counter
from collections.abc import Iterator

from taskcheck.formats.lines import Line
from taskcheck.formats.sanitize import visible
from taskcheck.formats.wording import counted
from taskcheck.model.cases import Outcome
from taskcheck.model.report import Report

MOST = 50
"""Lines; of more subjects than that the rest is counted."""


def passes(report: Report) -> Iterator[Line]:
    """Yield a line for each subject that passed, with how many rules looked; nothing of findings that were chosen."""
    looked = _looked(report)
    silent = sorted(looked.keys() - _spoken_of(report))
    for subject in silent[:MOST]:
        told = f"  {counted(looked[subject], 'rule')}"
        yield Line(0, (("passed  ", "good"), (visible(subject), "subject"), (told, "dim")))
    if len(silent) > MOST:
        yield Line(0, (("passed  ", "good"), (f"and {len(silent) - MOST} more", "dim")))


def _looked(report: Report) -> Counter[str]:
    """Return how many rules looked at each subject and were content."""
    looked: Counter[str] = Counter()
    for run in () if report.chosen else report.runs:
        looked.update({case.subject.group for case in run.cases if case.outcome is Outcome.PASSED})
    return looked


def _spoken_of(report: Report) -> set[str]:
    """Return the subjects of which a rule said something, or couldn't tell."""
    spoken = set()
    for run in report.runs:
        for case in run.telling:
            if case.outcome is not Outcome.PASSED:
                spoken.add(case.subject.group)
            spoken.update(finding.subject for finding in case.findings)
    return spoken
