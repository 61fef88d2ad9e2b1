"""The beginning of a run: whether the task may be dispatched, and every ledger told before the worker starts."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from taskcheck.checks import Look
from taskcheck.config.pattern import file_name
from taskcheck.config.people import People
from taskcheck.config.settings import FINISHED, Stage
from taskcheck.dispatch.claims import is_anybodys
from taskcheck.dispatch.eligible import refusal, route
from taskcheck.dispatch.records import registered, tombstone
from taskcheck.dispatch.settle import tombstone_path
from taskcheck.dispatch.worktree import Workplace, workplace
from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import iso
from taskcheck.fix.overlay import contents
from taskcheck.fix.plan import on_top_of
from taskcheck.fix.transaction import Planned
from taskcheck.model.hosts import Processes
from taskcheck.model.plan import Plan
from taskcheck.model.sources import (
    Repository,
    Sources,
    Unavailable,
)
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.model.tasks import fold_id
from taskcheck.read.index import read_staging
from taskcheck.read.locate import own_folder
from taskcheck.store import Store, UsageError
from taskcheck.write.disk import Obstacle, resolved, rewrite
from taskcheck.write.folder import OwnFolder
from taskcheck.write.locks import Held

OWN = ".tasks"
"""The folder in which runs keep their records where a store has no place of its own; it keeps itself out of git."""


class NotDispatched(Exception):
    """The task isn't dispatched; the message says why."""


@frozen(kw_only=True)
class Wanted:
    """A run as it is asked for."""

    task: str
    command: Sequence[str]
    owner: str | None = None
    """Any spelling of the person whose manager dispatches; None for whoever the task routes to."""
    worktree: str | None = None
    """Its path, relative to the root checkout."""
    branch: str | None = None
    timeout: float | None = None
    """Seconds after which the worker is stopped."""


@frozen(kw_only=True)
class Begun:
    """A run that may begin: who dispatches what, where."""

    task: Task
    person: str | None
    """Whose manager dispatches; None in a store without managers, for a task without an owner."""
    workplace: Workplace

    @property
    def who(self) -> str:
        """What messages call whoever dispatches."""
        return self.person or "taskcheck"


def admitted(store: Store, seen: Look, wanted: Wanted) -> Begun:
    """Return the run that may begin now, with its place.

    Raises:
        NotDispatched: the task may not be dispatched now.
        UsageError: the request names something that isn't there.
    """
    state = seen.state
    if not store.settings.paths.tombstones:
        raise UsageError("[paths] tombstones isn't configured, and a run keeps its record there")
    task = task_named(state, wanted.task)
    tombstone_path(store, task.id)
    person = _dispatcher(state, task, wanted.owner)
    why = refusal(state, seen.report, task, person or "") or _shared_record(state, task)
    if why is None and file_of(task.place.path) in _unmerged(store, seen.sources):
        why = f"{file_of(task.place.path)} has an unmerged conflict in git's index"
    if why:
        raise NotDispatched(why)
    return Begun(task=task, person=person, workplace=workplace(store, state, task.id, wanted.worktree, wanted.branch))


def task_named(state: State, name: str) -> Task:
    """Root's task of a name.

    Raises:
        UsageError: there is none.
    """
    task = state.tasks.named(name)
    if task is None:
        from taskcheck.config.suggest import did_you_mean

        raise UsageError(f"no task is named {name!r}{did_you_mean(name, state.tasks.by_id)}")
    return task


@contextmanager
def alone(store: Store, task: str) -> Iterator[int]:
    """Hold the task's own lock, which a run holds from its beginning to the end of its worker; the descriptor.

    Raises:
        NotDispatched: another run holds it.
        OSError: it can't be made.
    """
    folder, name = _lock(store, task)
    try:
        with folder.locked(name, patience=0) as fd:
            yield fd
    except Held as held:
        if str(held) != str(folder.path / name):
            raise
        raise NotDispatched("another run of it is active") from held
    except Obstacle as found:
        raise NotDispatched(f"the lock of its runs can't be used: {found}") from found


@contextmanager
def idle(store: Store, task: str) -> Iterator[bool]:
    """Whether no run of the task is under way, and none begins meanwhile."""
    folder, name = _lock(store, task)
    try:
        with folder.unheld(name) as nobody:
            yield nobody
    except Obstacle as found:
        raise NotDispatched(f"the lock of its runs can't be used: {found}") from found


def _lock(store: Store, task: str) -> tuple[OwnFolder, str]:
    """Return taskcheck's own folder for the store, and the name of a task's lock in it, whatever its spelling."""
    name = sha256(fold_id(task).encode()).hexdigest()[:16]
    return OwnFolder(*own_folder(store.location)), f"runs/{name}.lock"


def registration(store: Store, seen: Look, begun: Begun, now: datetime) -> Planned:
    """Return the beginning of a run as a plan: register entry, running tombstone, root's task in work.

    The process that they name is ours, not the worker's: it lives until the end is recorded too, and whoever wants the
    worker stopped is to stop us.

    Raises:
        NotDispatched: a plugin refuses, or a file can't be edited exactly.
    """
    state, task = seen.state, begun.task
    held = {**contents(seen.sources)}
    files: dict[str, bytes | None] = {}
    path = file_of(task.place.path)
    try:  # in this order, each step of it is a state that the next check understands
        if store.settings.paths.registers and begun.person is not None:
            path = store.settings.paths.register(begun.person)
            entry = _entry(store, state, begun, now)
            files[path] = registered(held.get(path), begun.person, task.id, entry, now)
        files[tombstone_path(store, task.id)] = tombstone(None, **_tombstone(store, state, begun, now))
        path = file_of(task.place.path)
        if task.stage is Stage.READY and not store.settings.read_only:
            files[path] = _in_work(store, held[path], task)
        left = _left_over(store, seen, begun)
        if left is not None and left.inside:
            path = left.inside
            held[path] = left.data
            files[path] = _in_work(store, left.data, left.task)
    except (DocumentError, Refused) as error:
        raise NotDispatched(error.in_file(path)) from error
    plan = on_top_of(files, held, Plan())
    vetoes = store.plugins.guard(plan, state)
    if vetoes:
        raise NotDispatched("; ".join(f"plugin {name} refuses: {why}" for name, why in vetoes))
    for written in files:
        make_folder(store, written)
    return Planned(seen.sources, state, seen.report, plan)


