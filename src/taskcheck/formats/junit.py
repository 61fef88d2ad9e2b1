"""The report as JUnit XML: a suite per task, manager and the repository, a case per rule that looked at it."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from junit_xml import TestCase, TestSuite, to_xml_report_string

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import visible
from taskcheck.formats.wording import position
from taskcheck.model.finding import REPOSITORY, Finding, Severity
from taskcheck.model.report import Case, Report, RuleRun


def render(report: Report) -> str:
    """The report as JUnit XML.

    Cases pass, fail (an error or warning), are skipped (suppressed, in the baseline, undecided, or the rule could not
    look at all) or are errors (the rule crashed). Information alone doesn't fail a case; it is its output.
    """
    suites = []
    for group, cases in _by_subject(report):
        timestamp = iso(report.now).removesuffix("Z")
        suites.append(_Suite(visible(group), cases, package="taskcheck", timestamp=timestamp))
    xml: str = to_xml_report_string(suites, prettyprint=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.replace(' disabled="0"', "", 1) + "\n"


def _by_subject(report: Report) -> Iterator[tuple[str, list[Any]]]:
    """Yield the repository's cases, then those of each task and manager."""
    cases: dict[str, list[Any]] = {REPOSITORY: []}
    for run in report.runs:
        for case in run.cases:
            cases.setdefault(case.subject.group, []).append(_test_case(run, case))
    cases[REPOSITORY] += _failures(report)
    cases[REPOSITORY] += _unseen(report)
    for group in sorted(cases, key=lambda group: (group != REPOSITORY, group)):
        if cases[group]:
            yield group, cases[group]


def _failures(report: Report) -> Iterator[Any]:
    """Yield a case for each failure that is no rule's."""
    for error in report.errors:
        if not error.where.startswith("rule "):
            failure = TestCase(name=visible(error.where), classname="taskcheck")
            failure.add_error_info(message=visible(error.message))
            yield failure


class _Suite(TestSuite):  # type: ignore[misc]
    """A suite without the ``disabled`` attribute, which strict schemas refuse."""

    def build_xml_doc(self, encoding: str | None = None) -> Element:
        element: Element = super().build_xml_doc(encoding)
        element.attrib.pop("disabled", None)
        return element


def _unseen(report: Report) -> Iterator[Any]:
    """Yield a skipped case for each thing that was not looked at."""
    for each in report.unseen:
        skipped = TestCase(name=visible(f"not looked at: {each.where}"), classname="taskcheck")
        skipped.add_skipped_info(message=visible(each.told))
        yield skipped


def _test_case(run: RuleRun, case: Case) -> Any:
    """Return a case in JUnit's terms: what crashed is an error, an error or warning fails it, the rest is output."""
    detail = f" ({case.subject.detail})" if case.subject.detail else ""
    made = TestCase(name=visible(f"{run.rule}{detail}"), classname=run.family)
    failing = [finding for finding in case.counted if finding.level > Severity.INFO]
    passed_over = _passed_over(case)
    if case.error is not None:
        made.add_error_info(message=visible(case.error.message))
    elif failing:
        made.add_failure_info(
            message="; ".join(visible(finding.message) for finding in failing),
            output="\n\n".join(map(_told, failing)),
            failure_type=max(finding.level for finding in failing).label,
        )
    elif passed_over is not None:
        made.add_skipped_info(message=visible(passed_over))
    elif case.counted:
        made.stdout = "\n\n".join(map(_told, case.counted))
    return made


def _passed_over(case: Case) -> str | None:
    """Return why nothing of a case counts; None where something might."""
    if case.skipped is not None:
        return case.skipped
    reasons = [why.reason for _, why in case.accepted]
    return reasons[-1] if reasons else case.undecided


def _told(finding: Finding) -> str:
    lines = [visible(finding.message, None)]
    lines += [f"  {visible(position(item.place))}  {visible(item.saw)}" for item in finding.evidence]
    if finding.expected:
        lines.append(f"  expected  {visible(finding.expected, None)}")
    return "\n".join(lines)
