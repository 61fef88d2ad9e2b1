"""Sources as they would be with some files changed; pure. What git and the process table answered stays."""

from collections.abc import Iterable, Mapping

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.sources import (
    CheckoutSource,
    Fork,
    Repository,
    Source,
    Sources,
    Unavailable,
)

Written = Mapping[str, bytes | None]
"""Files of the root checkout as they would be, by path; None for one that wouldn't be there."""


def contents(sources: Sources) -> dict[str, bytes]:
    """Return the files of the root checkout that taskcheck may write, by path: task files and runtime ledgers."""
    files = (*sources.tasks, *sources.registers, *sources.snapshots, *sources.tombstones)
    found = {}
    for source in files:
        if source.data is not None:
            found[source.path] = source.data
    return found


def overlaid(sources: Sources, files: Written, settings: Settings, mtime_ns: int) -> Sources:
    """Return the sources with some files of the root checkout as they would be, written at a moment."""
    paths = settings.paths
    return replace(
        sources,
        tasks=_laid_over(sources.tasks, files, mtime_ns),
        registers=_laid_over(sources.registers, files, mtime_ns, paths.registers),
        snapshots=_laid_over(sources.snapshots, files, mtime_ns, paths.snapshots),
        tombstones=_laid_over(sources.tombstones, files, mtime_ns, paths.tombstones),
        git=_git_beside(sources, files),
    )


def _git_beside(sources: Sources, files: Written) -> Repository | Unavailable:
    """Return what git told, with the other checkouts beside the changed root."""
    git = sources.git
    if isinstance(git, Unavailable):
        return git
    before = contents(sources)
    checkouts = tuple(_beside(held, files, before) for held in git.checkouts)
    return replace(git, checkouts=checkouts)


def _laid_over(held: Iterable[Source], files: Written, mtime_ns: int, pattern: str = "") -> tuple[Source, ...]:
    """Return one kind of files as they would be, sorted by path; new ones are those that a pattern matches."""
    by_path = {source.path: source for source in held}
    removed = set()
    for path, data in files.items():
        if data is None:
            removed.add(path)
        if path in by_path:
            before = by_path[path]
            by_path[path] = replace(before, data=data, trouble=None, mtime_ns=mtime_ns)
            continue
        match = Pattern(pattern).match(path) if pattern else None
        if match is not None:
            names = list(match.groupdict().values())
            name = names[-1] if names else path
            by_path[path] = Source(path=path, data=data, mtime_ns=mtime_ns, name=name)
    left = sorted(by_path.keys() - removed)
    return tuple(by_path[path] for path in left)


def _beside(held: CheckoutSource, files: Written, before: Mapping[str, bytes]) -> CheckoutSource:
    """Return another checkout beside the changed root: with the copies that differ from root, now of other files.

    A copy that was as root's is taken to have come from there: it never changed what root had until now.
    """
    differing = dict(held.files)
    bases = {}
    caught_up: set[str] = set()
    for path, data in files.items():
        if path not in before or path in held.absent:
            continue
        behind = held.behind.get(path)
        if behind is not None:
            if behind.data == data:
                caught_up.add(path)
            continue
        copy = held.files.get(path) or Source(path=path, data=before[path])
        if copy.data == data:
            differing.pop(path, None)
            continue
        was_as_root = path not in held.files
        if was_as_root:
            bases[path] = before[path]
        differing[path] = copy
    return replace(held, files=differing, behind=held.behind.without(caught_up), fork=_with_bases(held.fork, bases))


def _with_bases(fork: Fork | Unavailable, bases: Mapping[str, bytes]) -> Fork | Unavailable:
    """Return how a checkout left root's history, with what some files more were at its base."""
    if bases and isinstance(fork, Fork):
        return replace(fork, base_files={**bases, **fork.base_files})
    return fork
