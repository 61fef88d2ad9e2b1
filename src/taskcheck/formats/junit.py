"""The report as JUnit XML: a suite per task, manager and the repository, a case per rule that looked at it."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from junit_xml import TestCase, TestSuite, to_xml_report_string

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import visible
from taskcheck.formats.text import position
from taskcheck.model.finding import Finding, Severity
from taskcheck.model.report import (
    REPOSITORY,
    Report,
    RuleRun,
    Subject,
)


def render(report: Report) -> str:
    """The report as JUnit XML.

    Cases pass, fail (an error or warning), are skipped (suppressed, in the baseline, undecided, or the rule could not
    look at all) or are errors (the rule crashed). Information alone doesn't fail a case; it is its output.
    """
    cases: dict[str, list[Any]] = {}
    for run in report.runs:
        for subject, case in _cases(run):
            cases.setdefault(subject.group, []).append(case)
    cases.setdefault(REPOSITORY, [])
    for error in report.errors:
        if not error.where.startswith("rule "):
            case = TestCase(name=visible(error.where), classname="taskcheck")
            case.add_error_info(message=visible(error.message))
            cases[REPOSITORY].append(case)
    suites = [
        _Suite(visible(group), cases[group], package="taskcheck", timestamp=iso(report.now).removesuffix("Z"))
        for group in sorted(cases, key=lambda group: (group != REPOSITORY, group))
        if cases[group]
    ]
    xml: str = to_xml_report_string(suites, prettyprint=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.replace(' disabled="0"', "", 1) + "\n"


class _Suite(TestSuite):  # type: ignore[misc]
    """A suite without the ``disabled`` attribute, which strict schemas refuse."""

    def build_xml_doc(self, encoding: str | None = None) -> Element:
        element: Element = super().build_xml_doc(encoding)
        element.attrib.pop("disabled", None)
        return element


def _cases(run: RuleRun) -> Iterator[tuple[Subject, Any]]:
    if run.skipped is not None:
        case = TestCase(name=run.rule, classname=run.family)
        case.add_skipped_info(message=visible(run.skipped))
        yield Subject(REPOSITORY), case
        return
    found: dict[Subject, list[Finding]] = {}
    for subject, finding in run.findings:
        found.setdefault(subject, []).append(finding)
    accepted = {subject: why.reason for subject, _, why in run.suppressed}
    accepted |= {subject: "accepted in the baseline" for subject, _ in run.baselined}
    undecided = dict(run.undecided)
    crashed = dict(run.errors)
    for subject in run.subjects:
        name = f"{run.rule} ({subject.detail})" if subject.detail else run.rule
        case = TestCase(name=visible(name), classname=run.family)
        findings = found.get(subject, [])
        failing = [finding for finding in findings if finding.level > Severity.INFO]
        if subject in crashed:
            case.add_error_info(message=visible(crashed[subject].message))
        elif failing:
            case.add_failure_info(
                message="; ".join(visible(finding.message) for finding in failing),
                output="\n\n".join(_told(finding) for finding in failing),
                failure_type=max(finding.level for finding in failing).label,
            )
        elif subject in accepted or subject in undecided:
            case.add_skipped_info(message=visible(accepted.get(subject) or undecided[subject]))
        elif findings:
            case.stdout = "\n\n".join(_told(finding) for finding in findings)
        yield subject, case


def _told(finding: Finding) -> str:
    lines = [visible(finding.message, None)]
    lines += [f"  {visible(position(item.place))}  {visible(item.saw)}" for item in finding.evidence]
    if finding.expected:
        lines.append(f"  expected  {visible(finding.expected, None)}")
    return "\n".join(lines)