def _dispatcher(state: State, task: Task, owner: str | None) -> str | None:
    """Return whose manager dispatches a task; in a store without managers whoever is named, None for nobody.

    Raises:
        UsageError: nobody is declared, or nobody of that name.
    """
    if is_anybodys(state, task):
        return owner or next((spelling for _, spelling in task.owners), None)
    if isinstance(state.people, Unavailable):
        raise UsageError(state.people.reason)
    return _person(state.people, owner) if owner else route(state, task).person


def _shared_record(state: State, task: Task) -> str | None:
    """Return that another task would have the same records of its runs: `a/b` and `a-b` have one file name."""
    name = file_name(task.id)
    other = next((other.id for other in state.tasks if other.id != task.id and file_name(other.id) == name), None)
    return f"{other} has the same file name, {name}, for what is recorded of its runs" if other else None


def _person(people: People, owner: str) -> str:
    person = people.person(owner)
    if person is not None:
        return person
    if people.resolve(owner):
        raise UsageError(f"--owner {owner}: that is a role; name the person whose manager dispatches")
    close = " or ".join(people.suggestions(owner))
    raise UsageError(f"--owner {owner}: no such person{f'; did you mean {close}?' if close else ''}")


def _in_work(store: Store, data: bytes, task: Task) -> bytes:
    """Return a task file with the first status of work that is begun; as it is where there is no such status."""
    begun = store.settings.word(Stage.ACTIVE)
    if begun is None:
        return data
    return store.settings.shape.of(task.place.path).set_scalars(data, {(task.keys["status"],): begun})


def _entry(store: Store, state: State, begun: Begun, now: datetime) -> Mapping[str, Any]:
    at = iso(now)
    mine = state.entries_of(begun.task.id)
    waiting = next((e.registered_at for e in mine if e.manager == begun.person and e.launched is None), None)
    return {
        "slug": begun.task.id,
        "task_path": file_of(begun.task.place.path),
        "worktree_path": begun.workplace.shown(store.location.root),
        "branch": begun.workplace.branch,
        "pid": os.getpid(),
        "host": _host(state),
        "registered_at": iso(waiting) if waiting else at,
        "launched_at": at,
        "started_at": at,
    }


def _tombstone(store: Store, state: State, begun: Begun, now: datetime) -> dict[str, Any]:
    at = iso(now)
    return {
        "task": begun.task.id,
        "owner": begun.person,
        "state": "running",
        "pid": os.getpid(),
        "host": _host(state),
        "started_at": at,
        "heartbeat_at": at,
        "worktree_path": begun.workplace.shown(store.location.root),
        "branch": begun.workplace.branch,
        "status_before": begun.task.status,
    }


def _host(state: State) -> str | None:
    return state.processes.host if isinstance(state.processes, Processes) else None


@frozen(kw_only=True)
class _LeftOver:
    """A worktree's copy that still says how an earlier run ended; the new one is to end in a status of its own."""

    task: Task
    path: str
    """In the worktree."""
    inside: str | None
    """From root; None where the worktree lies outside of it."""
    data: bytes


def begin_outside(store: Store, seen: Look, begun: Begun) -> None:
    """Let a worktree outside of root say that work is begun, which no transaction of root's files can.

    Raises:
        DocumentError, Refused: it can't be edited exactly.
        Obstacle, OSError: it can't be written.
    """
    left = _left_over(store, seen, begun)
    if left is not None and left.inside is None:
        data = _in_work(store, left.data, left.task)
        rewrite(begun.workplace.path, left.path, lambda held: data if held == left.data else None)


def _left_over(store: Store, seen: Look, begun: Begun) -> _LeftOver | None:
    git = seen.sources.git
    copy = seen.state.own_copy_of(begun.task.id)
    if copy is None or copy.task.stage not in FINISHED or not isinstance(git, Repository):
        return None
    if store.settings.read_only:
        return None
    held = next((one for one in git.checkouts if one.name == copy.checkout.name), None)
    data = (
        held.files[file_of(copy.task.place.path)].data if held and held.real_path == str(begun.workplace.path) else None
    )
    if data is None:
        return None
    path = (Path(store.location.prefix) / file_of(copy.task.place.path)).as_posix()
    inside = os.path.relpath(begun.workplace.path / path, os.path.realpath(store.location.root))
    return _LeftOver(task=copy.task, path=path, inside=None if inside.startswith("..") else inside, data=data)


def _unmerged(store: Store, sources: Sources) -> frozenset[str]:
    tasks = {source.path: source.data for source in sources.tasks if source.data is not None}
    return frozenset(read_staging(store.location, tasks).unmerged)


def make_folder(store: Store, path: str) -> None:
    """Make the folder of a file that is to be written.

    Raises:
        UsageError: it can't be made there.
    """
    try:
        folder = resolved(store.location.root, path).parent
        own = resolved(store.location.root, f"{OWN}/.gitignore")
        is_new = path.startswith(f"{OWN}/") and not own.parent.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if is_new:
            own.write_text("*\n")
    except Obstacle as found:
        raise UsageError(f"{path}: {found}") from found
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
