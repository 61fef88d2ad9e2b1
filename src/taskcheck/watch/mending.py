"""Makes the safe repairs between two looks, and holds back where somebody undoes them again and again."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from taskcheck.config.load import ConfigError
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import iso
from taskcheck.fix import repair
from taskcheck.fix.transaction import TROUBLE, in_words, open_journals
from taskcheck.formats.sanitize import visible
from taskcheck.formats.view import times
from taskcheck.model.episode import Repair
from taskcheck.model.finding import REPOSITORY, Finding, Safety
from taskcheck.model.report import Report
from taskcheck.read.recorded import repair_of
from taskcheck.read.runner import GitError
from taskcheck.store import Request, Store, UsageError, Where, open_store
from taskcheck.watch.looks import Sight
from taskcheck.write.book import Book
from taskcheck.write.history import History, Trouble

MEMORY = timedelta(days=1)
"""Fixes of the same finding within this time count as a fight."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""For how long a finding isn't repaired again that came back after a fix; twice as long after each further one."""

Pair = tuple[str, str]
"""Rule and subject of a finding."""


@frozen
class Pause:
    """Why a finding isn't repaired again yet."""

    fixes: int
    """How often it was, within a day."""
    last: str
    """The last fix, as `taskcheck undo` takes it."""
    until: datetime


class Mender:
    """Repairs what a look found, at most once for each state of the store."""

    def __init__(self, where: Where, history: History, say: Callable[[str], None], complain: Callable[[str], None]):
        """Take what to mend.

        Args:
            where: the store.
            history: the record of its looks.
            say: is told what was repaired.
            complain: is told what couldn't be, and what isn't repaired again yet.
        """
        self._where, self._history, self._say, self._complain = where, history, say, complain
        self._tried: object = None
        self._told: dict[Pair, datetime] = {}
        self.repairs = 0
        """Findings that were repaired."""

    def mend(self, sight: Sight) -> None:
        """Repair what a look found that can be repaired safely, if it was recorded and isn't as it was the last time.

        Where a fix was interrupted, it is seen to first.
        """
        report = sight.report
        if report is None or sight.recorded is None or sight.says == self._tried:
            return
        self._tried = sight.says
        try:
            store = open_store(self._where)
            if any(error.where == "fix" for error in report.errors):
                self._recover(store)
                return
            wanted = self._wanted(report)
            if wanted:
                self._repair(store, wanted)
        except (ConfigError, GitError, NotADirectoryError, Trouble, UsageError) as error:
            self._complain(f"--fix: {error}")

    def _recover(self, store: Store) -> None:
        """Finish a fix that was interrupted, or take it back."""
        try:
            with open_journals(store) as (_, recovered):
                self._say(f"recovered: {visible(recovered or 'nothing', None)}")
        except TROUBLE as error:
            self._complain(f"--fix: {in_words(error, store)}")
            self._tried = None

    def _wanted(self, report: Report) -> tuple[str, ...]:
        """Return the subjects that are to be repaired: those with a safe fix, none of which is paused."""
        found = pairs(report)
        if not found:
            return ()
        made = self._history.read(lambda book: _made(book, report.now)) or []
        subjects = []
        for subject, mine in found.items():
            held = [(pair, pause) for pair in mine if (pause := paused(pair, made, report.now)) is not None]
            for pair, pause in held:
                self._tell_pause(pair, pause)
                self._tried = None  # It ends without a change of the store.
            if not held and subject != REPOSITORY:
                subjects.append(subject)
        return tuple(subjects)

    def _tell_pause(self, pair: Pair, pause: Pause) -> None:
        """Say once why a finding isn't repaired again, and until when."""
        if self._told.get(pair) == pause.until:
            return
        self._told[pair] = pause.until
        rule, subject = pair
        self._complain(
            f"{subject}: {rule} came back after fix {pause.last}, repaired {times(pause.fixes)} "
            f"within a day: another program writes it too; not fixed again before {iso(pause.until)}"
        )

    def _repair(self, store: Store, subjects: tuple[str, ...]) -> None:
        report, _ = repair.fix(store, Request(only=subjects, gone=True), repair.Order(safety=Safety.SAFE))
        for note in report.fixes:
            if note.applied:
                self.repairs += 1
                self._say(f"repaired: {visible(note.subject, None)}: {note.rule}: fix {report.undo}")
        for error in report.errors:
            self._complain(f"{error.where}: {error.message}")
        if report.undo is None:
            self._tried = None  # Nothing was written: what kept it from that may be over at the next look.


def pairs(report: Report) -> dict[str, list[Pair]]:
    """Return rule and subject of the findings that have a safe fix, by the subject of their incidents."""
    found: dict[str, list[Pair]] = {}
    for incident in report.incidents:
        mine = [(finding.rule, _subject(finding)) for finding in incident.findings if _is_safe(finding)]
        if mine:
            found[incident.subject] = mine
    return found


def _is_safe(finding: Finding) -> bool:
    """Return whether a finding has a safe fix in root."""
    fix = finding.fix
    return fix is not None and fix.safety is Safety.SAFE and finding.place.checkout == "root"


def _subject(finding: Finding) -> str:
    """Return what a fix of a finding says that it is about."""
    return finding.task or finding.manager or REPOSITORY


def paused(pair: Pair, made: Iterable[Repair], now: datetime) -> Pause | None:
    """Return why a finding isn't repaired again yet; None where it may be.

    Args:
        pair: its rule and subject.
        made: the fixes that were made lately, in order.
        now: the time.

    Example:
        One fix ten seconds ago: not within the minute after it. Three fixes: not within four minutes after the third.
    """
    mine = [fix for fix in made if pair in fix.about]
    if not mine:
        return None
    pause = min(FIRST_PAUSE * 2 ** min(len(mine) - 1, 20), LONGEST_PAUSE)
    until = mine[-1].at + pause
    return Pause(len(mine), mine[-1].name, until) if now < until else None


def _made(book: Book, now: datetime) -> list[Repair]:
    """Return the fixes that were made lately."""
    return list(_repairs(book, now))


def _repairs(book: Book, now: datetime) -> Iterator[Repair]:
    for row in book.repairs(iso(now - MEMORY)):
        yield repair_of(row)
