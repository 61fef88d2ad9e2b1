"""Sources and settings to one frozen state; pure, so that a state as it would be can be assembled too."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TypeVar

from taskcheck.assemble.aftermath import AftermathReader
from taskcheck.assemble.answers import AnswerReader
from taskcheck.assemble.checkouts import newest_users, parse_checkouts
from taskcheck.assemble.claims import ClaimReader
from taskcheck.assemble.copies import parse_copies, tied_copies
from taskcheck.assemble.dispatches import DispatchReader
from taskcheck.assemble.fetched import parse_fetched
from taskcheck.assemble.landings import LandingReader
from taskcheck.assemble.ledgers import Ledgers, documents
from taskcheck.assemble.liveness import Liveness
from taskcheck.assemble.met import with_met
from taskcheck.assemble.parse import Parsed
from taskcheck.assemble.people import NO_PEOPLE
from taskcheck.assemble.protection import Protection
from taskcheck.assemble.pulls import parse_pulls
from taskcheck.assemble.renames import with_off_disk, with_renames
from taskcheck.assemble.standing import Standing
from taskcheck.assemble.tasks import TaskReader, in_their_files, one_file_each
from taskcheck.assemble.waiting import WaitingReader
from taskcheck.config.people import People
from taskcheck.config.settings import Settings
from taskcheck.documents import Document
from taskcheck.documents.frozen import replace
from taskcheck.model.checkouts import Checkouts, Copies
from taskcheck.model.history import Uncompared
from taskcheck.model.managers import Manager
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import Ledger, Register, Snapshot
from taskcheck.model.sources import Repository, Sources, Unavailable
from taskcheck.model.state import Dispatches, Entries, Rows, State
from taskcheck.model.task import Checkout, Copy, Marker, Place, Task
from taskcheck.model.tasks import Tasks
from taskcheck.model.waiting import Waiting

T = TypeVar("T")


def assemble(parsed: Parsed, sources: Sources, settings: Settings, now: datetime) -> State:
    """Return the whole state, each part available or with the reason why not."""
    whole = in_their_files(sources, settings)
    sources = one_file_each(sources, settings)
    git = sources.git
    tasks = Tasks.of(parsed.tasks, parsed.archived, parsed.without_status)
    names, reader = with_renames(git, TaskReader(settings).spelling_as(tasks), tasks)
    tasks = with_off_disk(tasks, git, reader)
    tasks = with_met(tasks, sources, parsed.absent(settings))
    parsed = parsed.following(names)
    checkouts, copies = _checkouts(parsed, sources, settings, reader, tasks)
    if isinstance(git, Repository) and any(held.tombstones for held in git.checkouts):
        parsed = _with_tombstones(parsed, git, checkouts, copies, names, reader, tasks)
        checkouts, copies = _checkouts(parsed, sources, settings, reader, tasks)
    managers = _managers(parsed.ledgers, parsed.people)
    snapshots = _newest_snapshots(managers)
    by_key = {manager.key: manager for manager in managers}
    answers = AnswerReader(tasks=tasks, runs=parsed.runs(settings), managers=by_key)
    signals = tuple(answers.heard(snapshots))
    judge = DispatchReader(
        settings=settings,
        now=now,
        people=parsed.people,
        liveness=Liveness.of(parsed.ledgers, sources, settings, now),
        signals=signals,
        changes=git.changes if isinstance(git, Repository) else (),
        standing=Standing.of(reader, git),
        archived=tasks.archived_by_id,
        reader=reader,
    )
    dispatches, moves = _dispatches(parsed, judge, tasks, checkouts, copies)
    copied_tasks = () if isinstance(copies, Unavailable) else copies.files
    state = State(
        settings=settings,
        now=now,
        tasks=tasks,
        files=(*tasks, *copied_tasks),
        people=parsed.people if parsed.people else NO_PEOPLE,
        ledgers=_ledgers(parsed),
        managers=managers or Unavailable("no register and no snapshot file"),
        entries=_entries(parsed),
        rows=_rows(parsed, snapshots),
        signals=signals,
        checkouts=checkouts,
        copies=copies,
        trunk=_trunk(git),
        fetched=parse_fetched(git, reader, tasks),
        uncompared=_uncompared(git),
        off_trunk=_off_trunk(git),
        unsettled=_unsettled(git),
        dispatches=dispatches,
        moves=moves,
        waiting={each.task: each for each in _waiting(dispatches, tasks, now + settings.limits.clock_skew)},
        reviews=_reviews(sources, settings, tasks),
        markers=_markers(sources, settings, parsed.board),
        tracked=_tracked(git, settings),
        processes=sources.processes,
        pulls=Pulls({}),
        unnamed=parsed.unnamed,
        miscased=parsed.miscased,
        unread=parsed.unread,
        documents={**_documents(tasks), **_documents(copied_tasks), **documents(parsed.ledgers), **whole},
    )
    return replace(state, pulls=parse_pulls(state, sources.forges))


def _with_tombstones(
    parsed: Parsed,
    git: Repository,
    checkouts: Checkouts | Unavailable,
    copies: Copies | Unavailable,
    names: Mapping[str, str],
    reader: TaskReader,
    tasks: Tasks,
) -> Parsed:
    """Return what the files say, the tombstones too that lie in the worktrees of their own tasks."""
    from taskcheck.assemble.tombstones import Whose, own_tombstones

    if isinstance(checkouts, Unavailable) or isinstance(copies, Unavailable):
        return parsed
    whose = Whose(checkouts, copies, tasks)
    found = [own_tombstones(held, reader, tasks, names, whose) for held in git.checkouts]
    return parsed.with_tombstones(chain.from_iterable(found))


def _newest_snapshots(managers: Iterable[Manager]) -> list[Snapshot]:
    """Return the snapshot that counts of each manager who has one."""
    return list(filter(None, (manager.newest_snapshot for manager in managers)))


def _checkouts(
    parsed: Parsed, sources: Sources, settings: Settings, reader: TaskReader, tasks: Tasks
) -> tuple[Checkouts | Unavailable, Copies | Unavailable]:
    """Return the checkouts beside root and the task files in them that differ, or why git tells of none."""
    git = sources.git
    if isinstance(git, Unavailable):
        return git, git
    checkouts = parse_checkouts(git, sources, settings, tasks, parsed.owning)
    found = parse_copies(sources, reader, tasks, checkouts)
    copies = tied_copies(found, checkouts)
    return _with_landings(checkouts, copies, git, parsed, settings, reader, tasks), copies


def _with_landings(
    checkouts: Checkouts,
    copies: Copies,
    git: Repository,
    parsed: Parsed,
    settings: Settings,
    reader: TaskReader,
    tasks: Tasks,
) -> Checkouts:
    """Return the checkouts with which branch of which task has landed, and how it left the task.

    A branch that has another task of that id says nothing of this one.
    """
    judge = LandingReader(settings=settings, reader=reader, merges=git.merges, fetched_as=git.fetched_as)
    ends = judge.ends()
    landings = judge.landings(tasks, checkouts, parsed.owning, ends)
    seconds = {(copy.checkout.branch, copy.task.id) for copy in copies.seconds}
    own = {task: landing for task, landing in landings.items() if (landing.branch, task) not in seconds}
    landed = replace(checkouts, landings=own, ends={key: end for key, (end, _) in ends.items()})
    standing = Standing.of(reader, git)
    runs = parsed.runs(settings)
    aftermath = AftermathReader(standing=standing, runs=runs, skew=settings.limits.clock_skew)
    landed = replace(landed, landings=aftermath.dated(tasks, own))
    claims = ClaimReader(
        git=git, standing=standing, tied=parsed.tied(settings), runs=runs, users=newest_users(parsed.owning)
    )
    return replace(landed, mentions=claims.mentions(tasks, landed), refuted=claims.refuted(tasks, landed))


def _dispatches(
    parsed: Parsed,
    judge: DispatchReader,
    tasks: Tasks,
    checkouts: Checkouts | Unavailable,
    copies: Copies | Unavailable,
) -> tuple[Dispatches | Unavailable, Mapping[str, datetime]]:
    """Return the newest runs, and when each active task last moved; neither where no ledger could tell of a run."""
    if not parsed.ledgers.tell_of_runs:
        return Unavailable("no register, tombstone or dispatch log"), {}
    own_checkouts: Mapping[str, Checkout] = {} if isinstance(checkouts, Unavailable) else checkouts.by_task
    own_copies: Mapping[str, Copy] = {} if isinstance(copies, Unavailable) else copies.own_by_task
    newest = judge.newest(parsed.runs(judge.settings), tasks.by_id, own_checkouts, own_copies)
    moves = judge.moves(tasks, newest, own_checkouts, own_copies)
    protection = Protection(judge.liveness)
    live = protection.live(parsed.ledgers)
    protected = protection.protected(parsed.ledgers, newest)
    return Dispatches(newest, live, protected, _by_process(parsed)), moves


def _waiting(dispatches: Dispatches | Unavailable, tasks: Tasks, latest: datetime) -> Iterator[Waiting]:
    """Yield the tasks that wait for a person."""
    has_queue = isinstance(dispatches, Dispatches)
    runs = dispatches.by_task if isinstance(dispatches, Dispatches) else {}
    return WaitingReader(latest=latest, dispatches=runs, has_queue=has_queue).waiting(tasks)


def _by_process(parsed: Parsed) -> dict[tuple[int, str | None], frozenset[str]]:
    """Return the tasks whose records name each process, by pid and host."""
    found: dict[tuple[int, str | None], set[str]] = {}
    for record in parsed.records:
        if record.pid is not None:
            found.setdefault((record.pid, record.host), set()).add(record.task)
    return {process: frozenset(tasks) for process, tasks in found.items()}


def _ledgers(parsed: Parsed) -> tuple[Ledger, ...] | Unavailable:
    """Return every runtime file, and the team files that couldn't be read."""
    ledgers = (*parsed.ledgers.files, *parsed.team)
    return ledgers or Unavailable("no register, snapshot, tombstone or dispatch log")


