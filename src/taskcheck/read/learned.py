"""What one look at a store takes from the looks before it, and what it leaves to remember to the next one."""

from collections.abc import Iterable, Mapping

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.documents.shape import JsonTasks
from taskcheck.model.memory import NOTHING_KNOWN, UNSETTLED, Front, Heard, Memory, Seen, Silence
from taskcheck.model.sources import Repository, Source, Sources
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.read.cached import cache_for, file_name, key_of, read_memory, write_memory
from taskcheck.read.locate import Location
from taskcheck.read.recall import Recall, packed, settled
from taskcheck.write.cache import Cache

_MAY_CHANGE = "it may be written again"
"""In the place of what rules looked at beside task files, where its stamp doesn't tell that it is the same."""


class Remembering:
    """What is remembered of a store, for one look at it: nothing rests on it but how long that takes."""

    def __init__(self, location: Location, settings: Settings, rules: Iterable[str], cache: Cache) -> None:
        """Take what is remembered of a store.

        Args:
            location: where it is.
            settings: how it is configured.
            rules: folders of the built-in rules.
            cache: the user's.
        """
        self._location, self._cache = location, cache
        self.recall = Recall(location.root, read_memory(cache, location, key_of(settings, rules)))

    @classmethod
    def of(cls, location: Location, settings: Settings, rules: Iterable[str]) -> "Remembering | None":
        """Return what is remembered; None where there is no place for it, or a file holds many tasks."""
        cache = None if isinstance(settings.shape, JsonTasks) else cache_for(location)
        if cache is None:
            return None
        try:
            return cls(location, settings, rules, cache)
        except OSError:  # our own files can't be looked at: they may lie in an archive
            return None

    def silence(self, sources: Sources) -> Silence:
        """Return which rules had nothing to say of what is as it was, once it is known which files are."""
        memory = self.recall.memory
        if memory.beside != beside(sources):
            return NOTHING_KNOWN
        return Silence(
            rules=memory.silent if self.recall.is_whole else frozenset(),
            rules_by_task=memory.asked,
            tasks=self.recall.remembered.fronts.keys() - memory.loud,
        )

    def keep(self, sources: Sources, state: State, heard: Heard) -> None:
        """Remember what a look has learned.

        Args:
            sources: what was read.
            state: what it was taken for.
            heard: what all built-in rules said for which the configuration asks.
        """
        loud = frozenset(task.place.path for task in state.tasks if task.id in heard.loud) if heard.loud else heard.loud
        files = learned(self.recall, sources, state, self._location.prefix)
        memory = replace(files, asked=heard.asked, loud=loud, silent=heard.silent)
        if memory == self.recall.memory:
            self._cache.used(file_name(self._location.root))
        elif memory.stamps.strip(b"\0"):
            write_memory(self._cache, self._location, memory)


def learned(recall: Recall, sources: Sources, state: State, prefix: str) -> Memory:
    """Return what is to be remembered of the files; of what rules said, nothing yet.

    Args:
        recall: what was remembered before.
        sources: what was read.
        state: what it was taken for.
        prefix: the store's folder within a checkout.
    """
    files = recall.memory
    if sources.tasks or not recall.is_whole:
        files = _files(recall, sources, state)
    return replace(
        files,
        git=sources.git.git if isinstance(sources.git, Repository) else "",
        blobs=_blobs(files.paths, recall, sources),
        beside=_settled_beside(sources, recall.settled_ns),
        worktrees=_worktrees(sources, prefix),
    )


def beside(sources: Sources) -> str:
    """Return what rules look at beside task files: the stamps of the team files and the board, the markers."""
    files = [(source.path, packed(source.stamp).hex()) for source in _beside_tasks(sources)]
    markers = [(pattern, marker.path) for pattern, marker in sources.markers]
    return repr((files, markers))


def _settled_beside(sources: Sources, settled_ns: int) -> str:
    """Return the same, where none of the files was written just now."""
    if all(settled(packed(source.stamp), settled_ns) for source in _beside_tasks(sources)):
        return beside(sources)
    return _MAY_CHANGE


def _beside_tasks(sources: Sources) -> Iterable[Source]:
    """Return the team files, and the board where there is one."""
    return filter(None, (*sources.people, *sources.roles, sources.board))


def _files(recall: Recall, sources: Sources, state: State) -> Memory:
    """Return what there is to remember of root's task files."""
    read = {source.path: source for source in sources.tasks}
    tasks = {task.place.path: task for task in (*state.tasks, *state.tasks.archived)}
    known = recall.remembered
    paths = []
    stamps = []
    fronts: list[Front | bool] = []
    front: Front | bool
    for path in recall.listing.stamps:
        if path in known.fronts:
            stamp, front = packed(known.stamps[path]), known.fronts[path]
        elif path in read:
            stamp, front = _stamp(read[path], recall.settled_ns), _front(read[path], tasks.get(path))
        else:  # it was removed meanwhile
            continue
        paths.append(path)
        stamps.append(stamp)
        fronts.append(front)
    return replace(recall.memory, paths=tuple(paths), stamps=b"".join(stamps), fronts=tuple(fronts))


def _stamp(source: Source, settled_ns: int) -> bytes:
    """Return the stamp of a file that was read, if it tells that the file is the same."""
    stamp = packed(source.stamp)
    return stamp if settled(stamp, settled_ns) else UNSETTLED


def _front(source: Source, task: Task | None) -> Front | bool:
    """Return the values of a file that was read; False where there is more to tell of it than these."""
    if source.data is None:
        return False
    if task is None:
        return None
    if task.document is None or task.trouble is not None:
        return False
    return task.document.values


def _blobs(paths: tuple[str, ...], recall: Recall, sources: Sources) -> tuple[str, ...]:
    """Return the ids of root's files, as far as somebody had need of them."""
    known: Mapping[str, str] = recall.remembered.blobs
    if isinstance(sources.git, Repository) and sources.git.blobs:
        known = sources.git.blobs
    return tuple(known.get(path, "") for path in paths) if known else ()


def _worktrees(sources: Sources, prefix: str) -> dict[str, Seen]:
    """Return the worktrees that can be told by their stamps, by the path of the store's folder in them."""
    found: dict[str, Seen] = {}
    if isinstance(sources.git, Repository):
        for checkout in sources.git.checkouts:
            if checkout.path is not None and checkout.seen is not None:
                found[str(checkout.path / prefix)] = checkout.seen
    return found
