"""Tells a command what looks changed: each look at least once, in order, one at a time, until the command takes it.

A notice is due from the transaction that records its look, and done by one that notes its number. So who is killed
between the end of the command and that note repeats one notice, by the same id.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from taskcheck.documents.frozen import frozen
from taskcheck.formats import notice
from taskcheck.read.locate import Location
from taskcheck.read.recorded import change_of, root_text, see_that_it_is_of
from taskcheck.write.book import Book
from taskcheck.write.history import History, Trouble
from taskcheck.write.locks import Held

LIMIT = 60.0
"""Seconds that the command may take for one notice."""

GRACE = 5.0
"""Seconds that it gets to end when the watch is to end."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds until a notice is tried again that the command didn't take; twice as long each time."""

DONE = "delivered"
"""The number of the last look whose notice is done, among the facts of the record."""


@frozen(kw_only=True)
class Notice:
    """What is to be told of a look."""

    look: int
    text: str


class Deliverer:
    """Tells a command what is due; `tick` is called again and again, and never waits."""

    def __init__(
        self, command: Sequence[str], history: History, location: Location, complain: Callable[[str], None]
    ) -> None:
        """Take whom to tell what.

        Args:
            command: the program, by its whole path, and its arguments.
            history: the record of the looks.
            location: of the store.
            complain: is told what somebody should know.
        """
        self._command = list(command)
        self._history, self._location, self._complain = history, location, complain
        self._running: _Running | None = None
        self._taken: int | None = None
        self._failures = 0
        self._not_before = 0.0

    def begin(self) -> None:
        """See that there is a place from which on looks are told: the last one, where none was told before.

        Raises:
            Trouble: the record can't be written.
        """
        self._history.transact(self._begun)

    def tick(self, *, news: bool) -> None:
        """Go on telling: end a command that is done or takes too long, and begin the next.

        Args:
            news: whether there may be something to tell that wasn't there the last time.
        """
        if self._running is not None:
            self._see_to(self._running)
        if self._taken is not None:
            self._note(self._taken)
        if news and not self._failures:
            self._not_before = 0.0
        is_idle = self._running is None and self._taken is None
        if is_idle and time.monotonic() >= self._not_before:
            self._begin_next()

    def close(self) -> None:
        """Give a command that runs a little time to end; else it is ended, and its notice is due again."""
        until = time.monotonic() + GRACE
        while self._running is not None and time.monotonic() < until:
            time.sleep(0.02)
            self._see_to(self._running)
        if self._running is not None:
            self._running.end()
            self._running = None
        if self._taken is not None:
            self._note(self._taken)

    def _begun(self, book: Book) -> None:
        see_that_it_is_of(book, self._location)
        if book.fact(DONE) is None:
            last = book.last_look()
            book.note(DONE, str(last["id"]) if last is not None else "0")

    def _begin_next(self) -> None:
        """Begin to tell what is due; nothing where nothing is, or the command still runs for one who was killed."""
        self._not_before = time.monotonic() + LONGEST_PAUSE
        try:
            due = self._history.read(self._next)
            if due is None:
                return
            self._running = _Running(due, self._command, self._history)
        except Held:
            self._not_before = time.monotonic() + 1
        except Trouble as error:
            self._put_off(str(error))
        except OSError as error:
            self._put_off(f"{self._command[0]}: {error.strerror}")

    def _next(self, book: Book) -> Notice | None:
        """Return what is due first; None where nothing is."""
        look = book.next_changed(int(book.fact(DONE) or 0))
        if look is None:
            return None
        changes = [change_of(row) for row in book.changes_of(look)]
        name = f"{book.fact('name')}-{look}"
        return Notice(look=look, text=notice.render(name, root_text(self._location), changes))

    def _see_to(self, running: "_Running") -> None:
        """See whether the command is done, or has taken too long."""
        code = running.code
        if code is None and not running.is_late:
            return
        running.end()
        self._running = None
        if code == 0:
            self._taken = running.notice.look
        else:
            self._put_off(f"takes longer than {LIMIT:.0f} seconds" if code is None else f"exit code {code}")

    def _note(self, look: int) -> None:
        """Note that a look's notice is done."""
        try:
            self._history.transact(lambda book: book.note(DONE, str(look)))
        except Trouble as error:
            if time.monotonic() >= self._not_before:
                self._put_off(f"done, but that can't be noted: {error}")
            return
        self._taken, self._failures, self._not_before = None, 0, 0.0

    def _put_off(self, why: str) -> None:
        """Try again later."""
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 20)
        self._not_before = time.monotonic() + pause
        self._complain(f"--on-change: {why}; tried again in {pause:.0f} seconds")


class _Running:
    """A command that is being told.

    It holds a lock of the record as long as it lives, so that one who was killed and comes again doesn't tell the same
    to a second one meanwhile; no longer than it might have run, for what it leaves behind holds that lock, too.
    """

    def __init__(self, due: Notice, command: Sequence[str], history: History) -> None:
        """Start it.

        Raises:
            Held: the command of a watch that was killed still runs.
            OSError: it can't be started.
            Trouble: the lock can't be had.
        """
        self.notice = due
        with ExitStack() as stack:
            lock = stack.enter_context(history.alone("notice"))
            given = stack.enter_context(tempfile.TemporaryFile())
            given.write(due.text.encode())
            given.seek(0)
            self._process = subprocess.Popen(
                list(command), stdin=given, stdout=2, pass_fds=(lock,), start_new_session=True
            )
        self._until = time.monotonic() + LIMIT

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    @property
    def is_late(self) -> bool:
        """Whether it has taken longer than it may."""
        return time.monotonic() > self._until

    def end(self) -> None:
        """End it, and all that it has started and is still there."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
