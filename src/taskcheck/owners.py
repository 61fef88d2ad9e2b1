"""Who is who, and who may dispatch what: for managers in Python.

A manager works for one person. It asks here for the person's canonical key before it builds any path of it, and for the
tasks that are that person's to dispatch: by explicit ownership, never by exclusion.

A manager that looks once a turn asks for all of it in one: `turn`.

Every function looks at the store that ``root`` lies in, as it is now. All raise what `taskcheck.check` does where the
store can't be read: `ConfigError` (people or configuration), `UsageError` (no people declared), `NotADirectoryError`.
"""

from os import PathLike
from pathlib import Path

from taskcheck.checks import check_settled
from taskcheck.config.pattern import Pattern
from taskcheck.config.people import People, RoutedTo
from taskcheck.dispatch.eligible import is_own, refusal, route as routed
from taskcheck.dispatch.start import task_named
from taskcheck.documents.frozen import frozen
from taskcheck.model.report import Report
from taskcheck.model.runtime import Entry
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.store import (
    Request,
    Store,
    UsageError,
    Where,
    open_store,
)
from taskcheck.write.disk import resolved

__all__ = [
    "ManagerPaths",
    "RoutedTo",
    "Turn",
    "UnknownOwner",
    "canonical",
    "dispatchable",
    "manager_paths",
    "route",
    "turn",
]

Root = str | PathLike[str]


class UnknownOwner(LookupError):
    """A name that isn't a declared person. The message suggests similar ones."""


@frozen(kw_only=True)
class ManagerPaths:
    """The absolute paths of a manager's state; None for what isn't configured."""

    owner: str
    """The canonical key."""
    register: Path | None
    snapshot: Path | None
    lock: Path | None
    """What it locks while it writes either."""


@frozen(kw_only=True)
class Turn:
    """All facts that a manager needs for a turn, from one check."""

    owner: str
    """The canonical key."""
    report: Report
    """What `taskcheck.check` reports: of the whole store."""
    dispatchable: tuple[Task, ...]
    """The tasks that the person's manager may dispatch; see the function of that name."""
    running: frozenset[str]
    """The tasks in the person's register that a live worker holds, as far as can be told."""
    store: Store
    state: State
    """What the report rests on."""

    def is_own(self, task: str) -> bool:
        """Return whether the person may dispatch a task; False if the task doesn't exist."""
        found = self.state.tasks.get(task)
        return found is not None and is_own(self.state, found, self.owner)


def turn(owner: str, *, root: Root = ".") -> Turn:
    """Return all facts that a manager needs for a turn: dispatchable tasks, active workers, contradictions.

    `taskcheck.ledgers` takes the turn in the owner's place, and then reads nothing but the register again.

    Raises:
        UnknownOwner: as `canonical`.
    """
    store = open_store(Where(root=Path(root)))
    seen = check_settled(store, Request())
    state = seen.state
    if isinstance(state.people, Unavailable):
        raise UsageError(state.people.reason)
    key = person(state.people, owner)
    return Turn(
        owner=key,
        report=seen.report,
        dispatchable=tuple(task for task in state.tasks if refusal(state, seen.report, task, key) is None),
        running=held(state, key),
        store=store,
        state=state,
    )


def canonical(name: str, *, root: Root = ".") -> str:
    """Return the key of the person that a spelling means.

    Spellings are folded (NFKC, case, a leading ``@``, and ``.``, ``-``, ``_`` and spaces dropped), never guessed.

    Raises:
        UnknownOwner: it means nobody, or a role.
    """
    return person(_people(root)[1], name)


def manager_paths(owner: str, *, root: Root = ".") -> ManagerPaths:
    """Return the paths of the state of a person's manager, for any spelling of the person.

    Raises:
        UnknownOwner: as `canonical`.
    """
    store, people = _people(root)
    return paths_of(store, person(people, owner))


def route(task: str, *, root: Root = ".") -> RoutedTo:
    """Return who may dispatch a task, and why; ``person`` is None if nobody may.

    Raises:
        UsageError: there is no such task.
    """
    state = open_store(Where(root=Path(root))).read_ledgers()
    return routed(state, task_named(state, task))


def dispatchable(owner: str, *, root: Root = ".") -> tuple[Task, ...]:
    """Return the tasks that the manager of a person may dispatch now, in the order of their paths.

    They are ready, or in work and their worker is gone; they route to that person; what they depend on is done; no live
    worker and no other register holds them; and no error says that their ledgers disagree. `taskcheck run` accepts
    just these.

    Raises:
        UnknownOwner: as `canonical`.
    """
    return turn(owner, root=root).dispatchable


def entries_of(state: State, key: str) -> list[Entry]:
    """Return the entries of a person's registers."""
    return [entry for entry in state.known_entries if entry.manager == key]


def held(state: State, key: str) -> frozenset[str]:
    """Return the tasks in a person's registers that a live worker holds, as far as can be told."""
    dispatches = state.dispatches
    if isinstance(dispatches, Unavailable):
        return frozenset()
    return frozenset(entry.task for entry in entries_of(state, key) if dispatches.held(entry))


def person(people: People, name: str) -> str:
    """Return the key of the person that a spelling means.

    Raises:
        UnknownOwner: it means nobody, or a role.
    """
    key = people.person(name)
    if key is None:
        if people.resolve(name):
            raise UnknownOwner(f"{name} is a role: name the person who acts for it")
        close = " or ".join(people.suggestions(name))
        hint = f"; did you mean {close}?" if close else ""
        raise UnknownOwner(f"{name or 'an empty name'} isn't a declared person{hint}")
    return key


def paths_of(store: Store, key: str) -> ManagerPaths:
    """Return the paths of the manager of a person, by canonical key.

    Raises:
        Obstacle: one leads out of the root checkout.
    """

    def path(pattern: str) -> Path | None:
        return resolved(store.location.root, Pattern(pattern).fill(owner=key)) if pattern else None

    settings = store.settings
    return ManagerPaths(
        owner=key,
        register=path(settings.paths.registers),
        snapshot=path(settings.paths.snapshots),
        lock=path(settings.locks),
    )


def _people(root: Root) -> tuple[Store, People]:
    store = open_store(Where(root=Path(root)))
    return store, store.people().people
