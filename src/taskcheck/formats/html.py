"""The operator's view as one self-contained page: a row per task that opens, without scripts."""

import hashlib
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

from taskcheck.documents.values import age, iso, spoken
from taskcheck.formats.groups import closed, groups
from taskcheck.formats.panels import panels, shortened
from taskcheck.formats.sanitize import visible
from taskcheck.formats.tally import tally
from taskcheck.formats.view import QUEUES, headline, heartbeat, sign, since, stands, told, worker, workers
from taskcheck.formats.wording import why
from taskcheck.model.finding import Severity
from taskcheck.model.pulls import address
from taskcheck.model.report import EMPTY, Incident, Report
from taskcheck.model.task import PullRequest
from taskcheck.model.waiting import Waiting
from taskcheck.model.work import Work

if TYPE_CHECKING:
    from jinja2 import Environment, PackageLoader

MOST_EXPLAINED = 200
"""Where there are more incidents, rows don't say why their rules matter."""

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
    heading = _heading(report, trouble)
    if name:
        heading = f"{name}: {heading}"
    return rendered(
        "page.html",
        live=live,
        report=report,
        groups=groups(report) if report else [],
        whys=why_of(report) if report else {},
        brief=report is not None and len(report.incidents) > MOST_EXPLAINED,
        title=f"{_marks(report, trouble)}{heading} · taskcheck",
        heading=heading,
        trouble=trouble,
    )


def rendered(template: str, *, live: str, **values: Any) -> str:
    """Return a page of a template; one that isn't live has its content security policy in itself."""
    policy = f"default-src 'none'; style-src '{style_hash()}'; base-uri 'none'; form-action 'none'"
    return _environment().get_template(template).render(live=live, style=_style(), policy=policy, store="", **values)


def _marks(report: Report | None, trouble: str) -> str:
    """Return what a browser's tab begins with: that something is amiss, or how many errors there are."""
    incomplete = report is not None and not report.complete
    if trouble or incomplete:
        return "(!) "
    if report is None:
        return ""
    errors = sum(incident.severity is Severity.ERROR for incident in report.incidents)
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
    shown = (
        age, closed, headline, heartbeat, iso, key, spoken, panels, pull_link, shortened, sign, since, stands, tally,
        told, worker, workers,
    )  # fmt: skip
    environment.globals.update({function.__name__: function for function in shown}, QUEUES=QUEUES)
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


def key(of: Incident | Waiting | Work, store: str = "") -> str:
    """What a row is called in the page, of a page of many stores with the store; the same in every look."""
    told = (of.task, of.manager) if isinstance(of, Incident) else (type(of).__name__, of.task)
    of_store = (store,) if store else ()
    return f"r{hashlib.sha256(repr((*told, *of_store)).encode()).hexdigest()[:12]}"


def pull_link(pull: PullRequest | None) -> tuple[str, str] | None:
    """Return what a pull request is called, and where it leads to; None where its URL is that of no known forge.

    It is what a ledger says, so what it is called names the host.
    """
    at = address(pull)
    if pull is None or at is None or pull.url is None or not pull.url.isascii():
        return None
    return f"#{at.number} on {at.host}", pull.url


def why_of(report: Report) -> dict[str, str]:
    """Return why each rule matters that something was found by."""
    found = {finding.rule for finding in report.findings}
    return {run.rule: why(run) for run in report.runs if run.rule in found}
