"""What stands in the file of a store's history: its tables, and what is asked of them, in rows of plain values.

Moments are text as reports write them, so that they sort as they follow each other.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

APPLICATION = 0x74636B68
"""By which a file tells that it is ours: ``tckh``."""

STRICT_SINCE = (3, 37)
"""The SQLite that can hold columns to their types; tables that an older one makes do without."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        """CREATE TABLE look (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, complete INTEGER NOT NULL, incidents INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE episode (
            id INTEGER PRIMARY KEY, task TEXT, manager TEXT, title TEXT NOT NULL, owner TEXT, severity TEXT NOT NULL,
            headline TEXT NOT NULL, fingerprint TEXT NOT NULL, message TEXT NOT NULL, findings TEXT NOT NULL,
            first TEXT NOT NULL, last TEXT NOT NULL, looks INTEGER NOT NULL, reopened INTEGER NOT NULL,
            closed TEXT, repair TEXT
        ) STRICT""",
        """CREATE TABLE change (
            id INTEGER PRIMARY KEY, look INTEGER NOT NULL, episode INTEGER NOT NULL, kind TEXT NOT NULL,
            at TEXT NOT NULL, title TEXT NOT NULL, owner TEXT, severity TEXT NOT NULL, headline TEXT NOT NULL, was TEXT,
            fingerprint TEXT NOT NULL, message TEXT NOT NULL, looks INTEGER NOT NULL, repair TEXT
        ) STRICT""",
        "CREATE TABLE repair (name TEXT PRIMARY KEY, at TEXT NOT NULL, about TEXT NOT NULL) STRICT",
        "CREATE INDEX episode_of ON episode (task, manager)",
        "CREATE INDEX episode_closed ON episode (closed)",
        "CREATE INDEX change_look ON change (look)",
        "CREATE INDEX change_episode ON change (episode)",
    ),
)
"""What makes each version of the tables of the one before."""

MOST_BYTES = 32 * 1000 * 1000
"""Of the file: of what is more, that goes which ended longest ago."""

Row = dict[str, Any]


def build(connection: "sqlite3.Connection", version: int) -> None:
    """Make the tables of today of those of a version, 0 for none."""
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            connection.execute(_for_this_sqlite(statement))
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


def tables(connection: "sqlite3.Connection") -> list[tuple[str, ...]]:
    """Return the tables and indexes of a file, and how each was made; what SQLite adds by itself is left out."""
    asked = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return sorted((kind, name, of, made.removesuffix(" STRICT")) for kind, name, of, made in asked)


@cache
def tables_of(version: int) -> list[tuple[str, ...]]:
    """Return the tables and indexes that a file of a version has."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(_for_this_sqlite(statement))
        return tables(connection)
    finally:
        connection.close()


def _for_this_sqlite(statement: str) -> str:
    import sqlite3

    if sqlite3.sqlite_version_info < STRICT_SINCE:
        return statement.removesuffix(" STRICT")
    return statement


class Book:
    """The tables of a file that is open, within a transaction."""

    def __init__(self, connection: "sqlite3.Connection") -> None:
        self._connection = connection

    def fact(self, key: str) -> str | None:
        """Return something that is noted; None where it isn't."""
        row = self._one("SELECT value FROM fact WHERE key = ?", (key,))
        return row["value"] if row is not None else None

    def note(self, key: str, value: str) -> None:
        """Note something, in the place of what was noted by its name."""
        self._connection.execute("INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)", (key, value))

    def last_look(self) -> Row | None:
        """Return the last look; None where there was none."""
        return self._one("SELECT * FROM look ORDER BY id DESC LIMIT 1")

    def look(self, number: int) -> Row | None:
        """Return a look by its number; those that changed nothing aren't kept."""
        return self._one("SELECT * FROM look WHERE id = ?", (number,))

    def add_look(self, at: str, *, complete: bool, incidents: int) -> int:
        """Write a look down, and forget the one before where that changed nothing; its number."""
        asked = self._connection.execute(
            "INSERT INTO look (at, complete, incidents) VALUES (?, ?, ?)", (at, int(complete), incidents)
        )
        number = int(asked.lastrowid or 0)
        self._connection.execute("DELETE FROM look WHERE id = ? AND id NOT IN (SELECT look FROM change)", (number - 1,))
        return number

    def standing(self) -> list[Row]:
        """Return the incidents that stand, as they were first seen."""
        return self._rows("SELECT * FROM episode WHERE closed IS NULL ORDER BY first, id")

    def closed_of(self, task: str | None, manager: str | None) -> list[Row]:
        """Return the incidents of a subject that are closed."""
        return self._rows(
            "SELECT * FROM episode WHERE task IS ? AND manager IS ? AND closed IS NOT NULL", (task, manager)
        )

    def closed_since(self, moment: str) -> list[Row]:
        """Return the incidents that were closed since a moment, the latest first."""
        return self._rows("SELECT * FROM episode WHERE closed >= ? ORDER BY closed DESC, id DESC", (moment,))

    def add_episode(self, values: Mapping[str, Any]) -> int:
        """Write an incident down; its number."""
        return int(self._connection.execute(_ADD_EPISODE, values).lastrowid or 0)

    def renew_episodes(self, episodes: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Write incidents that have a number anew."""
        self._connection.executemany(_RENEW_EPISODE, [{**values, "id": number} for number, values in episodes])

    def add_change(self, values: Mapping[str, Any]) -> None:
        """Write down what became of an incident at a look."""
        self._connection.execute(_ADD_CHANGE, values)

    def changes_since(self, moment: str) -> list[Row]:
        """Return what became of incidents since a moment, in order, each with what its incident is about."""
        return self._rows(f"{_CHANGES} WHERE change.at >= ? ORDER BY change.id", (moment,))

    def changes_of(self, look: int) -> list[Row]:
        """Return what became of incidents at a look."""
        return self._rows(f"{_CHANGES} WHERE change.look = ? ORDER BY change.id", (look,))

    def next_changed(self, after: int) -> int | None:
        """Return the first look after another that changed something; None where there is none."""
        row = self._one("SELECT MIN(look) AS look FROM change WHERE look > ?", (after,))
        return row["look"] if row is not None else None

    def repairs(self, since: str = "") -> list[Row]:
        """Return the fixes that were made since a moment, in order."""
        return self._rows("SELECT * FROM repair WHERE at >= ? ORDER BY at, rowid", (since,))

    def add_repair(self, name: str, at: str, about: Iterable[tuple[str, str]]) -> None:
        """Write a fix down, once."""
        self._connection.execute(
            "INSERT OR IGNORE INTO repair (name, at, about) VALUES (?, ?, ?)", (name, at, json.dumps(list(about)))
        )

    def forget(self, before: str) -> None:
        """Forget what ended before a moment, and what ended longest ago where the file is too large."""
        self._forget(before)
        while self._size() > MOST_BYTES:
            middle = self._one(
                "SELECT closed FROM episode WHERE closed IS NOT NULL ORDER BY closed"
                " LIMIT 1 OFFSET (SELECT COUNT(*) / 4 FROM episode WHERE closed IS NOT NULL)"
            )
            if middle is None:
                break
            self._forget(f"{middle['closed']}~")  # It sorts behind that moment, which goes too.

    def _forget(self, before: str) -> None:
        self._connection.execute("DELETE FROM episode WHERE closed < ?", (before,))
        self._connection.execute("DELETE FROM change WHERE at < ?", (before,))
        self._connection.execute("DELETE FROM repair WHERE at < ?", (before,))
        self._connection.execute("DELETE FROM look WHERE at < ? AND id < (SELECT MAX(id) FROM look)", (before,))

    def _size(self) -> int:
        """Return how many bytes of the file are in use."""
        asked = [self._one(f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")]
        pages, free, size = (next(iter(row.values())) for row in asked if row is not None)
        return int((pages - free) * size)

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement, values)]

    def _one(self, statement: str, values: tuple[object, ...] = ()) -> Row | None:
        row = self._connection.execute(statement, values).fetchone()
        return dict(row) if row is not None else None


_CHANGES = (
    "SELECT change.*, episode.task, episode.manager, episode.first, episode.reopened"
    " FROM change JOIN episode ON episode.id = change.episode"
)

_ADD_EPISODE = """
    INSERT INTO episode (task, manager, title, owner, severity, headline, fingerprint, message, findings, first, last,
        looks, reopened, closed, repair)
    VALUES (:task, :manager, :title, :owner, :severity, :headline, :fingerprint, :message, :findings, :first, :last,
        :looks, :reopened, :closed, :repair)
"""

_RENEW_EPISODE = """
    UPDATE episode SET title = :title, owner = :owner, severity = :severity, headline = :headline,
        fingerprint = :fingerprint, message = :message, findings = :findings, last = :last, looks = :looks,
        closed = :closed, repair = :repair
    WHERE id = :id
"""

_ADD_CHANGE = """
    INSERT INTO change (look, episode, kind, at, title, owner, severity, headline, was, fingerprint, message, looks,
        repair)
    VALUES (:look, :episode, :kind, :at, :title, :owner, :severity, :headline, :was, :fingerprint, :message, :looks,
        :repair)
"""
