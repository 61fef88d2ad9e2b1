"""Registers, heartbeats and tombstones: for managers in Python that keep them.

Owners may be spelled in any way: what is written is always the one register and the one snapshot under the canonical
key. Writers exclude each other by taskcheck's own lock, which `taskcheck --fix` and `run` hold too, and by the
configured ``[locks]``; every file is written whole or not at all, and others' keys and layout stay.

Where an owner is asked for, a `Turn` of `taskcheck.owners` does as well: then nothing is read that it has.

All functions raise what `taskcheck.owners.canonical` does, and where something is written:
`Held` (somebody holds a lock for too long), `Moved` (a stranger without the lock wrote meanwhile: try again),
`Obstacle` (the file may not be written), `UsageError` (the file that is there can't be read, or not be edited exactly),
`TypeError` and `ValueError` (an entry holds what JSON hasn't), `OSError`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from taskcheck.assemble.rows import register_rows
from taskcheck.config.settings import Stage
from taskcheck.dispatch.eligible import is_own
from taskcheck.dispatch.records import registered, unregistered
from taskcheck.dispatch.settle import PATIENCE
from taskcheck.dispatch.start import make_folder
from taskcheck.documents import DocumentError, Refused, jsonsplice, read_json
from taskcheck.documents.bounded import Unreadable, read_still
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import iso
from taskcheck.fix.transaction import journals_of, manager_locks
from taskcheck.model.runtime import Dispatch, DispatchState, Tombstone
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.owners import Turn, UnknownOwner, entries_of, held, paths_of, person
from taskcheck.read.files import MAX_LEDGER_BYTES
from taskcheck.store import (
    Request,
    Store,
    UsageError,
    Where,
    clock,
    open_store,
)
from taskcheck.write.disk import Moved, Obstacle, rewrite
from taskcheck.write.locks import Held

__all__ = ["Held", "Moved", "Obstacle", "Signal", "UnknownOwner", "register", "running", "tombstone", "write_snapshot"]

Root = str | PathLike[str]
Entry = dict[str, Any]
"""A row of a register: JSON values by the names of the contract, and any others."""


@frozen(kw_only=True)
class Signal:
    """A raw signal of a heartbeat."""

    task: str
    kind: str
    """Such as ``pickup_overdue``, ``dispatch_worker_gone``, ``stuck_in_progress``."""
    level: Literal["attention", "escalation"] = "attention"
    at: datetime | None = None
    detail: str = ""


@contextmanager
def register(owner: str | Turn, *, root: Root = ".") -> Iterator[MutableMapping[str, Entry]]:
    """Lock a person's register, and yield its entries by task; changes are written if the block ends without an error.

    Nobody else who locks can write meanwhile, so keep it short, and write nothing else of this module's in it: that
    would wait for this block. A block that raises writes nothing.

    Example:
        with register("dave") as entries:
            entries["fix-login"] = {"worktree_path": ".worktrees/fix-login", "branch": "task/fix-login"}
            entries.pop("done-long-ago", None)
    """
    store, key = _manager(owner, root)
    path = _configured(store, store.settings.paths.registers, key)
    with _locked(store, path):
        before: bytes | None = None
        entries: dict[str, Entry] = {}

        def read(data: bytes | None) -> None:
            nonlocal before
            before = data
            if data is None:
                return
            document = read_json(data)
            for task, route, _ in register_rows(document):
                entries[task] = json.loads(jsonsplice.member_text(document, route))

        with _named(path):
            rewrite(store.location.root, path, read)
        known = {task: json.dumps(entry) for task, entry in entries.items()}
        yield entries
        with _named(path):
            after = _changed(before, key, known, entries)
            if after is not None and after != before:
                rewrite(store.location.root, path, lambda held: _unless_moved(held, before, after))


def write_snapshot(owner: str | Turn, *, signals: Iterable[Signal] = (), root: Root = ".") -> Path:
    """Write a person's heartbeat from the current ledgers, and return its path.

    It has a row for each task that is that person's to dispatch and is ready or in work, and for each that is in the
    person's register; and counts of the register's entries and of the distinct tasks with signals of each level.

    Args:
        owner: the person, by any spelling; or a look at the store, which is what the heartbeat tells, but for the
            register: that is told as it is now.
        signals: the raw signals that the manager raises.
        root: any folder of the repository.
    """
    store, key = _manager(owner, root)
    path = _configured(store, store.settings.paths.snapshots, key)
    signals = tuple(signals)
    with _locked(store, path):
        state = owner.state if isinstance(owner, Turn) else store.read(Request())[1]
        data = json.dumps(_snapshot(store, state, key, signals), indent=2, ensure_ascii=False) + "\n"
        with _named(path):
            rewrite(store.location.root, path, lambda _: data.encode())
    return store.location.root / path


def running(owner: str, *, root: Root = ".") -> frozenset[str]:
    """Return the tasks in a person's register that a live worker holds, as far as known."""
    store, key = _manager(owner, root)
    return held(store.read_ledgers(), key)


def tombstone(task: str, *, root: Root = ".") -> Tombstone | None:
    """Return the last recorded state of a task's dispatch; None if it is missing or unreadable."""
    _, parsed = open_store(Where(root=Path(root))).files()
    return {found.task: found for found in parsed.ledgers.tombstones if found.readable}.get(task)


