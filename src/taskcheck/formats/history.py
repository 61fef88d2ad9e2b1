"""The history of a store's incidents: for a terminal, and as JSON, schema ``taskcheck/history/1``."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from taskcheck.documents.values import age, counted, iso, spoken
from taskcheck.formats.lines import Line, styled
from taskcheck.formats.sanitize import json_text, visible
from taskcheck.formats.view import times
from taskcheck.model.chronicle import Change, Chronicle, Mean
from taskcheck.model.episode import Episode, Kind

SCHEMA = "taskcheck/history/1"

SHOWN = 20
"""Of what was closed so many are told, the latest."""

COLUMN = 9
"""Columns of the word for the severity, and of the gap behind it."""


def as_text(told: Chronicle, *, width: int | None = None, colour: bool = False, verbose: bool = False) -> str:
    """Return it for people: what stands since when, what was closed, and how long that took.

    Args:
        told: what is recorded.
        width: columns to wrap at; None for lines as long as they are.
        colour: whether it is in colour.
        verbose: whether all that was closed is told, and each change.
    """
    return styled(_lines(told, verbose=verbose), width, colour=colour)


def as_json(told: Chronicle) -> str:
    """Return it as one JSON object, indented by two."""
    return json_text(as_dict(told), indent=2) + "\n"


def as_dict(told: Chronicle) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "schema": SCHEMA,
        "store": told.store,
        "now": iso(told.now),
        "since": iso(told.since) if told.since is not None else None,
        "last_look": iso(told.last_look) if told.last_look is not None else None,
        "standing": list(map(episode_dict, told.standing)),
        "closed": list(map(episode_dict, told.closed)),
        "changes": [_change_dict(change) for change in told.changes],
        "mean_seconds": {"rules": list(map(_mean_dict, told.rules)), "owners": list(map(_mean_dict, told.owners))},
    }


def episode_dict(episode: Episode) -> dict[str, Any]:
    """Return an incident in time as JSON values."""
    return {
        "task": episode.task,
        "manager": episode.manager,
        "title": episode.title,
        "owner": episode.owner,
        "severity": episode.severity,
        "headline": episode.headline,
        "message": episode.message,
        "fingerprint": episode.fingerprint,
        "fingerprints": [fingerprint for fingerprint, _ in episode.findings],
        "first": iso(episode.first),
        "last": iso(episode.last),
        "seen": episode.looks,
        "reopened": episode.reopened,
        "closed": iso(episode.closed) if episode.closed is not None else None,
        "repair": episode.repair,
    }


def _change_dict(change: Change) -> dict[str, Any]:
    return {
        "at": iso(change.at),
        "kind": change.kind.value,
        "task": change.task,
        "manager": change.manager,
        "severity": change.severity,
        "headline": change.headline,
        "was": change.was,
        "message": change.message,
    }


def _mean_dict(mean: Mean) -> dict[str, Any]:
    return {"name": mean.name, "closed": mean.closed, "seconds": int(mean.mean.total_seconds())}


def _lines(told: Chronicle, *, verbose: bool) -> Iterator[Line]:
    """Yield all lines."""
    yield _heading("open", len(told.standing))
    for episode in told.standing:
        yield from _episode(episode, told.now)
    yield Line(0, ())
    yield _heading("closed", len(told.closed))
    shown = told.closed if verbose else told.closed[:SHOWN]
    for episode in shown:
        yield from _episode(episode, told.now)
    if len(shown) < len(told.closed):
        yield Line(2, ((f"{len(told.closed) - len(shown)} more: -v shows all", "dim"),))
    yield Line(0, ())
    yield from _means("mean time to reconcile, by rule", told.rules)
    yield from _means("mean time to reconcile, by owner", told.owners)
    if verbose:
        yield from _changes(told)
    yield Line(0, ((_extent(told), "dim"),), hang=2)


def _heading(text: str, count: int) -> Line:
    return Line(0, ((text, "subject"), (f": {count}", "dim")))


def _episode(episode: Episode, now: datetime) -> Iterator[Line]:
    """Yield what an incident is about, what heads it, and how long it stood."""
    title = visible(episode.title or episode.subject)
    yield Line(2, ((f"{episode.severity:<{COLUMN}}", episode.severity), (title, "subject")), hang=COLUMN)
    told = [episode.headline]
    if title != episode.subject:
        told.append(visible(episode.subject, None))
    if episode.owner:
        told.append(visible(episode.owner))
    yield Line(2 + COLUMN, ((" · ".join(told), "rule"),), hang=2)
    yield Line(2 + COLUMN, ((", ".join(_how_long(episode, now)), "dim"),), hang=2)


def _how_long(episode: Episode, now: datetime) -> Iterator[str]:
    """Yield since when an incident is open or how long it was, how often it was seen, and what closed it."""
    end = episode.closed if episode.closed is not None else now
    length = age(max(end - episode.first, timedelta()))
    if episode.closed is None:
        yield f"open since {spoken(episode.first)} ({length})"
    else:
        yield f"open for {length} until {spoken(episode.closed)}"
    yield f"seen {times(episode.looks)}"
    if episode.reopened:
        yield f"reopened {times(episode.reopened)}"
    if episode.repair:
        yield f"closed by fix {visible(episode.repair)}"


def _means(heading: str, means: Iterable[Mean]) -> Iterator[Line]:
    """Yield how long it took on the average until incidents were closed, in a line each."""
    found = list(means)
    if not found:
        return
    yield Line(0, ((heading, "subject"),))
    for mean in found:
        told = f"{age(mean.mean)} over {counted(mean.closed, 'incident')}"
        yield Line(2, ((f"{visible(mean.name)}: ", "rule"), (told, "")), hang=2)
    yield Line(0, ())


def _changes(told: Chronicle) -> Iterator[Line]:
    """Yield each change in order."""
    yield _heading("changes", len(told.changes))
    for change in told.changes:
        was = f" (was {change.was})" if change.kind is Kind.CHANGED else ""
        segments = (
            (f"{spoken(change.at)}  {change.kind.value:<{COLUMN}}", "dim"),
            (f"{visible(change.subject, None)}: ", "subject"),
            (f"{change.headline}{was}", "rule"),
        )
        yield Line(2, segments, hang=4)
    yield Line(0, ())


def _extent(told: Chronicle) -> str:
    """Return of which time all of it is."""
    last = f"last check {spoken(told.last_look)}" if told.last_look is not None else "no check"
    since = f", closed since {spoken(told.since)}" if told.since is not None else ""
    return f"{last}{since}, as of {spoken(told.now)}"
