"""Where the history of a store's incidents lies, and what it holds."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskcheck.documents.values import iso, timestamp
from taskcheck.model.chronicle import Change, Chronicle
from taskcheck.model.episode import Episode, Key, Kind, Repair
from taskcheck.read.cached import is_inside, stem
from taskcheck.read.locate import Location
from taskcheck.write.history import Damage, History, Trouble, state_home

if TYPE_CHECKING:
    from taskcheck.write.book import Book

FOLDER = "taskcheck"
"""Its name in the user's folder for what programs keep."""


def history_of(location: Location, named: Path | None = None) -> History:
    """Return the file of a store, which may not be there yet.

    Args:
        location: where the store is.
        named: the file that a user names instead.

    Raises:
        Trouble: there is no place for it.
    """
    if sys.platform == "win32":
        raise Trouble("on Windows no history of incidents is kept")
    if named is not None:
        folder = os.path.realpath(named.parent)
        return History(folder, named.name)
    home = state_home(os.environ)
    if home is None:
        raise Trouble("neither XDG_STATE_HOME nor HOME is an absolute path: name a file with --history")
    folder = f"{home}/{FOLDER}"
    if is_inside(Path(os.path.realpath(folder)), location):
        raise Trouble(f"{folder} is in a checkout of the store, where anybody may have created it: name a file")
    return History(folder, f"{stem(location.root)}.sqlite", home=home)


def standing_in(location: Location, named: Path | None = None) -> list[Episode]:
    """Return the incidents that stand by what is recorded; none where nothing is, or it can't be read.

    Raises:
        Trouble: the file that a user names isn't there, or can't be read.
    """
    try:
        history = history_of(location, named)
        found = history.read(lambda book: standing(book, location))
    except Trouble:
        if named is not None:
            raise
        return []
    if found is None and named is not None:
        raise Trouble(f"{named} isn't there: `taskcheck check --record` or `taskcheck watch` makes it")
    return found or []


def standing(book: "Book", location: Location) -> list[Episode]:
    """Return the incidents that stand.

    Raises:
        Trouble: the file is of another store.
    """
    see_that_it_is_of(book, location)
    return list(map(episode_of, book.standing()))


def see_that_it_is_of(book: "Book", location: Location) -> None:
    """See that a file is of a store.

    Raises:
        Trouble: it is of another one.
    """
    of = book.fact("root")
    if of is not None and of != root_text(location):
        raise Trouble(f"the history is that of {of}; name another file by --history")


def root_text(location: Location) -> str:
    """Return how a file names the store that it is of."""
    return os.fsencode(location.root).decode("utf-8", "backslashreplace")


def closed_of(book: "Book", key: Key) -> list[Episode]:
    """Return the incidents of a subject that are closed."""
    return list(map(episode_of, book.closed_of(*key)))


def episode_of(row: Mapping[str, Any]) -> Episode:
    """Return the incident of a row.

    Raises:
        Damage: the row holds none.
    """
    try:
        findings = tuple((str(fingerprint), str(rule)) for fingerprint, rule in json.loads(row["findings"]))
    except (TypeError, ValueError) as error:
        raise Damage(f"the findings of incident {row['id']} can't be read") from error
    closed = row["closed"]
    return Episode(
        id=row["id"],
        task=row["task"],
        manager=row["manager"],
        title=row["title"],
        owner=row["owner"],
        severity=row["severity"],
        headline=row["headline"],
        fingerprint=row["fingerprint"],
        message=row["message"],
        findings=findings,
        first=moment_of(row["first"]),
        last=moment_of(row["last"]),
        looks=row["looks"],
        reopened=row["reopened"],
        closed=moment_of(closed) if closed is not None else None,
        repair=row["repair"],
    )


def row_of(episode: Episode) -> dict[str, Any]:
    """Return the values of a row for an incident."""
    return {
        "task": episode.task,
        "manager": episode.manager,
        "title": episode.title,
        "owner": episode.owner,
        "severity": episode.severity,
        "headline": episode.headline,
        "fingerprint": episode.fingerprint,
        "message": episode.message,
        "findings": json.dumps(episode.findings),
        "first": iso(episode.first),
        "last": iso(episode.last),
        "looks": episode.looks,
        "reopened": episode.reopened,
        "closed": iso(episode.closed) if episode.closed is not None else None,
        "repair": episode.repair,
    }


def repair_of(row: Mapping[str, Any]) -> Repair:
    """Return the fix of a row.

    Raises:
        Damage: the row holds none.
    """
    try:
        about = tuple((str(rule), str(subject)) for rule, subject in json.loads(row["about"]))
    except (TypeError, ValueError) as error:
        raise Damage(f"what the fix {row['name']} is about can't be read") from error
    return Repair(name=row["name"], at=moment_of(row["at"]), about=about)


def moment_of(text: str) -> datetime:
    """Return the moment that a row names.

    Raises:
        Damage: it names none.
    """
    moment = timestamp(text)
    if moment is None:
        raise Damage(f"{text!r} is no moment")
    return moment


def change_of(row: Mapping[str, Any]) -> Change:
    """Return the change of a row.

    Raises:
        Damage: the row holds none.
    """
    try:
        kind = Kind(row["kind"])
    except ValueError as error:
        raise Damage(f"{row['kind']!r} is no change") from error
    return Change(
        look=row["look"],
        kind=kind,
        at=moment_of(row["at"]),
        task=row["task"],
        manager=row["manager"],
        title=row["title"],
        owner=row["owner"],
        severity=row["severity"],
        headline=row["headline"],
        was=row["was"],
        message=row["message"],
        fingerprint=row["fingerprint"],
        first=moment_of(row["first"]),
        looks=row["looks"],
        reopened=row["reopened"],
        repair=row["repair"],
    )


def chronicle(book: "Book", location: Location, now: datetime, since: datetime | None) -> Chronicle:
    """Return what is recorded of a store's incidents.

    Raises:
        Trouble: the file is of another store.
    """
    before = iso(since) if since is not None else ""
    last = book.last_look()
    return Chronicle(
        store=root_text(location),
        now=now,
        since=since,
        last_look=moment_of(last["at"]) if last is not None else None,
        standing=tuple(standing(book, location)),
        closed=tuple(map(episode_of, book.closed_since(before))),
        changes=tuple(map(change_of, book.changes_since(before))),
    )