def _snapshot(store: Store, state: State, key: str, signals: tuple[Signal, ...]) -> Mapping[str, Any]:
    """Return a person's heartbeat as JSON values."""
    registered_tasks = _registered_now(store, state, key)
    called = {signal.task for signal in signals}
    rows = {}
    for task in state.tasks:
        is_registered = task.id in registered_tasks
        if is_registered or _to_dispatch(state, task, key):
            rows[task.id] = _row(state, task, registered=is_registered, called=task.id in called)
    return {
        "owner": key,
        "generated_at": iso(state.now),
        "counts": {
            "active": len(registered_tasks),
            "attention": _count(signals, "attention"),
            "escalation": _count(signals, "escalation"),
        },
        "tasks": rows,
        "escalation": {"signals": [_signal(signal, state.now) for signal in signals]},
    }


def _registered_now(store: Store, state: State, key: str) -> set[str]:
    """Return the tasks in a person's register as it is now, and in others of that person as they were read."""
    path = store.settings.paths.registers.replace("{owner}", key)
    file = paths_of(store, key).register
    try:
        found = _tasks_in(file)
    except (DocumentError, Refused, Unreadable):
        return {entry.task for entry in entries_of(state, key)}
    return found | {entry.task for entry in entries_of(state, key) if entry.place.path != path}


def _tasks_in(file: Path | None) -> set[str]:
    """Return the tasks that a register names; none where there is no such file.

    Raises:
        DocumentError, Refused, Unreadable: it can't be read.
    """
    if file is None or not file.exists():
        return set()
    document = read_json(read_still(file, MAX_LEDGER_BYTES))
    return {task for task, _, _ in register_rows(document)}


def _to_dispatch(state: State, task: Task, key: str) -> bool:
    """Return whether a task is ready or in work, and a person's to dispatch."""
    if task.stage not in {Stage.READY, Stage.ACTIVE}:
        return False
    return is_own(state, task, key)


def _count(signals: Iterable[Signal], level: str) -> int:
    """Return how many tasks have a signal of a level."""
    return len({signal.task for signal in signals if signal.level == level})


def _signal(signal: Signal, now: datetime) -> Mapping[str, Any]:
    """Return a raw signal as JSON values; one without a time is given now."""
    return {
        "task": signal.task,
        "kind": signal.kind,
        "level": signal.level,
        "at": iso(signal.at or now),
        "detail": signal.detail,
    }


def _row(state: State, task: Task, *, registered: bool, called: bool) -> Mapping[str, Any]:
    """Return a task's row in a heartbeat as JSON values."""
    dispatch = state.dispatch_of(task.id)
    own = state.checkout_of(task.id)
    pull = task.pull_request
    return {
        "status": task.status,
        "registered": registered,
        "worktree_path": own.path if own else None,
        "dispatch_state": dispatch.state.value if dispatch and _shown(dispatch, registered=registered) else None,
        "needs_attention": called,
        "pr_number": pull.number if pull else None,
    }


def _shown(dispatch: Dispatch, *, registered: bool) -> bool:
    """Return whether a heartbeat counts a dispatch as the manager's own work."""
    return dispatch.state is DispatchState.RUNNING or (registered and dispatch.state is not DispatchState.UNKNOWN)


def _manager(owner: str | Turn, root: Root) -> tuple[Store, str]:
    """Return the store that a folder belongs to, and the canonical key of a person."""
    if isinstance(owner, Turn):
        return owner.store, owner.owner
    store = open_store(Where(root=Path(root)))
    return store, person(store.people().people, owner)


def _configured(store: Store, pattern: str, key: str) -> str:
    """Return the path of a person's ledger, whose folder is made where it isn't there.

    Raises:
        UsageError: the store has no such ledgers.
    """
    if not pattern:
        raise UsageError("[paths] registers and snapshots aren't configured: this store has no managers")
    path = pattern.replace("{owner}", key)
    make_folder(store, path)
    return path


@contextmanager
def _locked(store: Store, path: str) -> Iterator[None]:
    """Keep others that write out while the block runs."""
    with journals_of(store).opened(PATIENCE), manager_locks(store, [path]):
        yield


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Name the file in what is wrong with it."""
    try:
        yield
    except (DocumentError, Refused) as error:
        raise UsageError(error.in_file(path)) from error
    except Obstacle as error:
        raise type(error)(f"{path}: {error}") from error


def _changed(data: bytes | None, owner: str, known: Mapping[str, str], entries: Mapping[str, Entry]) -> bytes | None:
    """Return a register whose entries were changed, by what each was as JSON."""
    now = clock()
    for task in known.keys() - entries.keys():
        data = unregistered(data or b"{}", task, now)
    for task, entry in entries.items():
        if not isinstance(task, str) or not task:
            raise TypeError(f"{task!r} isn't the id of a task")
        if json.dumps(entry) != known.get(task):
            if task in known and data is not None:
                data = unregistered(data, task, now)
            data = registered(data, owner, task, {"slug": task} | entry | {"slug": task}, now)
    return data


def _unless_moved(held: bytes | None, before: bytes | None, after: bytes) -> bytes:
    """Return what to write, where the file still is as it was read.

    Raises:
        Moved: it isn't.
    """
    if held != before:
        raise Moved("another process has written it without the lock; try again")
    return after
