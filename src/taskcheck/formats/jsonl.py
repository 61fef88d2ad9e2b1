"""The report as JSON lines, schema ``taskcheck/finding/1``: one line for each finding, then one for the whole."""

from taskcheck.formats.json_report import as_dict, finding_dict
from taskcheck.formats.sanitize import json_text
from taskcheck.model.finding import Finding
from taskcheck.model.report import Incident, Report

SCHEMA = "taskcheck/finding/1"


def render(report: Report) -> str:
    """Findings in the order of the incidents, each with what is known of its task; the summary comes last."""
    lines = [json_text(_finding(incident, finding)) for incident in report.incidents for finding in incident.findings]
    whole = {"type": "summary", **as_dict(report)}
    del whole["incidents"]
    return "\n".join([*lines, json_text(whole)]) + "\n"


def _finding(incident: Incident, finding: Finding) -> dict[str, object]:
    about = {name: getattr(incident, name) for name in ("task", "manager", "title", "owner", "status", "headline")}
    return {"type": "finding", "schema": SCHEMA, **about, **finding_dict(finding)}
