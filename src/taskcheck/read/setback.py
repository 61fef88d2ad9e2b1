"""Whether root has files again as they were before something landed, wherever they lie by now."""

import os
from collections.abc import Iterable, Mapping, Sequence
from posixpath import basename

from taskcheck.read.history import History, seen_from_first_parent
from taskcheck.read.lineage import only
from taskcheck.read.rawdiff import Delta

MOST_COMMITS = 2_000
"""Commits of root's own line that are searched for renamings."""


def set_back(history: History, deltas: Iterable[Delta], since: str) -> str | None:
    """Return, in words, a file that root has again as it was before some changes; task files left out.

    A file that was renamed since, with the bytes that it had, is looked for where it lies by now.

    Args:
        history: of root.
        deltas: the changes, the newest first.
        since: the commit that brought them into root.

    Raises:
        GitError: git can't tell.
    """
    earlier: dict[str, set[str | None]] = {}
    made: dict[str, str | None] = {}
    for delta in deltas:
        if not history.is_task(delta.path):
            earlier.setdefault(delta.path, set()).add(delta.before)
            made.setdefault(delta.path, delta.after)
    places = whereabouts(history, _missing(history, made), since)
    now = history.at_root({*earlier, *places.values()})
    for path in sorted(earlier, key=os.fsencode):
        place = places.get(path, path)
        blob = now.get(place)
        if blob in earlier[path] and blob != made[path]:
            return f"{place} is again as it was before"
    return None


def _missing(history: History, made: Mapping[str, str | None]) -> list[str]:
    """Return those of some files, given with their blobs, that root hasn't in their places any more."""
    now = history.at_root(made)
    there = filter(made.get, made)
    return [path for path in there if path not in now]


def whereabouts(history: History, paths: Iterable[str], since: str) -> dict[str, str]:
    """Return those of some files that root's own line renamed since a commit, with where they lie by now.

    Raises:
        GitError: git can't tell.
    """
    places = {path: path for path in paths}
    if not places:
        return {}
    graph = history.graph
    later = graph.newest_of(history.mainline & history.since(since), MOST_COMMITS)
    steps = [seen_from_first_parent(graph, number) for number in graph.members(later)]
    deltas = history.git.deltas
    deltas.load(steps)
    for step in reversed(steps):
        renamed = _renamed(deltas.told(step), places.values())
        for path, place in places.items():
            places[path] = renamed.get(place, place)
    return {path: place for path, place in places.items() if place != path}


def _renamed(made: Sequence[Delta], places: Iterable[str]) -> Mapping[str, str]:
    """Return what a commit renamed of the files in some places: what it added has just the bytes that went."""
    gone: dict[str, str | None] = {}
    come: dict[str | None, list[str]] = {}
    for path, before, after in made:
        if before is None:
            come.setdefault(after, []).append(path)
        elif after is None:
            gone[path] = before
    renamed = {}
    for path in gone.keys() & set(places):
        place = _only(come.get(gone[path], []), path)
        if place is not None:
            renamed[path] = place
    return renamed


def _only(paths: Sequence[str], before: str) -> str | None:
    """Return the only one of some paths, or the only one with the name that a file had before; else None."""
    named_alike = [path for path in paths if basename(path) == basename(before)]
    return only(paths) or only(named_alike)


def is_reverse(commit: Sequence[Delta], change: Sequence[Delta], places: Mapping[str, str]) -> bool:
    """Return whether a commit takes a whole change back, file by file, where the files lie by now.

    Args:
        commit: what it did.
        change: the change, task files left out.
        places: where those of the change's files lie that were renamed.
    """
    undone = set()
    for path, before, after in change:
        place = places.get(path, path)
        undone.add(Delta(place, after, before))
    return undone.issubset(commit)
