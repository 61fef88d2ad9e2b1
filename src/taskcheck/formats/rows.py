"""The rows of the operator's view: which incident comes first, how long nothing has moved, and what to do next."""

import re
import shlex
from dataclasses import dataclass
from datetime import timedelta

from taskcheck.finding import Incident, Report, Safety

_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")


@dataclass(frozen=True, slots=True)
class Row:
    """One incident as a view shows it."""

    incident: Incident
    quiet: timedelta | None
    """How long nothing has moved; None where nothing tells."""
    command: tuple[str, ...]
    """What to do next, as the words of a command line."""


def rows(report: Report) -> list[Row]:
    """What needs a look: what holds up most others first, then by severity, then by name."""
    ordered = sorted(report.incidents, key=lambda i: (-i.blocks, -i.severity, i.headline is None, i.subject))
    return [Row(incident, _quiet(incident, report), next_step(incident)) for incident in ordered]


def next_step(incident: Incident) -> tuple[str, ...]:
    """The command that mends the incident's cause, or shows how, or explains what has to be decided.

    A fix that isn't safe is shown first. What a shell or a terminal would take for something else isn't named.
    """
    fixes = (f.fix for f in incident.findings if f.fix and not f.explained_by and f.place.checkout == "root")
    fix = next(fixes, None)
    named = _named(incident.task or incident.manager or "")
    if fix is not None and named and fix.safety > Safety.DISPLAY:
        return ("taskcheck", *(("--fix",) if fix.safety is Safety.SAFE else ("--diff", "--unsafe-fixes")), *named)
    if incident.headline:
        return ("taskcheck", "rule", incident.headline)
    return ("taskcheck", "check", "--verbose", *named)


def _named(subject: str) -> tuple[str, ...]:
    """A task or manager as an argument; nothing where it holds what can't be copied from a screen."""
    if not _PLAIN.fullmatch(subject):
        return ()
    quoted = shlex.quote(subject)
    return ("--", quoted) if subject.startswith("-") else (quoted,)


def _quiet(incident: Incident, report: Report) -> timedelta | None:
    return max(report.now - incident.moved_at, timedelta()) if incident.moved_at else None
