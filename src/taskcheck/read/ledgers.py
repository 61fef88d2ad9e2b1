"""Step one of reading: root's task files, the runtime ledgers, the team files."""

from collections.abc import Iterable

from taskcheck.config.settings import Settings
from taskcheck.model.sources import (
    Source,
    Sources,
)
from taskcheck.read.files import LOG_TAIL_BYTES, MAX_LEDGER_BYTES, Folder, Globs
from taskcheck.read.locate import Location
from taskcheck.read.recall import Listing, Recall
from taskcheck.read.tasks import TaskPaths, markdown


def read_team(location: Location, settings: Settings) -> Sources:
    """Return the team files alone."""
    folder = Folder(location.root)
    people = _team(folder, settings.paths.people)
    roles = _team(folder, settings.paths.roles)
    return Sources(root=location.root, people=people, roles=roles)


def _team(folder: Folder, globs: Iterable[str]) -> tuple[Source, ...]:
    return tuple(TaskPaths(Globs.of(*globs)).read(folder).values())


def _tasks(folder: Folder, paths: TaskPaths, recall: Recall | None) -> dict[str, Source]:
    """Return root's task files that have to be read, by path."""
    if recall is None:
        return paths.read(folder)
    known = recall.memory.paths
    paths.know(known)
    listing = paths.listing(folder) if known else Listing.of_unknown(path for path, _ in paths.find(folder))
    return paths.read_found(folder, paths.named(recall.take(listing)))


def _beside(folder: Folder, tasks: TaskPaths, settings: Settings) -> tuple[Source, ...]:
    """Return the Markdown beside the task files; nothing where the walk for these met none, and no deeper folder."""
    if not folder.unentered and all(map(tasks.passes_over, markdown(folder.met))):
        return ()
    from taskcheck.read.beside import read_beside

    return read_beside(folder, tasks, settings)


def _board(folder: Folder, settings: Settings) -> Source | None:
    """Return the first file with a map of statuses that is there."""
    for path in settings.board:
        source = folder.read(path, MAX_LEDGER_BYTES)
        if source.trouble is None or source.trouble.kind != "missing":
            return source
    return None


def read_files(location: Location, settings: Settings, recall: Recall | None = None) -> Sources:
    """Step one: root's task files, the runtime ledgers, the team files; of task files what isn't remembered."""
    folder = Folder(location.root)
    task_paths = TaskPaths.of(settings)
    tasks = _tasks(folder, task_paths, recall)
    beside = _beside(folder, task_paths, settings)
    met = frozenset(folder.met)

    def ledger(pattern: str) -> tuple[Source, ...]:
        return tuple(folder.read_all(folder.find(Globs.of(pattern)), MAX_LEDGER_BYTES))

    paths = settings.paths
    return Sources(
        root=location.root,
        tasks=tuple(tasks.values()),
        remembered=recall.remembered if recall is not None else None,
        beside=beside,
        met=met,
        registers=ledger(paths.registers),
        snapshots=ledger(paths.snapshots),
        dispatch_logs=tuple(folder.read_all(folder.find(Globs.of(paths.dispatch_logs)), LOG_TAIL_BYTES, tail=True)),
        tombstones=ledger(paths.tombstones),
        reviews=tuple(Source(path=path, data=None) for path, _ in folder.find(Globs.of(paths.reviews))),
        markers=tuple(
            (marker, Source(path=path, data=None, name=name))
            for marker in settings.markers
            for path, name in folder.find(Globs.of(marker))
        ),
        board=_board(folder, settings),
        people=_team(folder, paths.people),
        roles=_team(folder, paths.roles),
        folders=frozenset(folder.listed),
        errors=tuple(folder.errors),
    )
