"""What ledgers say about one task in order of time: for a terminal, and as JSON, schema ``taskcheck/timeline/1``."""

from collections.abc import Iterable, Iterator
from typing import Any

from taskcheck.documents.values import age, iso, phrase, spoken
from taskcheck.formats.lines import Line, styled
from taskcheck.formats.sanitize import json_text, visible
from taskcheck.formats.wording import position
from taskcheck.model.finding import Finding
from taskcheck.model.step import Step
from taskcheck.model.task import Place
from taskcheck.model.timeline import Condition, Event, Timeline

SCHEMA = "taskcheck/timeline/1"

CLOCK = 10
"""Columns of a time of day, and of the gap behind it."""

BELOW = CLOCK + 2
"""Columns by which what belongs to an event is indented."""

NAMES = 14
"""Columns of the names of conditions."""


def as_text(
    told: Timeline,
    *,
    width: int | None = None,
    colour: bool = False,
    verbose: bool = False,
    step: Step | None = None,
) -> str:
    """Return it for people: how the task stands, what happened day by day, what never happened, what to do next.

    Args:
        told: what ledgers say.
        width: columns to wrap at; None for lines as long as they are.
        colour: whether it is in colour.
        verbose: whether the place of each event is shown.
        step: what settles what disagrees; None where nothing does.
    """
    return styled(_lines(told, step, verbose=verbose), width, colour=colour)


def as_json(told: Timeline) -> str:
    """Return it as one JSON object, indented by two."""
    return json_text(as_dict(told), indent=2) + "\n"


def as_dict(told: Timeline) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "schema": SCHEMA,
        "subject": told.subject,
        "title": told.title,
        "now": iso(told.now),
        "conditions": list(map(_condition_dict, told.conditions)),
        "events": list(map(_event_dict, told.events)),
        "quiet_seconds": int(told.quiet.total_seconds()) if told.quiet is not None else None,
        "gaps": list(told.gaps),
    }


def _condition_dict(condition: Condition) -> dict[str, Any]:
    return {
        "name": condition.name,
        "value": condition.value,
        "since": iso(condition.since) if condition.since else None,
        **_place_dict(condition.place),
    }


def _event_dict(event: Event) -> dict[str, Any]:
    return {
        "at": iso(event.at) if event.at else None,
        "what": event.what,
        "source": event.source,
        **_place_dict(event.place),
        "doubt": event.doubt or None,
        "silence_seconds": int(event.silence.total_seconds()) if event.silence is not None else None,
        "findings": [
            {"rule": finding.rule, "severity": finding.level.label, "message": finding.message}
            for finding in event.findings
        ],
    }


def _place_dict(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"checkout": None, "path": None, "line": None}
    return {"checkout": place.checkout, "path": place.path, "line": place.line}


def _lines(told: Timeline, step: Step | None, *, verbose: bool) -> Iterator[Line]:
    """Yield all lines."""
    yield Line(0, ((visible(told.title), "subject"),))
    if told.title != told.subject:
        yield Line(0, ((visible(told.subject, None), "dim"),))
    for condition in told.conditions:
        yield _condition(condition)
    yield from _days(told.events, verbose=verbose)
    if told.quiet is not None:
        yield Line(BELOW, ((f"nothing recorded for {age(told.quiet)}, until now", "warning"),))
    yield from _undated(told.events, verbose=verbose)
    yield Line(0, ())
    if step is not None:
        yield from _next(step)
    for gap in told.gaps:
        yield Line(0, ((f"not known: {visible(gap, None)}", "dim"),), hang=2)
    yield Line(0, ((f"as of {iso(told.now)}", "dim"),))


def _condition(condition: Condition) -> Line:
    """Return a line for how something about the task stands."""
    since = f", since {spoken(condition.since)}" if condition.since is not None else ""
    segments = [(f"{condition.name:<{NAMES}}", "dim"), (f"{visible(condition.value, None)}{since}", "")]
    if condition.place is not None:
        segments.append((f"  {visible(position(condition.place), None)}", "place"))
    return Line(2, tuple(segments), hang=NAMES)


def _days(events: Iterable[Event], *, verbose: bool) -> Iterator[Line]:
    """Yield the events that have a time, below the day on which each was."""
    day = ""
    for event in events:
        if event.at is None:
            continue
        if event.silence is not None:
            yield Line(BELOW, ((f"nothing recorded for {age(event.silence)}", "dim"),))
        on = iso(event.at)[:10]
        if on != day:
            yield Line(0, ())
            yield Line(0, ((on, "subject"),))
            day = on
        yield _event(event, iso(event.at)[11:19], verbose=verbose)
        yield from _arising(event.findings)


def _undated(events: Iterable[Event], *, verbose: bool) -> Iterator[Line]:
    """Yield the events of which nobody knows when."""
    found = [event for event in events if event.at is None]
    if found:
        yield Line(0, ())
        yield Line(0, (("at no known time", "subject"),))
    for event in found:
        yield _event(event, "", verbose=verbose)
        yield from _arising(event.findings)


def _event(event: Event, clock: str, *, verbose: bool) -> Line:
    """Return a line for an event: when, what, who says so, and where that is written."""
    doubt = phrase(" (", visible(event.doubt), ")")
    segments = [
        (f"{clock:<{CLOCK}}", "dim"),
        (visible(event.what, None), ""),
        (doubt, "warning"),
        (f"  {visible(event.source)}", "dim"),
    ]
    if verbose and event.place is not None:
        segments.append((f"  {visible(position(event.place), None)}", "place"))
    return Line(2, tuple(segments), hang=CLOCK)


def _arising(findings: Iterable[Finding]) -> Iterator[Line]:
    """Yield what stopped agreeing at an event."""
    for finding in findings:
        yield _finding(finding, BELOW)


def _finding(finding: Finding, indent: int) -> Line:
    label = finding.level.label
    message = f": {visible(finding.message, None)}"
    return Line(indent, ((f"{label} ", label), (finding.rule, "rule"), (message, "")), hang=2)


def _next(step: Step) -> Iterator[Line]:
    """Yield what to do next."""
    yield Line(0, (("next: ", "dim"), (visible(step.text, None), "good")), hang=6, whole=bool(step.words))
    if step.beside:
        yield Line(2, ((visible(step.beside, None), "dim"),), hang=2)
