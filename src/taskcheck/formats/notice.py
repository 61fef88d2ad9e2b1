"""What a look changed, for a program that is to be told: schema ``taskcheck/notice/1``."""

from collections.abc import Iterable
from typing import Any

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import json_text, visible
from taskcheck.model.chronicle import Change
from taskcheck.model.episode import Kind, Transition

SCHEMA = "taskcheck/notice/1"

TOLD = 20
"""So many changes are told in words; all are in the data."""

WORDS = {Kind.OPENED: "new", Kind.REOPENED: "reopened", Kind.CHANGED: "changed", Kind.CLOSED: "gone"}


def render(name: str, store: str, changes: Iterable[Change]) -> str:
    """Return the notice of a look as one JSON object in a line.

    Args:
        name: tells it from every other notice, and stays the same where it is repeated.
        store: the store's folder.
        changes: what became of incidents at the look.
    """
    told = list(changes)
    values = {
        "schema": SCHEMA,
        "id": name,
        "store": store,
        "at": iso(told[0].at),
        "text": text(store, told),
        "changes": list(map(_change, told)),
    }
    return json_text(values) + "\n"


def text(store: str, changes: list[Change]) -> str:
    """Return what a look changed in words, a line each; the first names the store."""
    name = visible(store.rpartition("/")[2])
    lines = [f"taskcheck: {name}", *map(line, changes[:TOLD])]
    if len(changes) > TOLD:
        lines.append(f"and {len(changes) - TOLD} more")
    return "\n".join(lines)


def line(change: Change) -> str:
    """Return what became of an incident, in a line."""
    subject = visible(change.subject, None)
    if change.kind is Kind.CLOSED:
        by = f", by fix {visible(change.repair)}" if change.repair else ""
        return f"{WORDS[change.kind]}: {subject}: {change.headline}{by}"
    return f"{WORDS[change.kind]}: {subject}: {change.severity} {change.headline}: {visible(change.message)}"


def became(transition: Transition) -> str:
    """Return what became of an incident at a look, in a line with its time."""
    episode = transition.episode
    by = f" by fix {visible(episode.repair)}" if episode.repair else ""
    told = f"{iso(transition.at)}  {WORDS[transition.kind]}{by}: {visible(episode.subject, None)}: {episode.severity}"
    return f"{told} {episode.headline}: {visible(episode.message)}"


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "task": change.task,
        "manager": change.manager,
        "title": change.title,
        "owner": change.owner,
        "severity": change.severity,
        "headline": change.headline,
        "was": change.was,
        "message": change.message,
        "fingerprint": change.fingerprint,
        "since": iso(change.first),
        "seen": change.looks,
        "reopened": change.reopened,
        "repair": change.repair,
    }
