"""The operator's view as one self-contained page: a row per task that opens, without scripts."""

import hashlib
from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from taskcheck.documents.values import age, iso
from taskcheck.formats.sanitize import visible
from taskcheck.formats.tally import tally
from taskcheck.formats.view import (
    Row,
    headline,
    heartbeat,
    rows,
    told,
    waited,
    workers,
)
from taskcheck.model.finding import Evidence, Finding, Severity
from taskcheck.model.report import EMPTY, Incident, Report

if TYPE_CHECKING:
    from jinja2 import Environment, PackageLoader

MESSAGE = 4000
"""Characters that one text may have here."""


def render(report: Report) -> str:
    """The report as a page for a browser, a mail or an archive: nothing is fetched, and nothing runs in it."""
    return page(report)


def page(report: Report | None, *, name: str = "", trouble: str = "", live: str = "") -> str:
    """The page of a report; with ``live``, which names the look, the one that `taskcheck serve` keeps up to date.

    Args:
        report: what was found, last where there is trouble.
        name: what the repository is called.
        trouble: why it can't be looked at now.
        live: what tells this look from others.
    """
    found = rows(report) if report else []
    heading = _heading(report, trouble)
    if name:
        heading = f"{name}: {heading}"
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            rows=found,
            title=f"{_marks(report, found, trouble)}{heading} · taskcheck",
            heading=heading,
            trouble=trouble,
            live=live,
            style=_style(),
            policy=f"default-src 'none'; style-src '{style_hash()}'; base-uri 'none'; form-action 'none'",
        )
    )


def _marks(report: Report | None, found: list[Row], trouble: str) -> str:
    """Return what a browser's tab begins with: that something is amiss, or how many errors there are."""
    incomplete = report is not None and not report.complete
    if trouble or incomplete:
        return "(!) "
    errors = sum(row.incident.severity is Severity.ERROR for row in found)
    return f"({errors}) " if errors else ""


def _heading(report: Report | None, trouble: str) -> str:
    """Return what matters most, in a few words; nothing is called healthy that couldn't be looked at."""
    if report is None or trouble:
        return "can't be looked at"
    found = _found(report)
    return found if report.complete else f"{found}, and not everything could be checked"


def _found(report: Report) -> str:
    if report.exit_code == EMPTY:
        return "nothing to check"
    match len(report.incidents):
        case 0:
            return "nothing needs a look"
        case 1:
            return "1 needs a look"
        case number:
            return f"{number} need a look"


def style_hash() -> str:
    """The page's style as a content security policy names it."""
    return f"sha256-{b64encode(hashlib.sha256(_style().encode()).digest()).decode()}"


@cache
def _environment() -> "Environment":
    """The templates; every text that they show is made harmless, then escaped."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def harmless(value: Any) -> Any:
        return visible(value, MESSAGE) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=_loader(),
        autoescape=True,
        finalize=harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    shown = (about, age, headline, heartbeat, key, moment, sides, tally, told, waited, workers)
    environment.globals.update({function.__name__: function for function in shown})
    return environment


@cache
def _style() -> str:
    source, _, _ = _loader().get_source(_environment(), "page.css")
    return source


@cache
def _loader() -> "PackageLoader":
    """What finds the templates and the style beside them."""
    from jinja2 import PackageLoader

    return PackageLoader("taskcheck.formats", "page")


def key(incident: Incident) -> str:
    """What a row is called in the page; the same in every look."""
    return f"r{hashlib.sha256(repr((incident.task, incident.manager)).encode()).hexdigest()[:12]}"


def about(incident: Incident) -> list[str]:
    """Return what there is beside a task's id: title, status, and when it last moved."""
    parts = []
    if incident.title and incident.title != incident.subject:
        parts.append(incident.title)
    if incident.status:
        parts.append(incident.status)
    if incident.moved_at:
        parts.append(f"last moved {moment(incident.moved_at)}")
    return parts


def moment(at: datetime) -> str:
    """A moment for people."""
    return iso(at).replace("T", " ").replace("Z", " UTC")


def sides(finding: Finding) -> list[tuple[str, dict[str, list[Evidence]]]]:
    """Return the evidence by who speaks (root, each worktree or branch, the other ledgers), and by file."""
    found: dict[str, dict[str, list[Evidence]]] = {"root": {}}
    for item in sorted(finding.evidence, key=lambda item: item.side == "ledger"):
        found.setdefault(_side(item), {}).setdefault(item.place.path, []).append(item)
    return [(side, files) for side, files in found.items() if files]


def _side(item: Evidence) -> str:
    match item.side:
        case "root":
            return "root"
        case "ledger":
            return "ledgers"
        case "worktree":
            return item.place.checkout.replace(":", " ", 1)
