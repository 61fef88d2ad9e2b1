"""What runtime ledgers and front matter say happened to a task, each with its source; in no order."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from taskcheck.assemble.signs import front_stamps
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import has_zone, phrase
from taskcheck.model.runtime import DispatchLog, Entry, Row, Signal, Tombstone
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Place, Task
from taskcheck.model.timeline import Event

WORDS = {
    "created": "task written",
    "started": "work begins",
    "completed": "work completed",
    "updated": "file updated",
    "claimed": "claimed",
    "blocked": "blocked",
}
"""What the times of front matter mean, by the first word of their keys."""

DAY = len("2026-03-24")


@frozen
class EventReader:
    """Reads what a state says of one task."""

    state: State
    task: str

    def events(self) -> Iterator[Event]:
        """Yield what front matter, registers, tombstone, log, heartbeats, reviews and markers say."""
        yield from self._front_matter()
        for entry in self.state.entries_of(self.task):
            yield from self._registered(entry)
        run = self.state.dispatch_of(self.task)
        if run is not None and run.tombstone is not None:
            yield from self._ended(run.tombstone)
        if run is not None and run.log is not None:
            yield _logged(run.log)
        yield from self._seen_by_managers()
        yield from map(self._signalled, filter(self._is_about, self.state.signals))
        yield from self._undated()

    def _is_about(self, signal: Signal) -> bool:
        return signal.task == self.task

    def _front_matter(self) -> Iterator[Event]:
        """Yield the times of root's file, and those that the own copy has otherwise."""
        root = self.state.tasks.get(self.task)
        if root is not None:
            for key, value, at in front_stamps(root):
                yield _written(root, key, value, at, "root")
        copy = self.state.own_copy_of(self.task)
        if copy is None:
            return
        known = root.front if root is not None else {}
        for key, value, at in front_stamps(copy.task):
            if known.get(key) != value:
                yield _written(copy.task, key, value, at, copy.checkout.name.partition(":")[0])

    def _registered(self, entry: Entry) -> Iterator[Event]:
        """Yield what a register's entry says of a run."""
        registered = f"registered by {entry.manager}{self._elsewhere(entry)}"
        launched = f"worker launched{_process(entry.pid, entry.host)}"
        told = (
            ("registered_at", entry.registered_at, registered),
            ("launched_at", entry.launched_at, launched),
            ("started_at", entry.started_at, launched),
        )
        if entry.last_sign is None:
            yield Event(what=registered, source="register", at=None, place=entry.place)
        for place in entry.places:
            yield from self._dated(told, "register", place)

    def _elsewhere(self, entry: Entry) -> str:
        """Return which worktree an entry names, where that isn't the task's own."""
        own = self.state.checkout_of(self.task)
        if entry.worktree_path is None or (own is not None and own.path == entry.worktree_path):
            return ""
        return f" in {entry.worktree_path}"

    def _ended(self, tombstone: Tombstone) -> Iterator[Event]:
        """Yield what the tombstone says of the run, from its begin to its end."""
        told = (
            ("started_at", tombstone.started_at, f"run begins{_process(tombstone.pid, tombstone.host)}"),
            ("heartbeat_at", tombstone.heartbeat_at, "last sign of the worker"),
            ("ended_at", tombstone.ended_at, _end(tombstone)),
        )
        yield from self._dated(told, "tombstone", tombstone.written_in)
        if tombstone.state == "ended" and tombstone.ended_at is None:
            yield Event(what=_end(tombstone), source="tombstone", at=None, place=tombstone.written_in)

    def _seen_by_managers(self) -> Iterator[Event]:
        """Yield what the newest heartbeat of each manager says of the task."""
        if isinstance(self.state.rows, Unavailable):
            return
        heard = {manager.key: manager.heard_at for manager in self.state.known_managers}
        for row in self.state.rows.of(self.task):
            at = heard.get(row.manager)
            yield Event(what=_seen(row), source=f"heartbeat of {row.manager}", at=at, place=row.place)

    def _signalled(self, signal: Signal) -> Event:
        """Return a raw signal; one without a time is as old as the heartbeat that has it."""
        return Event(
            what=f"{signal.kind}{phrase(' (', signal.level, ')')}{phrase(': ', signal.detail)}",
            source=f"heartbeat of {signal.manager}",
            at=signal.at or signal.heard_at,
            place=signal.place,
            doubt=self._refuted(signal),
        )

    def _refuted(self, signal: Signal) -> str:
        """Return which file says otherwise than a signal; empty where none does."""
        if isinstance(self.state.copies, Unavailable):
            return ""
        file = self.state.copies.refute(signal, self.state.tasks.get(self.task))
        return f"refuted: {file.place.checkout.partition(':')[0]} says {file.status}" if file is not None else ""

    def _undated(self) -> Iterator[Event]:
        """Yield what lies about without saying since when: a review, marker files."""
        review = self.state.reviews.get(self.task)
        if review is not None:
            yield Event(what="a review is there", source="reviews", at=None, place=review)
        for marker in self.state.markers.get(self.task, ()):
            yield Event(what=f"marked as {marker.says}", source="marker", at=None, place=marker.place)

    def _dated(self, told: Iterable[tuple[str, datetime | None, str]], source: str, place: Place) -> Iterator[Event]:
        """Yield what a record says, in the order in which it has to have happened; an earlier time is doubted."""
        last: tuple[str, datetime] | None = None
        for key, at, what in told:
            if at is None:
                continue
            written = self._value(place.at(key))
            doubt = zone_doubt(written) if isinstance(written, str) else ""
            if last is not None and at < last[1]:
                doubt = f"earlier than {last[0]}"
            yield Event(what=what, source=source, at=at, place=place.at(key), doubt=doubt)
            last = key, at

    def _value(self, place: Place) -> object:
        """Return what is written at a place of a ledger; None where that isn't known any more."""
        document = self.state.documents.get((place.checkout, place.path))
        value: object = document.values if document is not None else None
        for step in place.route:
            value = _below(value, step)
        return value


