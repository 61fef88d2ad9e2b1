"""Reports possible tasks outside of the store's patterns: in its folder, and in the linked worktrees beside it."""

import os
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.values import first_few

if TYPE_CHECKING:
    from taskcheck.assemble.heap import Heap
    from taskcheck.read.locate import Location
    from taskcheck.read.orphans import LinkedWorktree
    from taskcheck.store import Store

SHOWN = 3
"""Number of folders with possible tasks that are named."""

MOST_KEYS = 6


def seen(store: "Store") -> Iterator[str]:
    """Yield the possible tasks here and in linked worktrees; nothing if there are none."""
    from taskcheck.assemble.heap import readable
    from taskcheck.cli.init import has_only_marks

    found = tuple(filter(attrgetter("is_likely"), _heaps(store.location)))
    if found:
        yield f"possible tasks found: {_told(found)}"
        if store.settings.source or has_only_marks(store, found):
            yield "if they are tasks, name them in [paths] tasks in taskcheck.toml, and their format as its preset"
        elif readable(found):
            yield "`taskcheck init` proposes a configuration for it"
    yield from in_worktrees(store)


def in_worktrees(store: "Store") -> Iterator[str]:
    """Yield the linked worktrees that have tasks, with the commands that check them."""
    from taskcheck.read.orphans import linked_worktrees

    for worktree in linked_worktrees(store.location):
        yield from _in_worktree(worktree, store)


def has_store_apart(store: "Store") -> bool:
    """Return whether a linked worktree on an orphan branch has a store of its own."""
    from taskcheck.read.orphans import has_store, linked_worktrees

    known = store.plugins.all_presets().values()
    orphans = (worktree for worktree in linked_worktrees(store.location) if worktree.is_orphan)
    return any(has_store(worktree.path, known) for worktree in orphans)


def _in_worktree(worktree: "LinkedWorktree", store: "Store") -> Iterator[str]:
    """Yield that a linked worktree has tasks, and the command that checks them."""
    from shlex import quote

    from taskcheck.read.locate import Location
    from taskcheck.read.orphans import has_store

    is_store = has_store(worktree.path, store.plugins.all_presets().values())
    shown = os.path.relpath(worktree.path, os.path.realpath(Path.cwd()))
    branch = f"branch {worktree.branch}" if worktree.branch else "no branch"
    place = f"the linked worktree {shown} ({branch})"
    if is_store and worktree.is_orphan:
        yield f"{place} has a store of its own: taskcheck --root {quote(shown)}"
    elif is_store:
        yield f"{place} has tasks; taskcheck checks them as soon as the main checkout has tasks too"
    elif worktree.is_orphan:
        found = _heaps(Location(worktree.path, worktree.path, None))
        if found:
            yield f"{place} has possible tasks, {_told(found)}: taskcheck init --root {quote(shown)}"


def _heaps(location: "Location") -> "tuple[Heap, ...]":
    from taskcheck.assemble.survey import heaps
    from taskcheck.read.survey import survey

    return heaps(survey(location))


def _told(found: "tuple[Heap, ...]") -> str:
    """Return the first folders with possible tasks, with the number of files and their keys."""
    told = [f"{heap.pattern} ({heap.files} with {', '.join(list(heap.keys)[:MOST_KEYS])})" for heap in found]
    return first_few(told, SHOWN, "; ")
