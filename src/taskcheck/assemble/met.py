"""What may be the file of a task that root hasn't: on disk and not read as one, or in other commits; pure."""

from collections.abc import Collection, Iterator

from taskcheck.documents.frozen import replace
from taskcheck.documents.shape import file_of
from taskcheck.model.history import Met
from taskcheck.model.sources import Sources, Unavailable
from taskcheck.model.tasks import Tasks


def with_met(tasks: Tasks, sources: Sources, absent: Collection[str]) -> Tasks:
    """Return root's tasks with what may be the files of others, where some are absent."""
    return replace(tasks, met=tuple(_met(tasks, sources))) if absent else tasks


def _met(tasks: Tasks, sources: Sources) -> Iterator[Met]:
    """Yield it: what couldn't be looked at, what is on disk, what other commits have."""
    for error in sources.errors:
        yield Met("", f"not all was looked at: {error}", holds_any=True)
    wanted = {source.path for source in sources.tasks}
    if sources.remembered is not None:
        wanted |= sources.remembered.fronts.keys()
    read = {file_of(task.place.path) for task in (*tasks, *tasks.archived)}
    for path in sorted(sources.met | wanted - read):
        yield Met(path, f"{path} may be it, and isn't read as a task")
    if not isinstance(sources.git, Unavailable):
        yield from sources.git.strays
