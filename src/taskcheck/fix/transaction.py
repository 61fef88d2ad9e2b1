"""Look, then write all of it or nothing, under every lock that is to be held."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import iso
from taskcheck.model.plan import Plan
from taskcheck.model.report import Report
from taskcheck.model.sources import Sources
from taskcheck.model.state import State
from taskcheck.read.answers import changed
from taskcheck.read.locate import fix_folder, own_folder
from taskcheck.store import Store, UsageError
from taskcheck.write.commit import (
    Aborted,
    Overtaken,
    commit,
    recover,
)
from taskcheck.write.disk import (
    Moved,
    Obstacle,
    resolved,
    target,
)
from taskcheck.write.folder import OwnFolder
from taskcheck.write.journal import (
    Journal,
    JournalError,
    Journals,
    Written,
)
from taskcheck.write.locks import PATIENCE, Held, locked

TRIES = 5
"""How often a plan is made anew because somebody wrote while it was made."""

TROUBLE = (Held, JournalError, Obstacle, OSError)
"""What keeps a transaction from being begun; `told` says it in words."""


@frozen
class Planned:
    """A plan, and the sources that it rests on."""

    sources: Sources
    state: State
    report: Report
    """What was found before."""
    plan: Plan


def journals_of(store: Store) -> Journals:
    """Return the journals, where what is written is written down first.

    Raises:
        UsageError: the platform is one on which nothing is written.
    """
    if sys.platform == "win32":
        raise UsageError("on Windows taskcheck checks, but doesn't write: repair on Linux or macOS")
    return Journals(store.location.root, OwnFolder(*own_folder(store.location)))


@contextmanager
def open_journals(store: Store, patience: float = PATIENCE) -> Iterator[tuple[Journals, str | None]]:
    """Hold the journals alone, with what was interrupted seen to first, in words.

    That is done under the locks of the managers whose files it was about.

    Raises:
        UsageError: as `journals_of`.
        Held, JournalError, Obstacle, OSError: it can't be begun; nothing was changed.
    """
    journals = journals_of(store)
    with journals.opened(patience):
        left = journals.decided()
        with manager_locks(store, (file.path for file in left.files) if left else ()):
            recovered = recover(journals)
        yield journals, recovered


def carry_out(
    store: Store, journals: Journals, look: Callable[[], Planned], seen: Planned | None = None, *, kept: bool = True
) -> tuple[Planned, Journal | None]:
    """Plan and write; what was planned, and what was written, if anything was to be. The journals are held.

    Where managers lock their registers, the locks are taken before the last look at what the plan rests on.

    Args:
        store: the opened store.
        journals: its journals, held.
        look: read, and plan; it is asked again when somebody wrote meanwhile.
        seen: what was planned before the journals were held.
        kept: whether it can be undone.

    Raises:
        GivenUp: nothing was changed, and why.
    """
    held: frozenset[Path] = frozenset()
    for _ in range(TRIES):
        with locked(held, store.settings.lock_kind):
            if seen is None or changed(seen.sources, store.location):
                seen = look()
            if not seen.plan.changes:
                return seen, None
            needed = frozenset(_locks(store, (change.path for change in seen.plan.changes)))
            if needed <= held:
                try:
                    journal = replace(_journal(store, journals, seen), kept=kept)
                    commit(journals, journal)
                except Overtaken:
                    seen = None
                    continue
                except Aborted as error:
                    raise GivenUp(f"{error}; nothing was changed", seen) from error
                return seen, journal
            held |= needed
    raise GivenUp("the files change faster than they can be repaired; nothing was written", seen)


class GivenUp(Exception):
    """Nothing was changed; the message says why."""

    def __init__(self, message: str, seen: Planned | None) -> None:
        super().__init__(message)
        self.seen = seen


def manager_locks(store: Store, paths: Iterable[str]) -> AbstractContextManager[list[int]]:
    """Return the locks of the managers whose registers and snapshots are written."""
    return locked(_locks(store, paths), store.settings.lock_kind)


def in_words(error: Exception, store: Store) -> str:
    """Return what keeps a transaction from being begun, with the cure."""
    folder = fix_folder(store.location)
    if isinstance(error, Held):
        return f"the lock {error} is held by another fix or a manager; run again when it is released"
    if isinstance(error, Moved):
        return f"an interrupted fix can't be completed or rolled back: {error}"
    if isinstance(error, JournalError):
        return f"the record of a fix in {folder} can't be read: {error}; review it, then move it away"
    if isinstance(error, Obstacle):
        return f"the records of fixes in {folder} can't be opened: {error}"
    return f"{getattr(error, 'filename', None) or folder}: {getattr(error, 'strerror', None) or error}"


def _journal(store: Store, journals: Journals, planned: Planned) -> Journal:
    """Return the journal of a plan, named by its number, which is above that of every record, and its fingerprint.

    Tombstones go last: they say what root says by then, and a run that was killed before it said so would be settled.

    Raises:
        Aborted: a file that a new one is to be like can't be looked at.
    """
    plan = planned.plan
    name = f"{journals.last + 1}-{plan.fingerprint[:8]}"
    tombstones = Pattern(store.settings.paths.tombstones)
    files = []
    for change in sorted(plan.changes, key=lambda change: tombstones.match(change.path) is not None):
        like = None
        if change.before is None and change.like is not None:
            try:
                with target(journals.root, change.like) as other:
                    like = other.read()
            except (OSError, Obstacle) as error:
                raise Aborted(f"{change.like}: {error}") from error
        wanted = replace(like.meta, mtime_ns=None) if like else None
        files.append(Written(path=change.path, before=change.before, after=change.after, wanted=wanted))
    fixes = tuple(plan.as_dict()["fixes"])
    return Journal(id=name, at=iso(planned.state.now), files=tuple(files), fixes=fixes)


def _locks(store: Store, paths: Iterable[str]) -> Iterator[Path]:
    settings = store.settings
    if not settings.locks:
        return
    patterns = [Pattern(text) for text in (settings.paths.registers, settings.paths.snapshots) if text]
    for path in paths:
        for pattern in patterns:
            match = pattern.match(path)
            if match and "owner" in match.groupdict():
                lock = Pattern(settings.locks).fill(owner=match["owner"])
                try:
                    yield resolved(store.location.root, lock)
                except Obstacle as found:
                    raise UsageError(f"[locks]: {lock}: {found}") from found
