"""What trunk says of root's tasks as it was last fetched, where root hasn't all of it."""

from collections.abc import Iterator

from taskcheck.assemble.tasks import TaskReader
from taskcheck.model.checkouts import FetchedTrunk
from taskcheck.model.history import Uncompared
from taskcheck.model.sources import Fetched, Repository, Unavailable
from taskcheck.model.task import Task
from taskcheck.model.tasks import Tasks


def parse_fetched(git: Repository | Unavailable, reader: TaskReader, tasks: Tasks) -> FetchedTrunk | Unavailable:
    """Return trunk as it was last fetched, or why root isn't compared with it."""
    if isinstance(git, Unavailable):
        return git
    if git.fetched is None:
        return Unavailable("root has all that was fetched of trunk")
    fetched = git.fetched
    if isinstance(fetched, Uncompared):
        return Unavailable(f"root isn't compared with {fetched.name}: {fetched.why}")
    return FetchedTrunk(
        name=fetched.name,
        behind=fetched.behind,
        ahead=fetched.ahead,
        takes_back=fetched.takes_back,
        paths=frozenset({*fetched.files, *fetched.absent}),
        tasks=_tasks(fetched, reader, tasks),
        before=dict(_before(fetched, reader, tasks)),
    )


def _tasks(fetched: Fetched, reader: TaskReader, tasks: Tasks) -> dict[str, Task | None]:
    """Return the tasks of the files that trunk changed, by id; None for those that it has put away or removed."""
    found: dict[str, Task | None] = {}
    for path in fetched.absent & tasks.by_path.keys():
        found[tasks.by_path[path].id] = None
    there = {source.path: reader.read(source, f"branch:{fetched.name}") for source in fetched.files.values()}
    for path in there.keys() & tasks.by_path.keys():
        found[tasks.by_path[path].id] = None
    for path, task in there.items():
        if task is not None:
            name = _name(task, tasks.by_path.get(path))
            is_archived = reader.archived(path)
            found[name] = None if is_archived else task
    return found


def _before(fetched: Fetched, reader: TaskReader, tasks: Tasks) -> Iterator[tuple[str, Task]]:
    """Yield the tasks of these files as they were where root's history left trunk, each with its id."""
    for path, source in fetched.before.items():
        task = reader.read(source, f"branch:{fetched.name}")
        if task is not None:
            yield _name(task, tasks.by_path.get(path)), task


def _name(task: Task, at_path: Task | None) -> str:
    """Return the id of a task of trunk: where its file can't be read, that of root's task at its path."""
    is_unreadable = task.document is None
    if is_unreadable and at_path is not None:
        return at_path.id
    return task.id
