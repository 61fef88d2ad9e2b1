"""Looks at all stores of a fleet: once; or again and again, each when a ledger of it changes or some time passes."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event, Thread

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.fleet import Member
from taskcheck.read.folders import Folders
from taskcheck.watch.fleet.asked import Asked, Came, came as came_of
from taskcheck.watch.fleet.members import with_folder, with_report
from taskcheck.watch.fleet.pool import GRACE, Pool, Process, Worker
from taskcheck.watch.looks import AGAIN, INTERVAL, REST, TICK, changes_in

BETWEEN = 1.0
"""The least seconds between two beginnings to watch."""


LOOKER = Worker(
    module="taskcheck.watch.fleet.worker",
    read=came_of,
    failed=lambda why: Came(trouble=why, code=3),
)

Ask = Callable[[Member], Asked | None]
"""Says what is asked of a store; None where it isn't to be looked at now."""


@frozen(kw_only=True)
class Seen:
    """A store of a fleet after a look at it."""

    member: Member
    said: tuple[str, ...] = ()
    """What became of incidents, and what was repaired, in lines."""
    complaints: tuple[str, ...] = ()
    """What somebody should know of it."""
    repairs: int = 0
    """Findings that were repaired since the process that looks began."""


class _Turn:
    """When a store is looked at next."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.due = 0.0
        self.earliest = 0.0
        self.is_busy = False
        self.is_changed = False
        self.folders: Folders = frozenset()
        self.home: Process[int, Came] | None = None
        self.stamp: tuple[int, ...] = ()
        """What told the folder, or the report, from another one when it was last looked at."""

    def is_due(self, now: float) -> bool:
        """Return whether it is to be looked at now."""
        if self.is_busy:
            return False
        return now >= (self.earliest if self.is_changed else max(self.earliest, self.due))


class Rounds:
    """Looks at the stores of a fleet, in a few processes; what other machines report is read here."""

    def __init__(
        self, fleet: Iterable[Member], ask: Callable[[Member], Asked | None], *, patience: float = GRACE
    ) -> None:
        """Take what to look at.

        Args:
            fleet: the stores.
            ask: says what is asked of each; None where it isn't to be looked at now.
            patience: seconds that a look gets to end when all is to end.
        """
        self.members = list(fleet)
        self._ask, self._patience = ask, patience
        self._turns = [_Turn(member) for member in self.members]
        self._pool: Pool[int, Came] = Pool(max(1, sum(not member.is_received for member in self.members)), LOOKER)
        self._unwatched: set[int] = set()
        """Stores of which not all folders are known to be watched yet."""

    def once(self) -> Iterator[Seen]:
        """Yield each store when it has been looked at."""
        try:
            waiting = list(range(len(self._turns)))
            while waiting or self._pool.busy:
                while waiting and (self._turns[waiting[0]].member.is_received or self._pool.has_room()):
                    yield from self._begin(waiting.pop(0))
                yield from self._ended(TICK)
        finally:
            self._pool.close(self._patience)

    def again(self, stop: Event) -> Iterator[Seen | None]:
        """Yield each store whenever it has been looked at, until it is to stop; None while there is nothing new."""
        changes = _Changes(stop)
        try:
            while not stop.is_set():
                changed = changes.taken()
                self._see_to_watched(changes)
                for at, turn in enumerate(self._turns):
                    is_written = any(path in changed for path, _ in turn.folders)
                    turn.is_changed = turn.is_changed or is_written or self._is_another(turn)
                    if turn.is_due(time.monotonic()) and self._has_room(turn):
                        yield from self._begin(at)
                found = list(self._ended(TICK if self._pool.busy else 0))
                yield from found
                if not found:
                    yield None
                    if not self._pool.busy:
                        stop.wait(TICK)
        finally:
            changes.close()
            self._pool.close(self._patience)

    def _see_to_watched(self, changes: "_Changes") -> None:
        """Have all folders watched; what was written before one was is seen by looking again."""
        for at in [at for at in self._unwatched if self._turns[at].folders <= changes.watched]:
            self._unwatched.remove(at)
            self._turns[at].due = 0
        if self._unwatched:
            changes.watch(frozenset().union(*(turn.folders for turn in self._turns)))

    def _has_room(self, turn: _Turn) -> bool:
        return turn.member.is_received or self._pool.has_room(turn.home)

    def _is_another(self, turn: _Turn) -> bool:
        """Return whether the folder, or the report, is another one than the one that was looked at."""
        return not turn.is_busy and _stamp(turn.member) != turn.stamp

    def _begin(self, at: int) -> Iterator[Seen]:
        """Begin to look at a store; what a report says is known at once."""
        turn = self._turns[at]
        turn.is_changed = False
        turn.stamp = _stamp(turn.member)
        if turn.member.is_received:
            self._keep(at, with_report(turn.member), INTERVAL)
            yield Seen(member=turn.member)
            return
        asked = self._ask(turn.member)
        if asked is None:
            turn.earliest = time.monotonic() + AGAIN
            return
        turn.is_busy = True
        process = self._pool.begin(at, asked, turn.home)
        turn.home = process if asked.fixes else None

    def _ended(self, seconds: float) -> Iterator[Seen]:
        """Yield the stores at which looks have ended, waiting so long at the most."""
        for at, came in self._pool.wait(seconds):
            turn = self._turns[at]
            turn.is_busy = False
            folders = frozenset(came.folders)
            if folders and folders != turn.folders:
                turn.folders = folders
                self._unwatched.add(at)
            interval = came.interval if came.report is not None else AGAIN
            self._keep(at, _with(turn.member, came), interval, came.took)
            yield Seen(member=turn.member, said=came.said, complaints=came.complaints, repairs=came.repairs)

    def _keep(self, at: int, member: Member, interval: float, took: float = 0.0) -> None:
        """Take a store as it is now, and say when it is looked at next."""
        turn = self._turns[at]
        now = time.monotonic()
        turn.member = self.members[at] = member
        turn.earliest = now + max(REST, 2 * took)
        turn.due = now + interval


def _stamp(member: Member) -> tuple[int, ...]:
    """Return what tells a store's folder, or its report, from another one; nothing where it isn't there."""
    try:
        found = Path(member.where).stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns) if member.is_received else (found.st_ino,)


def _with(member: Member, came: Came) -> Member:
    """Return a store after a look; where that brought no report, the last one goes on to be shown."""
    from taskcheck.report.received import received

    seen = replace(member, trouble=came.trouble, code=came.code, took=came.took, looks=member.looks + 1)
    if came.report is None:
        return seen
    report = with_folder(received(came.report, is_foreign=False), member.where)
    return replace(seen, report=report, told=came.report)


class _Changes:
    """Tells in which folders something was written, from a thread of its own: to wait for that would hold up looks."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._ends = Event()
        self._wanted: Folders = frozenset()
        self._not_before = 0.0
        self._found: list[frozenset[str]] = []
        self.watched: Folders = frozenset()
        """The folders that are watched by now."""

    def taken(self) -> frozenset[str]:
        """Return the folders in which something was written since the last time."""
        found, self._found = self._found, []
        return frozenset().union(*found)

    def watch(self, folders: Folders) -> None:
        """Begin to watch some folders, and no others; not too often, for there may be thousands."""
        now = time.monotonic()
        if folders == self._wanted or now < self._not_before:
            return
        before, self._ends = self._ends, Event()
        self._wanted, self._not_before = folders, now + BETWEEN
        Thread(target=self._look, args=(folders, self._ends, before), name="changes", daemon=True).start()

    def close(self) -> None:
        """Watch no longer."""
        self._ends.set()

    def _look(self, folders: Folders, ends: Event, before: Event) -> None:
        """Take down what changes; who watched before goes on until this one has begun."""
        for changed in changes_in(folders, ends):
            if not before.is_set():
                before.set()
                self.watched = folders
            if changed:
                self._found.append(changed)
            if ends.is_set() or self._stop.is_set():
                return
