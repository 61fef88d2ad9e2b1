"""The operator's view as one self-contained page: a row per task that opens, without scripts."""

import hashlib
from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from taskcheck.documents.values import age, iso
from taskcheck.finding import EMPTY, Evidence, Finding, Incident, Report
from taskcheck.formats.rows import rows
from taskcheck.formats.sanitize import visible
from taskcheck.formats.status import headline, heartbeat, told, workers
from taskcheck.formats.text import total

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

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
    environment = _environment()
    found = rows(report) if report else []
    errors = sum(row.incident.severity.label == "error" for row in found)
    about = f"{name}: " if name else ""
    heading = f"{about}{_needs(len(found))}" if report else name or "taskcheck"
    parts = environment.get_template("page.html").generate(
        report=report,
        rows=found,
        title=f"{f'({errors}) ' if errors else ''}{heading} · taskcheck" if not trouble else f"(!) {name} · taskcheck",
        heading=heading,
        nothing="Nothing to check." if report and report.exit_code == EMPTY else "All agree.",
        trouble=trouble,
        live=live,
        style=_style(),
        policy=f"default-src 'none'; style-src '{style_hash()}'; base-uri 'none'; form-action 'none'",
    )
    return "".join(parts)


def style_hash() -> str:
    """The page's style as a content security policy names it."""
    return f"sha256-{b64encode(hashlib.sha256(_style().encode()).digest()).decode()}"


@cache
def _environment() -> "Environment":
    """The templates; every text that they show is made harmless, then escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - 47 ms, only for a page
    from markupsafe import Markup  # noqa: PLC0415 - as above

    def harmless(value: Any) -> Any:
        return visible(value, MESSAGE) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=PackageLoader("taskcheck.formats", "page"),
        autoescape=True,
        finalize=harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    shown = (about, age, headline, heartbeat, key, moment, sides, told, total, workers)
    environment.globals.update({function.__name__: function for function in shown})
    return environment


@cache
def _style() -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415 - only for a page

    environment = _environment()
    assert environment.loader  # noqa: S101 - it was given one
    return Markup(environment.loader.get_source(environment, "page.css")[0])  # noqa: S704 - our own file


def key(incident: Incident) -> str:
    """What a row is called in the page; the same in every look."""
    named = f"{'task' if incident.task else 'manager'}\0{incident.subject}"
    return f"r{hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def about(incident: Incident) -> list[str]:
    """The task beside its id: title, status, and when it last moved."""
    title = incident.title if incident.title != incident.subject else None
    moved = f"last moved {moment(incident.moved_at)}" if incident.moved_at else None
    return [part for part in (title, incident.status, moved) if part]


def moment(at: datetime) -> str:
    """A moment for people."""
    return iso(at).replace("T", " ").replace("Z", " UTC")


def sides(finding: Finding) -> list[tuple[str, dict[str, list[Evidence]]]]:
    """The evidence by who speaks (root, each worktree or branch, the other ledgers), and by file."""
    found: dict[str, dict[str, list[Evidence]]] = {"root": {}}
    for item in sorted(finding.evidence, key=lambda item: item.side == "ledger"):
        side = {"root": "root", "ledger": "ledgers"}.get(item.side) or item.place.checkout.replace(":", " ", 1)
        found.setdefault(side, {}).setdefault(item.place.path, []).append(item)
    return [(side, files) for side, files in found.items() if files]


def _needs(number: int) -> str:
    return {0: "nothing needs a look", 1: "1 needs a look"}.get(number, f"{number} need a look")
