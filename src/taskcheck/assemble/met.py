"""What may be the file of a task that root hasn't: on disk and not read as one, or in other commits; pure."""

from collections.abc import Collection, Iterable, Iterator

from taskcheck.documents.frozen import replace
from taskcheck.model.history import Met
from taskcheck.model.sources import Sources, Unavailable
from taskcheck.model.tasks import LOCK, Tasks


def with_met(tasks: Tasks, sources: Sources, absent: Collection[str]) -> Tasks:
    """Return root's tasks, with which of their files are edited, and what may be those of tasks that are absent."""
    met = tuple(_met(tasks, sources)) if absent else ()
    return replace(tasks, edited=_edited(sources.met), met=met)


def _edited(met: Iterable[str]) -> frozenset[str]:
    """Return the paths of files beside which an editor's lock lies."""
    found = set()
    for path in met:
        folder, slash, name = path.rpartition("/")
        if name.startswith(LOCK):
            found.add(f"{folder}{slash}{name.removeprefix(LOCK)}")
    return frozenset(found)


def _met(tasks: Tasks, sources: Sources) -> Iterator[Met]:
    """Yield it: what couldn't be looked at, what is on disk, what other commits have."""
    for error in sources.errors:
        yield Met("", f"not all was looked at: {error}", holds_any=True)
    for path in sorted({*sources.met, *tasks.without_status.values()}):
        yield Met(path, f"{path} may be it, and isn't read as a task")
    if not isinstance(sources.git, Unavailable):
        yield from sources.git.strays
