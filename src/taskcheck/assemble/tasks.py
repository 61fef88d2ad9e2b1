"""Task files to tasks, and the copies of other checkouts with what history knows of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Trouble, read_front_matter
from taskcheck.model.sources import (
    Fork,
    Source,
    Sources,
    Unavailable,
)
from taskcheck.model.state import Checkouts, Tasks
from taskcheck.model.task import (
    Checkout,
    Copy,
    Place,
    Task,
)


@dataclass(frozen=True)
class TaskReader:
    """Reads task files by the rules of one store."""

    settings: Settings

    def read(self, source: Source, checkout: str = "root") -> Task | None:
        """The task in a file; None when the file is Markdown of another kind."""
        name = self.name(source.path)
        place = Place(path=source.path, checkout=checkout)
        keys = self.settings.fields
        if source.data is None:
            trouble = source.trouble or Trouble("denied", "it could not be read")
            return Task(id=name, place=place, keys=keys, document=None, trouble=trouble)
        try:
            document = read_front_matter(source.data, at_names=self.settings.at_names)
        except DocumentError as error:
            return Task(id=name, place=place, keys=keys, document=None, trouble=error.trouble)
        if document is None or keys["status"] not in document.values:
            return None
        return self._task(document, name, place, source.mtime_ns)

    def name(self, path: str) -> str:
        """The task that a path is: by a pattern's named parts, with the scope before it, else by the file's stem."""
        for pattern in self._naming:
            found = pattern.task(path)
            if found:
                scope, name = found
                return f"{scope}/{name}" if scope else name
        return path.rpartition("/")[2].rpartition(".")[0]

    def archived(self, path: str) -> bool:
        """Whether a task file is put away."""
        return any(pattern.match(path) for pattern in self._archive)

    @cached_property
    def _archive(self) -> tuple[Pattern, ...]:
        return tuple(map(Pattern, self.settings.paths.archive))

    @cached_property
    def _naming(self) -> tuple[Pattern, ...]:
        return tuple(Pattern(text) for text in self.settings.paths.tasks if "{" in text)

    def _task(self, document: Document, name: str, place: Place, mtime_ns: int | None) -> Task:
        keys = self.settings.fields
        named = document.values.get(keys["id"]) if "id" in keys else None
        status = document.values.get(keys["status"])
        return Task(
            id=named if isinstance(named, str) and named else name,
            place=place,
            keys=keys,
            document=document,
            trouble=document.trouble,
            stage=self.settings.stage(status) if isinstance(status, str) else None,
            mtime_ns=mtime_ns,
        )

    def version(self, data: bytes, path: str, checkout: str) -> Task | None:
        """A readable task from a past version of a file; None for anything else."""
        task = self.read(Source(path=path, data=data), checkout)
        return task if task and task.document else None


def read_tasks(sources: Sources, reader: TaskReader) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    """Root's tasks, in the order of their paths; and those that are put away."""
    here: list[Task] = []
    away: list[Task] = []
    for source in sources.tasks:
        task = reader.read(source)
        if task is not None:
            (away if reader.archived(source.path) else here).append(task)
    return tuple(here), tuple(away)


def read_copies(sources: Sources, reader: TaskReader, tasks: Tasks, checkouts: Checkouts) -> tuple[Copy, ...]:
    """The differing task files of live checkouts; those of tasks that root doesn't have come too.

    What a checkout has as its base had it, and root has changed since, says nothing but where it is the task's own:
    every worktree is behind in every task that moved after it was made.
    """
    if isinstance(sources.git, Unavailable):
        return ()
    by_name = {checkout.name: checkout for checkout in checkouts}
    by_path = {task.place.path: task for task in tasks}
    paths = {task.id: task.place.path for task in by_path.values()}
    version = cache(reader.version)  # the worktrees of one base hold the same bytes
    copies = []
    for held in sources.git.checkouts:
        checkout = by_name.get(held.name)
        if checkout is None or not checkout.live:
            continue
        for source in held.files.values():
            root = by_path.get(source.path)
            if root is not None and source.data is not None and _as_at_base(source, checkout):
                before = version(source.data, source.path, "root")
                if before and before.id == root.id and checkouts.of(root.id) != checkout:
                    continue
            task = reader.read(source, held.name)
            if task is None or reader.archived(source.path):
                continue
            if task.document is None and root is not None:
                task = replace(task, id=root.id)
            copies.append(_copy(task, source, checkout, reader, {source.path, paths.get(task.id, source.path)}))
    return tuple(copies)


def _as_at_base(source: Source, checkout: Checkout) -> bool:
    return isinstance(checkout.fork, Fork) and checkout.fork.base_files.get(source.path) == source.data


def _copy(task: Task, source: Source, checkout: Checkout, reader: TaskReader, paths: set[str]) -> Copy:
    fork = checkout.fork
    if not isinstance(fork, Fork):
        return Copy(task=task, checkout=checkout, base=None, root_versions=(), own_versions=())

    @cache
    def at_base(path: str) -> Task | None:
        return reader.version(fork.base_files[path], path, checkout.name)

    # Its own paths first; then the file that was moved since, which still has its name and id.
    candidates = [path for path in sorted(fork.base_files) if path in paths]
    candidates += [path for path in sorted(fork.base_files) if path not in paths]
    base = next((found for path in candidates if (found := at_base(path)) and found.id == task.id), None)
    paths = paths | ({base.place.path} if base else set())
    return Copy(
        task=task,
        checkout=checkout,
        base=base,
        root_versions=_versions(fork.root_versions, paths, task.id, reader, "root"),
        own_versions=_versions(fork.own_versions, paths, task.id, reader, checkout.name),
        changed=source.data is None or source.data != fork.base_files.get(base.place.path if base else source.path),
    )


def _versions(
    versions: Mapping[str, tuple[bytes, ...]],
    paths: Iterable[str],
    task: str,
    reader: TaskReader,
    checkout: str,
) -> tuple[Task, ...]:
    read = (reader.version(data, path, checkout) for path in sorted(paths) for data in versions.get(path, ()))
    return tuple(version for version in read if version is not None and version.id == task)
