"""The report as JUnit XML: a suite per task, manager and the repository, a case per finding and one for all else."""

from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element

from junit_xml import TestCase, TestSuite, to_xml_report_string

from taskcheck.documents.values import iso
from taskcheck.formats.outcomes import Outcome, outcomes
from taskcheck.formats.sanitize import visible
from taskcheck.formats.wording import repository_path
from taskcheck.model.report import Report


def render(report: Report) -> str:
    """The report as JUnit XML.

    What fails is what makes the run exit with 1, and an error is what makes it exit with 3. What somebody accepts, and
    what nobody could look at, is skipped; a finding that doesn't fail the run is the output of a case that passes.
    """
    suites = []
    timestamp = iso(report.now).removesuffix("Z")
    for subject, found in groupby(outcomes(report), key=lambda outcome: outcome.subject):
        cases = [_case(report, outcome) for outcome in found]
        suites.append(_Suite(visible(subject), cases, package="taskcheck", timestamp=timestamp))
    xml: str = to_xml_report_string(suites, prettyprint=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.replace(' disabled="0"', "", 1) + "\n"


class _Suite(TestSuite):  # type: ignore[misc]
    """A suite without the ``disabled`` attribute, which strict schemas refuse."""

    def build_xml_doc(self, encoding: str | None = None) -> Element:
        element: Element = super().build_xml_doc(encoding)
        element.attrib.pop("disabled", None)
        return element


def _case(report: Report, outcome: Outcome) -> Any:
    """Return a test in JUnit's terms, with the file and line that its finding is about."""
    made = TestCase(name=visible(outcome.name, None), classname=visible(outcome.subject), **_place(report, outcome))
    message = visible(outcome.message, None)
    match outcome.result:
        case "error":
            made.add_error_info(message=message, output=outcome.text)
        case "failed":
            made.add_failure_info(message=message, output=outcome.text, failure_type=outcome.level or "error")
        case "skipped":
            made.add_skipped_info(message=message, output=outcome.text)
        case _ if outcome.text:
            made.stdout = outcome.text
    return made


def _place(report: Report, outcome: Outcome) -> dict[str, Any]:
    """Return file and line of a finding, as a case has them."""
    place = outcome.place
    if place is None:
        return {}
    path = repository_path(report, place) or place.path
    return {"file": visible(path, None), "line": place.line or 1}
