"""Sources and settings to one frozen state; pure, so that a state as it would be can be assembled too."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from taskcheck.assemble.checkouts import read_checkouts
from taskcheck.assemble.dispatches import DispatchReader
from taskcheck.assemble.ledgers import Ledgers, documents
from taskcheck.assemble.parse import NO_PEOPLE, Parsed
from taskcheck.assemble.pulls import read_pulls
from taskcheck.assemble.tasks import TaskReader, read_copies
from taskcheck.config.pattern import Pattern
from taskcheck.config.people import People
from taskcheck.config.settings import Settings
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import (
    Manager,
    Register,
    Snapshot,
)
from taskcheck.model.sources import Repository, Sources, Unavailable
from taskcheck.model.state import (
    Checkouts,
    Copies,
    Dispatches,
    Entries,
    Rows,
    State,
    Tasks,
)
from taskcheck.model.task import Copy, Place

T = TypeVar("T")


def assemble(parsed: Parsed, sources: Sources, settings: Settings, now: datetime) -> State:
    """The whole state, each part available or with the reason why not."""
    reader = TaskReader(settings)
    tasks = Tasks.of(parsed.tasks, parsed.archived)
    managers = _managers(parsed.ledgers, parsed.people)
    newest = [snapshot for manager in managers if (snapshot := manager.newest_snapshot)]
    signals = tuple(signal for snapshot in newest for signal in snapshot.signals)
    git = sources.git

    checkouts: Checkouts | Unavailable
    copies: Copies | Unavailable
    if isinstance(git, Repository):
        checkouts = read_checkouts(git, sources, settings, tasks, parsed.records)
        copies = _copies(read_copies(sources, reader, tasks, checkouts), checkouts)
    else:
        checkouts = copies = git
    dispatches: Dispatches | Unavailable = Unavailable("no register, tombstone or dispatch log")
    moves: Mapping[str, datetime] = {}
    if parsed.ledgers.registers or parsed.ledgers.tombstones or parsed.ledgers.logs:
        own = {} if isinstance(copies, Unavailable) else copies.own_by_task
        runs = DispatchReader(
            settings=settings,
            now=now,
            people=parsed.people,
            processes=sources.processes,
            signals=signals,
            changes=git.changes if isinstance(git, Repository) else (),
            reader=reader,
        )
        owned = {} if isinstance(checkouts, Unavailable) else checkouts.by_task
        found = runs.read(parsed.ledgers, tasks.by_id, owned, own)
        dispatches = Dispatches(found, runs.live(parsed.ledgers))
        moves = runs.moves(tasks, found, owned, own)
    ledgers = (*parsed.ledgers.files, *parsed.team)
    state = State(
        settings=settings,
        now=now,
        tasks=tasks,
        files=(*tasks, *(copy.task for copy in (() if isinstance(copies, Unavailable) else copies))),
        people=parsed.people if parsed.people else NO_PEOPLE,
        ledgers=ledgers or Unavailable("no register, snapshot, tombstone or dispatch log"),
        managers=managers or Unavailable("no register and no snapshot file"),
        entries=_entries(parsed) if parsed.ledgers.registers else Unavailable("no register file"),
        rows=Rows(_grouped((row.task, row) for snapshot in newest for row in snapshot.rows))
        if parsed.ledgers.snapshots
        else Unavailable("no snapshot file"),
        signals=signals,
        checkouts=checkouts,
        copies=copies,
        trunk=_trunk(git),
        dispatches=dispatches,
        moves=moves,
        reviews=_reviews(sources, settings, tasks),
        markers=_grouped(
            (marker.name, (Place(path=marker.path), settings.markers[pattern])) for pattern, marker in sources.markers
        ),
        tracked=_tracked(git, settings),
        processes=sources.processes,
        pulls=Pulls({}),
        documents={
            **{(t.place.checkout, t.place.path): t.document for t in tasks if t.document},
            **{
                (copy.task.place.checkout, copy.task.place.path): copy.task.document
                for copy in (() if isinstance(copies, Unavailable) else copies)
                if copy.task.document
            },
            **documents(parsed.ledgers),
        },
    )
    return replace(state, pulls=read_pulls(state, sources.forges))


def _copies(found: tuple[Copy, ...], checkouts: Checkouts) -> Copies:
    own = {copy.task.id: copy for copy in reversed(found) if checkouts.of(copy.task.id) == copy.checkout}
    return Copies(found, _grouped((copy.task.id, copy) for copy in found), own)


def _trunk(git: Repository | Unavailable) -> str | Unavailable:
    if isinstance(git, Unavailable):
        return git
    if git.trunk is None:
        return Unavailable("no trunk branch found; name it in [checkouts] trunk")
    if not git.on_trunk:
        where = f"on {git.branch}" if git.branch else "on no branch"
        return Unavailable(f"the root checkout is {where}, not on trunk ({git.trunk})")
    return git.trunk


def _tracked(git: Repository | Unavailable, settings: Settings) -> frozenset[str] | Unavailable:
    if isinstance(git, Unavailable):
        return git
    named = settings.paths.registers or settings.paths.snapshots
    return git.tracked if named else Unavailable("this store has no registers and no snapshots")


def _entries(parsed: Parsed) -> Entries:
    found = parsed.entries
    return Entries(found, _grouped((entry.task, entry) for entry in found))


def _managers(ledgers: Ledgers, people: People) -> tuple[Manager, ...]:
    registers: dict[str, list[Register]] = {}
    snapshots: dict[str, list[Snapshot]] = {}
    for register in ledgers.registers:
        registers.setdefault(register.ledger.manager or "", []).append(register)
    for snapshot in ledgers.snapshots:
        snapshots.setdefault(snapshot.ledger.manager or "", []).append(snapshot)
    return tuple(
        Manager(
            key=key,
            known=key in people.persons,
            registers=tuple(registers.get(key, ())),
            snapshots=tuple(snapshots.get(key, ())),
        )
        for key in sorted({*registers, *snapshots})
    )


def _reviews(sources: Sources, settings: Settings, tasks: Tasks) -> dict[str, Place]:
    """The newest-named review artifact of each task; ids match longest first."""
    if not sources.reviews:
        return {}
    found: dict[str, Place] = {}
    pattern = Pattern(settings.paths.reviews)
    for source in sources.reviews:
        stem = source.path.rpartition("/")[2]
        prefixes = (stem[:length] for length in range(len(stem), 0, -1))
        task = next(
            (
                prefix
                for prefix in prefixes
                if prefix in tasks.by_id and Pattern(pattern.fill(task=prefix)).match(source.path)
            ),
            None,
        )
        if task:
            found[task] = Place(path=source.path)
    return found


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
