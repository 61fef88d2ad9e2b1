"""What the operator's view says, on a terminal as in a browser: its rows in their order, and its words."""

from dataclasses import dataclass
from datetime import timedelta

from taskcheck.documents.values import iso
from taskcheck.formats.wording import (
    argument,
    fix_words,
    heartbeat as heartbeat_age,
    reach,
)
from taskcheck.model.finding import Safety
from taskcheck.model.report import (
    Incident,
    ManagerStatus,
    Report,
    SignalNote,
)


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

    A fix that isn't safe is shown first.
    """
    safety = next(filter(None, (reach(finding) for finding in incident.findings if not finding.explained_by)), None)
    if safety is not None and (incident.task or incident.manager):
        return fix_words(incident, safety, "--fix" if safety is Safety.SAFE else "--diff")
    if incident.headline:
        return ("taskcheck", "rule", incident.headline)
    return ("taskcheck", "check", "--verbose", *(argument(incident) or ()))


def headline(incident: Incident) -> str:
    """The rule that heads an incident, or that only signals speak."""
    return incident.headline or "signals only"


def told(note: SignalNote) -> list[str]:
    """What there is to say of a raw signal: how loud, whose, since when, what became of it, and its own words."""
    signal = note.signal
    fate = ["refuted"] if note.refuted else []
    fate += [f"explained by {note.explained_by}"] if note.explained_by else []
    parts = (
        signal.level,
        f"from {signal.manager}",
        iso(signal.at) if signal.at else None,
        ", ".join(fate) or "unexplained",
        signal.detail,
    )
    return [part for part in parts if part]


def heartbeat(manager: ManagerStatus) -> tuple[str, str]:
    """How old a manager's heartbeat is, in words, and whether that is good."""
    old = heartbeat_age(manager)
    word, kind = ("fresh", "good") if manager.fresh else ("stale", "warning")
    return (f"{old}, {word}", kind) if old else ("none", "warning")


def workers(manager: ManagerStatus) -> str:
    """How many of a manager's workers live, in words."""
    if manager.entries is None:
        return "no register"
    registered = f"{manager.entries} registered"
    return registered if manager.workers is None else f"{manager.workers} live of {registered}"


def _quiet(incident: Incident, report: Report) -> timedelta | None:
    return max(report.now - incident.moved_at, timedelta()) if incident.moved_at else None