def _entries(parsed: Parsed) -> Entries | Unavailable:
    """Return all registers' rows, by task too."""
    if not parsed.ledgers.registers:
        return Unavailable("no register file")
    entries = parsed.entries
    return Entries(entries, _grouped((entry.task, entry) for entry in entries))


def _rows(parsed: Parsed, newest: Iterable[Snapshot]) -> Rows | Unavailable:
    """Return the rows of the newest snapshots, by task."""
    if not parsed.ledgers.snapshots:
        return Unavailable("no snapshot file")
    return Rows(_grouped((row.task, row) for snapshot in newest for row in snapshot.rows))


def _trunk(git: Repository | Unavailable) -> str | Unavailable:
    """Return the trunk branch, where root is on it."""
    if isinstance(git, Unavailable):
        return git
    if git.trunk is None:
        return Unavailable("no trunk branch found; name it in [checkouts] trunk")
    elsewhere = _off_trunk(git)
    return Unavailable(elsewhere) if elsewhere else git.trunk


def _off_trunk(git: Repository | Unavailable) -> str:
    """Return that root is on another branch than trunk, or on none; empty where it isn't, or there is no trunk."""
    if isinstance(git, Unavailable) or git.trunk is None or git.on_trunk:
        return ""
    where = f"on {git.branch}" if git.branch else "on no branch"
    return f"the root checkout is {where}, not on trunk ({git.trunk})"


