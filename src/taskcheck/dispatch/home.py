"""Which store a worker belongs to: that of its checkout, or one on an orphan branch beside the code it works on."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import first_few
from taskcheck.read.locate import locate, meant
from taskcheck.read.orphans import has_store, linked_worktrees
from taskcheck.read.runner import GitError
from taskcheck.store import Store, UsageError, Where, open_store

SHOWN = 3
"""Of several stores so many are named."""

_ROOT = "TASKCHECK_ROOT"
_CONFIG = "TASKCHECK_CONFIG"
_PRESET = "TASKCHECK_PRESET"


def store_of_worker(where: Where, environment: Mapping[str, str]) -> Store:
    """Return the store that a worker belongs to.

    Where its repository has none at the place that one stands in, it is one on an orphan branch: the one that its run
    told it, else the only one, else the only one whose ledgers name the worktree that one stands in.

    Args:
        where: what is asked for; in a worktree of the code that is the main checkout.
        environment: of the worker, as its run made it: the store's folder, and the configuration or the preset that
            the run was told. It counts for no other store.

    Raises:
        ConfigError, UsageError, GitError, NotADirectoryError: as `open_store`; of several stores none is told.
    """
    told = environment.get(_ROOT)
    as_told = _as_told(where, environment)
    if told and _is_there(where, told):
        where = as_told
    store = open_store(where)
    if _has_one(store):
        return store
    named = _told(store, as_told, told) if told else None
    return named or _only_one(list(_beside(store, where))) or store


def _only_one(found: list[Store]) -> Store | None:
    """Return the only store, or the only one whose ledgers name the worktree that one stands in; None of none.

    Raises:
        UsageError: several are left.
    """
    if len(found) > 1:
        found = list(filter(_names_worktree, found)) or found
    if len(found) > 1:
        raise UsageError(f"{len(found)} worktrees have a store of their own; name one: {_options(found)}")
    return found[0] if found else None


def _is_there(where: Where, told: str) -> bool:
    """Return whether one stands in the store that a run told its worker."""
    try:
        return locate(where.root).root == Path(os.path.realpath(told))
    except (GitError, NotADirectoryError):
        return False


def _as_told(where: Where, environment: Mapping[str, str]) -> Where:
    """Return what is asked for, in the configuration or the format that a run was told, unless the caller names one."""
    is_said = where.preset is not None or where.config is not None
    if is_said:
        return where
    config, preset = environment.get(_CONFIG), environment.get(_PRESET)
    return replace(where, config=Path(config) if config else None, preset=preset or None)


def _has_one(store: Store) -> bool:
    """Return whether a store is one, and not the code alone; or is none that another could lie beside."""
    location = store.location
    if location.top is None or location.code is not None:
        return True
    return has_store(location.root, store.plugins.all_presets().values())


def _told(code: Store, where: Where, told: str) -> Store | None:
    """Return the store that a run told its worker; None where it isn't one beside this code."""
    try:
        store = open_store(replace(where, root=Path(told)))
    except (GitError, NotADirectoryError):
        return None
    return _seen_from(code, store) if store.location.code == code.location.top else None


def _beside(code: Store, where: Where) -> Iterator[Store]:
    """Yield the stores on orphan branches that are checked out beside the code."""
    known = code.plugins.all_presets().values()
    for worktree in linked_worktrees(code.location):
        if worktree.is_orphan and has_store(worktree.path, known):
            yield _seen_from(code, open_store(replace(where, root=worktree.path)))


def _seen_from(code: Store, store: Store) -> Store:
    """Return a store as it is seen from the worktree of the code that one stands in."""
    location = replace(store.location, current=code.location.current)
    return replace(store, location=location)


def _names_worktree(store: Store) -> bool:
    """Return whether an entry or a tombstone of a store names the worktree that one stands in."""
    _, parsed = store.files()
    current = str(store.location.current)
    return any(os.path.realpath(meant(path, store.location.root)) == current for path in parsed.worktree_paths)


def _options(stores: list[Store]) -> str:
    return first_few([f"--root {store.location.root}" for store in stores], SHOWN, ", ")
