"""Writes a plan, all of it or nothing, whatever happens in between; the only writer of the repository's files.

The order is what makes it safe. Everything that is to be written is in a journal in the checkout's git folder
before the first file is touched; new contents lie beside their targets, on disk, before the journal's name says that
they are to be put in place; renaming the journal is the commit point. Killed before it, nothing has happened; killed
after it, whoever comes next finishes from the journal.

    pending.json     the journal while new contents are laid beside their targets
    committed.json   the same file, renamed: from here on, the fix happens
    undo/ID.json     the same file, once it has happened
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from taskcheck.write import COMMITTED, PENDING
from taskcheck.write.disk import Moved, Obstacle
from taskcheck.write.journal import Journal, Journals
from taskcheck.write.work import Work

TRIES = 5
"""How often a recovery looks anew because somebody wrote while it went on."""


class Aborted(Exception):
    """Nothing was changed; the message says why."""


class Overtaken(Aborted):
    """Somebody wrote one of the files since it was read: worth another try."""


def commit(journals: Journals, journal: Journal) -> None:
    """Write all files of a journal, or none; the journals are held.

    What is removed goes last: who looks meanwhile finds a row that moves in two files, never in none.

    Raises:
        Aborted: nothing was changed.
    """
    files = sorted(journal.files, key=lambda file: file.after is None)
    work = Work(journals, replace(journal, files=tuple(files)))
    try:
        known = work.begin()
        work.stage(known)
    except BaseException as error:
        raise _aborted(error, work.withdraw) from error
    try:
        work.decide()
        work.apply(known)
    except BaseException as error:
        raise _aborted(error, work.back) from error
    with suppress(OSError):  # all is written; the next repair or undo files its record
        work.finish()


def _aborted(error: BaseException, clear: Callable[[], None]) -> BaseException:
    """What a failed commit raises, once everything is as before; an interrupt stays one."""
    left = ""
    try:
        clear()
    except (OSError, Obstacle) as again:
        left = f"; what it left ({again}) is cleared by the next --fix or undo"
    if isinstance(error, OSError) and not isinstance(error, FileExistsError):
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return Aborted(f"{where}{error.strerror}{left}")
    if isinstance(error, Moved | FileExistsError) and not left:
        return Overtaken(str(error))
    return Aborted(f"{error}{left}") if isinstance(error, Obstacle) else error


def recover(journals: Journals) -> str | None:
    """Finish a fix that was interrupted, or take it back; what was done, in words. The journals are held.

    A fix that had been decided on is finished, unless somebody has written one of its files since, before its turn
    had come: then it is taken back. What somebody else has written is never touched. Managers' locks are the caller's.

    Raises:
        JournalError: the journal can't be read.
        Moved: somebody writes the files all the time.
        OSError: it can't be done now; it can be tried again.
    """
    _remove_unfinished(journals)
    if journals.folder.has(PENDING):
        work = Work(journals, journals.load(PENDING))
        work.withdraw()
        return f"fix {work.journal.id} had changed nothing yet; its traces were removed"
    if not journals.folder.has(COMMITTED):
        return None
    return _carry_through(Work(journals, journals.load(COMMITTED)))


def _remove_unfinished(journals: Journals) -> None:
    """Remove the journals that weren't written to their end."""
    for name in journals.folder.names():
        if name.endswith(".new"):
            with journals.folder.target(name) as at:
                at.remove()


def _carry_through(work: Work) -> str:
    """Finish a fix that had been decided on, or take it back; what was done, in words.

    Raises:
        Moved: somebody writes the files all the time.
    """
    for more in reversed(range(TRIES)):
        seen = work.look()
        if work.lost(seen):
            work.back()
            return f"fix {work.journal.id} was undone, because another process wrote {work.of_others(seen)}"
        try:
            work.forward(seen)
        except Moved:
            if not more:
                raise
            continue
        break
    work.finish()
    return f"fix {work.journal.id} was finished"


def undo(journals: Journals, name: str) -> Journal:
    """Give every file of a fix the bytes, mode and time that it had before; the journal of the undoing.

    Raises:
        Aborted: somebody wrote one of them since; nothing was changed.
        JournalError: there is no record of such a fix.
    """
    done = journals.load(f"undo/{name}.json")
    files = tuple(file.reversed() for file in done.files)
    journal = Journal(id=f"{name}.undo", at=done.at, files=files, fixes=done.fixes, undoes=name)
    commit(journals, journal)
    return journal