def _unsettled(git: Repository | Unavailable) -> str:
    """Return that somebody is in the middle of a merge in root, say, or that it is on no branch."""
    if isinstance(git, Unavailable):
        return ""
    if git.under_way is not None:
        return f"the root checkout is in the middle of a {git.under_way}"
    return "" if git.branch else _off_trunk(git)


def _uncompared(git: Repository | Unavailable) -> Uncompared | None:
    """Return trunk as it was last fetched, where root can't be compared with it."""
    if isinstance(git, Unavailable) or not isinstance(git.fetched, Uncompared):
        return None
    return git.fetched


def _tracked(git: Repository | Unavailable, settings: Settings) -> frozenset[str] | Unavailable:
    """Return the registers and snapshots that git tracks, where the store has such files."""
    if isinstance(git, Unavailable):
        return git
    if not (settings.paths.registers or settings.paths.snapshots):
        return Unavailable("this store has no registers and no snapshots")
    return git.tracked


def _managers(ledgers: Ledgers, people: People) -> tuple[Manager, ...]:
    """Return everybody who has a register or a snapshot, by key."""
    registers: dict[str, list[Register]] = {}
    for register in ledgers.registers:
        registers.setdefault(register.ledger.manager or "", []).append(register)
    snapshots: dict[str, list[Snapshot]] = {}
    for snapshot in ledgers.snapshots:
        snapshots.setdefault(snapshot.ledger.manager or "", []).append(snapshot)
    managers = []
    for key in sorted({*registers, *snapshots}):
        manager = Manager(
            key=key,
            known=key in people.persons,
            registers=tuple(registers.get(key, ())),
            snapshots=tuple(snapshots.get(key, ())),
        )
        managers.append(manager)
    return tuple(managers)


def _reviews(sources: Sources, settings: Settings, tasks: Tasks) -> dict[str, Place]:
    """Return the newest-named review artifact of each task that has one."""
    if not sources.reviews:
        return {}
    from taskcheck.assemble.reviews import reviews

    return reviews(sources, settings, tasks)


def _markers(sources: Sources, settings: Settings, board: Mapping[str, Marker]) -> Mapping[str, tuple[Marker, ...]]:
    """Return the marker files of each task, and what a board says of it."""
    markers = list(board.items())
    for pattern, marker in sources.markers:
        stage = settings.markers[pattern]
        markers.append((marker.name, Marker(place=Place(path=marker.path), stage=stage, says=stage.value)))
    return _grouped(markers)


def _documents(tasks: Iterable[Task]) -> dict[tuple[str, str], Document]:
    """Return the documents behind tasks, by checkout and path."""
    found = {}
    for task in tasks:
        if task.document is not None:
            found[task.place.checkout, task.place.path] = task.document
    return found


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    """Return all values of each key, in their order."""
    groups: dict[str, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
