"""Sources as they would be with some files changed; pure. What git and the process table answered stays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.sources import (
    CheckoutSource,
    Fork,
    Repository,
    Source,
    Sources,
)


def contents(sources: Sources) -> dict[str, bytes]:
    """The files of the root checkout that taskcheck may write, by path: task files and runtime ledgers."""
    files = (*sources.tasks, *sources.registers, *sources.snapshots, *sources.tombstones)
    return {source.path: source.data for source in files if source.data is not None}


def overlaid(sources: Sources, files: Mapping[str, bytes | None], settings: Settings, mtime_ns: int) -> Sources:
    """The sources with some files of the root checkout as they would be, written at a moment; None removes one."""

    def laid(held: Iterable[Source], pattern: str = "") -> tuple[Source, ...]:
        by_path = {source.path: source for source in held}
        for path, data in files.items():
            if path in by_path:
                by_path[path] = replace(by_path[path], data=data, trouble=None, mtime_ns=mtime_ns)
            elif pattern and (match := Pattern(pattern).match(path)):
                by_path[path] = Source(path=path, data=data, mtime_ns=mtime_ns, name=match[match.lastgroup or 0])
        return tuple(source for path, source in sorted(by_path.items()) if files.get(path, b"") is not None)

    before = contents(sources)
    git = sources.git
    if isinstance(git, Repository):
        git = replace(git, checkouts=tuple(_beside(held, files, before) for held in git.checkouts))
    return replace(
        sources,
        tasks=laid(sources.tasks),
        registers=laid(sources.registers, settings.paths.registers),
        snapshots=laid(sources.snapshots, settings.paths.snapshots),
        tombstones=laid(sources.tombstones, settings.paths.tombstones),
        git=git,
    )


def _beside(held: CheckoutSource, files: Mapping[str, bytes | None], before: Mapping[str, bytes]) -> CheckoutSource:
    """Another checkout beside the changed root: it holds the copies that differ from root, now of other files.

    A copy that was as root's is taken to have come from there: it never changed what root had until now.
    """
    differing = dict(held.files)
    bases = {}
    for path, data in files.items():
        if path not in before or path in held.absent:
            continue
        copy = differing.get(path) or Source(path=path, data=before[path])
        if copy.data == data:
            differing.pop(path, None)
            continue
        if path not in differing:
            bases[path] = before[path]
        differing[path] = copy
    fork = held.fork
    if bases and isinstance(fork, Fork):
        fork = replace(fork, base_files={**bases, **fork.base_files})
    return replace(held, files=differing, fork=fork)
