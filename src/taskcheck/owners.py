"""Who is who, and who may dispatch what: for managers in Python.

A manager works for one person. It asks here for the person's canonical key before it builds any path of it, and for the
tasks that are that person's to dispatch: by explicit ownership, never by exclusion.

Every function looks at the store that ``root`` lies in, as it is now. All raise what `taskcheck.check` does where the
store can't be read: `ConfigError` (people or configuration), `UsageError` (no people declared), `NotADirectoryError`.
"""

from os import PathLike
from pathlib import Path

from taskcheck.assemble.parse import Parsed
from taskcheck.checks import look
from taskcheck.config.pattern import Pattern
from taskcheck.config.people import RoutedTo
from taskcheck.dispatch.eligible import refusal, route as routed
from taskcheck.dispatch.start import task_named
from taskcheck.documents.frozen import frozen
from taskcheck.model.task import Task
from taskcheck.store import (
    Request,
    Store,
    Where,
    open_store,
)
from taskcheck.write.disk import resolved

__all__ = ["ManagerPaths", "RoutedTo", "UnknownOwner", "canonical", "dispatchable", "manager_paths", "route"]

Root = str | PathLike[str]


class UnknownOwner(LookupError):
    """A name that means no declared person; the message names those that may be meant."""


@frozen(kw_only=True)
class ManagerPaths:
    """Where a manager keeps its state; absolute paths, None for what isn't configured."""

    owner: str
    """The canonical key."""
    register: Path | None
    snapshot: Path | None
    lock: Path | None
    """What it locks while it writes either."""


def canonical(name: str, *, root: Root = ".") -> str:
    """Return the key of the person that a spelling means.

    Spellings are folded (NFKC, case, a leading ``@``, and ``.``, ``-``, ``_`` and spaces dropped), never guessed.

    Raises:
        UnknownOwner: it means nobody, or a role.
    """
    return person(_people(root)[1], name)


def manager_paths(owner: str, *, root: Root = ".") -> ManagerPaths:
    """Return where the manager of a person keeps its state, by any spelling of the person.

    Raises:
        UnknownOwner: as `canonical`.
    """
    store, parsed = _people(root)
    return paths_of(store, person(parsed, owner))


def route(task: str, *, root: Root = ".") -> RoutedTo:
    """Return who may dispatch a task, and why; ``person`` is None for nobody.

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
    store, parsed = _people(root)
    key = person(parsed, owner)
    seen = look(store, Request())
    return tuple(task for task in seen.state.tasks if refusal(seen.state, seen.report, task, key) is None)


def person(parsed: Parsed, name: str) -> str:
    """Return the key of the person that a spelling means, by what the store's files say.

    Raises:
        UnknownOwner: it means nobody, or a role.
    """
    people = parsed.people
    key = people.person(name)
    if key is None:
        if people.resolve(name):
            raise UnknownOwner(f"{name} is a role: name the person who acts for it")
        close = " or ".join(people.suggestions(name))
        raise UnknownOwner(f"{name or 'an empty name'} is no declared person{f'; {close}, perhaps?' if close else ''}")
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


def _people(root: Root) -> tuple[Store, Parsed]:
    store = open_store(Where(root=Path(root)))
    return store, store.people()
