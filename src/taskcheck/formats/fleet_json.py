"""Many stores as JSON, schema ``taskcheck/status/1``: what each says side by side, with the store that it is of."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from taskcheck.documents.values import iso
from taskcheck.formats.sanitize import json_text
from taskcheck.formats.status_json import SCHEMA, lines
from taskcheck.formats.view import rows
from taskcheck.model.fleet import Fleet, Member
from taskcheck.model.waiting import LONGEST
from taskcheck.version import __version__


def as_json(fleet: Fleet) -> str:
    """Return the view as one JSON object, indented by two."""
    return json_text(_view(fleet), indent=2) + "\n"


def as_lines(fleet: Fleet) -> str:
    """Return the view as a line of JSON each for what it says of itself, and for stores and all their rows."""
    return "".join(f"{json_text(line)}\n" for line in lines(_view(fleet)))


def _view(fleet: Fleet) -> dict[str, Any]:
    """Return the view as JSON values."""
    seen = [member for member in fleet.members if member.report is not None]
    return {
        "schema": SCHEMA,
        "version": __version__,
        "now": iso(fleet.now),
        "complete": _is_whole(fleet),
        "exit_code": fleet.exit_code,
        "root": None,
        "classes": _classes(seen),
        "stores": [_store(member, fleet) for member in fleet.members],
        "managers": _side_by_side(seen, "managers"),
        "at_work": _side_by_side(seen, "at_work"),
        "waiting": _waiting(seen),
        "disagree": _disagree(seen),
        "unseen": _side_by_side(seen, "unseen"),
        "notices": _notices(seen),
        "errors": _side_by_side(seen, "errors"),
    }


def _is_whole(fleet: Fleet) -> bool:
    """Return whether every store could be judged, as it is now."""
    if fleet.unwell:
        return False
    return all(member.told["complete"] for member in fleet.members)


def _store(member: Member, fleet: Fleet) -> dict[str, Any]:
    """Return how a store stands as JSON values."""
    old = member.age(fleet.now)
    stand: dict[str, Any] = {
        "store": member.name,
        "where": member.where,
        "source": "report" if member.is_received else "look",
        "now": member.told.get("now"),
        "age_seconds": None,
        "late": bool(member.lateness(fleet.now)),
        "trouble": member.trouble or member.lateness(fleet.now) or None,
        "complete": member.told.get("complete"),
        "exit_code": member.exit_code(fleet.now),
        "root": member.told.get("root"),
        "summary": member.told.get("summary"),
    }
    if old is not None:
        stand["age_seconds"] = int(old.total_seconds())
    return stand


def _side_by_side(members: Iterable[Member], name: str) -> list[dict[str, Any]]:
    """Return the rows of a list of all stores' reports, each with the store that it is of."""
    found = []
    for member in members:
        for row in member.told.get(name, ()):
            found.append(_of(member, row))
    return found


def _of(member: Member, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the store that it is of, first; a report from elsewhere may not say another one."""
    store = {"store": member.name}
    return {**store, **row, **store}


def _notices(members: Iterable[Member]) -> list[str]:
    """Return what all stores' reports have to say beside, each with the store that says it."""
    found = []
    for member in members:
        for text in member.told.get("notices", ()):
            found.append(f"{member.name}: {text}")
    return found


def _disagree(members: Iterable[Member]) -> list[dict[str, Any]]:
    """Return what disagrees, store by store, in the order of each one's own view."""
    found = []
    for member in members:
        if member.report is None:
            continue
        told = dict(zip(map(id, member.report.incidents), member.told["incidents"], strict=True))
        for row in rows(member.report):
            found.append(_of(member, told[id(row.incident)]))
    return found


def _classes(members: Iterable[Member]) -> dict[str, int]:
    """Return how many tasks of all stores are of each class."""
    classes: Counter[str] = Counter()
    for member in members:
        classes.update(member.told.get("classes", {}))
    return dict(classes)


def _waiting(members: Iterable[Member]) -> list[dict[str, Any]]:
    """Return by class how many tasks of all stores wait, and those that have waited longest."""
    named: dict[str, list[dict[str, Any]]] = {"review": [], "stopped": [], "ready": []}
    counts: Counter[str] = Counter()
    for member in members:
        for queue in member.told.get("waiting", ()):
            name = queue["class"]
            counts[name] += queue["count"]
            named[name] += [_of(member, each) for each in queue["longest"]]
    found = []
    for name, each in named.items():
        if counts[name]:
            longest = sorted(each, key=_since)[:LONGEST]
            found.append({"class": name, "count": counts[name], "longest": longest})
    return found


def _since(waiting: Mapping[str, Any]) -> tuple[bool, str]:
    """Return a key that sorts by since when something waits; of which nobody knows that, last."""
    since = waiting.get("since") or ""
    return not since, since