def zone_doubt(written: str) -> str:
    """Return why the zone of a time isn't known; empty where it is written."""
    if has_zone(written):
        return ""
    if len(written) <= DAY:
        return "a day without a time"
    return "no zone is written: taken for UTC"


def _below(value: object, step: str) -> object:
    """Return what lies one step of a route further; None where nothing does."""
    if isinstance(value, tuple | list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
    get = getattr(value, "get", None)
    return get(step) if get is not None else None


def _written(task: Task, key: str, value: str, at: datetime, source: str) -> Event:
    """Return a time of front matter as what it means."""
    return Event(what=_meaning(task, key), source=source, at=at, place=task.place.at(key), doubt=zone_doubt(value))


def _meaning(task: Task, key: str) -> str:
    """Return what a time of front matter means, in words; its key where nobody knows."""
    if key == task.keys.get("pr_created_at", "pr_created_at"):
        pull = task.pull_request
        number = pull.known_number if pull is not None else None
        return f"pull request{phrase(' #', number)} opened"
    first = key.lower().replace("-", "_").partition("_")[0]
    return WORDS.get(first, key)


def _process(pid: int | None, host: str | None) -> str:
    """Return which process it is, in words, after a comma; empty where that isn't recorded."""
    return f"{phrase(', process ', pid)}{phrase(' on ', host)}"


def _end(tombstone: Tombstone) -> str:
    """Return how a run ended, in words."""
    outcome = tombstone.outcome or "no outcome recorded"
    code = phrase(", exit code ", tombstone.exit_code)
    return f"run ends: {outcome}{code}{phrase(', ', tombstone.reason)}"


def _logged(log: DispatchLog) -> Event:
    """Return what a log says: how the worker exited, or that it was written."""
    what = "log last written" if log.exit_code is None else f"worker exits with {log.exit_code}"
    return Event(what=what, source="log", at=log.mtime, place=log.place)


def _seen(row: Row) -> str:
    """Return what a heartbeat's row says, in words."""
    registered = {True: ", registered", False: ", not registered", None: ""}[row.registered]
    return f"seen{phrase(' as ', row.status)}{registered}{phrase(', dispatch ', row.dispatch_state)}"
