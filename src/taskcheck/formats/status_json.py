"""The operator's view as JSON, schema ``taskcheck/status/1``: as one object, or a line for each thing that it shows."""

from collections.abc import Iterator
from typing import Any

from taskcheck.formats.json_report import as_dict
from taskcheck.formats.sanitize import json_text
from taskcheck.formats.view import rows
from taskcheck.model.report import Report

SCHEMA = "taskcheck/status/1"

TAKEN = ("version", "now", "complete", "exit_code", "root", "classes", "managers", "at_work", "waiting")
"""Keys whose values are those of the report."""

LEFT = ("unseen", "notices", "errors")


def as_json(report: Report) -> str:
    """Return the view as one JSON object, indented by two."""
    return json_text(_view(report), indent=2) + "\n"


def as_lines(report: Report) -> str:
    """Return the view as a line of JSON each for what it says of itself, managers, tasks at work and waiting, rows."""
    return "".join(f"{json_text(line)}\n" for line in lines(_view(report)))


def _view(report: Report) -> dict[str, Any]:
    """Return the view as JSON values: its rows are the incidents of the report, in the order of the view."""
    told = as_dict(report)
    incidents = dict(zip(map(id, report.incidents), told["incidents"], strict=True))
    return {
        "schema": SCHEMA,
        **{key: told[key] for key in TAKEN},
        "disagree": [incidents[id(row.incident)] for row in rows(report)],
        **{key: told[key] for key in LEFT},
    }


def lines(view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parts of the view, each with what it is; first what is said of the whole."""
    parts = {"manager": "managers", "work": "at_work", "waiting": "waiting", "incident": "disagree"}
    if "stores" in view:
        parts = {"store": "stores", **parts}
    yield {"kind": "view", **{key: value for key, value in view.items() if key not in parts.values()}}
    for kind, key in parts.items():
        for each in view[key]:
            yield {"kind": kind} | each | {"kind": kind}  # whatever else a report from elsewhere calls so
