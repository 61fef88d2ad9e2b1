"""Writes down what a look saw, and what became of incidents since the one before."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import iso, timestamp
from taskcheck.model.episode import Episode, Repair, Transition
from taskcheck.model.finding import REPOSITORY
from taskcheck.model.report import Report
from taskcheck.read.locate import Location, fix_folder, own_folder
from taskcheck.read.recorded import closed_of, history_of, repair_of, root_text, row_of, standing, standing_in
from taskcheck.report.history import follow, plain, with_record
from taskcheck.write.book import Book, Row
from taskcheck.write.history import History, Trouble

if TYPE_CHECKING:
    from taskcheck.write.journal import Journals

AGE = timedelta(days=90)
"""What ended longer ago is forgotten."""

MOST_FIXES = 50
"""Of the fixes that can be undone so many are looked at, the newest."""


@frozen(kw_only=True)
class Recorded:
    """A look as it is in the record."""

    number: int
    before: tuple[Episode, ...]
    """What stood until then."""
    transitions: tuple[Transition, ...]
    standing: tuple[Episode, ...]
    """What stands after it."""
    is_first: bool = False
    """Whether there was no look before."""


@frozen(kw_only=True)
class Kept:
    """A look with what is recorded of it."""

    report: Report
    recorded: Recorded | None = None
    """None where it wasn't written down."""
    notice: str = ""
    """What somebody should know of the record."""


class Keeper:
    """Knows from look to look what is recorded, and writes looks down where that is its task."""

    def __init__(self, named: Path | None, *, writes: bool) -> None:
        """Take where the record is, and whether to write.

        Args:
            named: the file that a user names; None for the usual one.
            writes: whether looks are written down, or only read.
        """
        self._named, self._writes = named, writes
        self._history: History | None = None

    def kept(self, report: Report, location: Location) -> Kept:
        """Return a look with what is recorded; where that can't be had, the look alone, and why."""
        try:
            if not self._writes:
                return Kept(report=with_record(report, standing_in(location, self._named)))
            self._history = self._history or history_of(location, self._named)
            recorded = record(self._history, location, report)
        except Trouble as error:
            return Kept(report=report, notice=f"not recorded: {error}" if self._writes else str(error))
        notice, self._history.notice = self._history.notice, ""
        return Kept(report=with_record(report, recorded.standing), recorded=recorded, notice=notice)


def record(history: History, location: Location, report: Report) -> Recorded:
    """Write a look down, whole or not at all; what changed since the one before.

    Raises:
        Trouble: it can't be written, or isn't one that can be held against the one before.
    """
    if report.partial or report.chosen or report.gated:
        raise Trouble("the record is of the whole store, and this report is of a part of it")
    return history.transact(lambda book: _recorded(book, location, report))


def _recorded(book: Book, location: Location, report: Report) -> Recorded:
    before = standing(book, location)
    last = book.last_look()
    _see_that_it_is_later(last, report)
    book.note("root", root_text(location))
    if book.fact("name") is None:
        book.note("name", os.urandom(8).hex())
    _note_fixes(book, location)
    since = min((episode.last for episode in before), default=report.now)
    repairs = list(map(repair_of, book.repairs(iso(since))))
    followed = follow(before, report, lambda key: closed_of(book, key), repairs)
    complete = report.complete
    number = book.add_look(iso(report.now), complete=complete, incidents=len(report.incidents))
    numbers = _written(book, followed.episodes)
    for transition in followed.transitions:
        book.add_change(_change(transition, number, numbers[transition.episode.key]))
    book.forget(iso(report.now - AGE))
    return Recorded(
        number=number,
        before=tuple(before),
        transitions=followed.transitions,
        standing=tuple(standing(book, location)),
        is_first=last is None,
    )


def compared(history: History, location: Location, report: Report) -> Recorded:
    """Return what a look would change in the record, which stays as it is.

    Raises:
        Trouble: the record can't be read.
    """
    return history.read(lambda book: _compared(book, location, report)) or _first(report)


def _compared(book: Book, location: Location, report: Report) -> Recorded | None:
    """Return what a look would change; None where none is recorded."""
    last = book.last_look()
    if last is None:
        return None
    before = standing(book, location)
    followed = follow(before, report, lambda key: closed_of(book, key))
    return Recorded(number=last["id"], before=tuple(before), transitions=followed.transitions, standing=tuple(before))


def _first(report: Report) -> Recorded:
    """Return what a look would change where none is recorded."""
    followed = follow((), report, lambda _: ())
    return Recorded(number=0, before=(), transitions=followed.transitions, standing=(), is_first=True)


def _see_that_it_is_later(last: Row | None, report: Report) -> None:
    """See that a look isn't older than the one before.

    Raises:
        Trouble: it is.
    """
    if last is not None and iso(report.now) < last["at"]:
        raise Trouble(f"the last look in the record is of {last['at']}, and this one of {iso(report.now)}, before it")


def _written(book: Book, episodes: tuple[Episode, ...]) -> dict[tuple[str | None, str | None], int]:
    """Write incidents down; their numbers by what they are about."""
    known = [episode for episode in episodes if episode.id]
    book.renew_episodes((episode.id, row_of(episode)) for episode in known)
    numbers = {episode.key: episode.id for episode in known}
    for episode in episodes:
        if not episode.id:
            numbers[episode.key] = book.add_episode(row_of(episode))
    return numbers


def _change(transition: Transition, look: int, number: int) -> dict[str, object]:
    """Return the row of a transition."""
    episode = transition.episode
    return {
        "look": look,
        "episode": number,
        "kind": transition.kind.value,
        "at": iso(transition.at),
        "title": episode.title,
        "owner": episode.owner,
        "severity": episode.severity,
        "headline": episode.headline,
        "was": transition.was,
        "fingerprint": episode.fingerprint,
        "message": episode.message,
        "looks": episode.looks,
        "repair": episode.repair,
    }


def _note_fixes(book: Book, location: Location) -> None:
    """Write down the fixes that were made since the look before, by whomever."""
    known = {row["name"] for row in book.repairs()}
    for repair in _fixes(location, known):
        book.add_repair(repair.name, iso(repair.at), repair.about)


def _fixes(location: Location, known: set[str]) -> Iterator[Repair]:
    """Yield the fixes that can be undone and aren't known; those whose record can't be read are left out."""
    if not (fix_folder(location) / "undo").is_dir():
        return
    from taskcheck.write.disk import Obstacle
    from taskcheck.write.folder import OwnFolder
    from taskcheck.write.journal import Journals

    journals = Journals(location.root, OwnFolder(*own_folder(location)))
    try:
        names = journals.records()[:MOST_FIXES]
    except (Obstacle, OSError):
        return
    for name in names:
        repair = None if name in known else _fix(journals, name)
        if repair is not None:
            yield repair


def _fix(journals: "Journals", name: str) -> Repair | None:
    """Return a fix by its name; None where its record can't be read, or is that of an undoing."""
    from taskcheck.write.journal import JournalError

    try:
        journal = journals.load(f"undo/{name}.json")
    except JournalError:
        return None
    at = timestamp(journal.at)
    if at is None or journal.undoes is not None:
        return None
    about = []
    for fix in journal.fixes:
        subject = fix.get("task") or fix.get("manager") or REPOSITORY
        about.append((plain(str(fix.get("rule"))), plain(str(subject))))
    return Repair(name=name, at=at, about=tuple(about))
