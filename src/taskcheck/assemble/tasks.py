"""Task files to tasks, and those that are put away."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import attrgetter

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Trouble, Value
from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.documents.shape import JsonTasks, element_of, file_of
from taskcheck.model.memory import Remembered
from taskcheck.model.sources import Source, Sources
from taskcheck.model.task import Place, Task
from taskcheck.model.tasks import Tasks, spelling


@frozen(slots=False)
class TaskReader:
    """Reads task files by the rules of one store."""

    settings: Settings
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Paths of files, with the path of the file in root that each is, or was, under another name."""
    root: Tasks | None = None
    """Root's tasks, as which ids are spelled: some tools write the ids of a file in capitals when they change it."""

    @property
    def names_files_by_id(self) -> bool:
        """Whether a task's id is in its file, so that the name of the file doesn't matter."""
        return self.settings.ids_in_files

    def following(self, renamed: Mapping[str, str]) -> "TaskReader":
        """Return one that knows of more files under another name."""
        return replace(self, renamed={**self.renamed, **renamed}) if renamed else self

    def spelling_as(self, tasks: Tasks) -> "TaskReader":
        """Return one that spells the ids of other checkouts and of history as root does."""
        return replace(self, root=tasks)

    def read(self, source: Source, checkout: str = "root") -> Task | None:
        """Return the task in a file; None when the file is Markdown of another kind."""
        found = self.task_or_values(source, checkout)
        return found if isinstance(found, Task) else None

    def task_or_values(self, source: Source, checkout: str = "root") -> Task | Mapping[str, Value]:
        """Return the task in a file, else the values that Markdown of another kind has, which may be none."""
        name = self.name(source.path)
        place = Place(path=source.path, checkout=checkout)
        if source.data is None:
            return self._unread(name, place, source.trouble or Trouble("denied", "it could not be read"))
        try:
            document = self._read(source.path, source.data)
        except DocumentError as error:
            return self._unread(name, place, error.trouble)
        values: Mapping[str, Value] = {} if document is None else document.values
        if document is None or self.settings.fields["status"] not in values:
            return values
        return self._task(document, name, place, source.mtime_ns)

    def _read(self, path: str, data: bytes) -> Document | None:
        """Return the document of a task's file."""
        shape = self.settings.shape
        return shape.of(path).read_task(data) if self._holds_many else shape.read(data)

    @cached_property
    def _holds_many(self) -> bool:
        """Whether a file holds many tasks, each of them under a path of its own."""
        return isinstance(self.settings.shape, JsonTasks)

    def recalled(self, remembered: Remembered) -> Iterator[Task]:
        """Yield the tasks in files of root of which the values are known; Markdown of another kind is left out."""
        from taskcheck.documents.recalled import Recalled

        def whole(path: str) -> Document | None:
            try:
                return self._read(path, remembered.read(path))
            except DocumentError:
                return None

        status = self.settings.fields["status"]
        for path, front in remembered.fronts.items():
            if front is not None and status in front:
                document = Recalled(front, path, whole)
                mtime_ns = remembered.stamps[path][2]
                yield self._task(document, self.name(path), Place(path=path, checkout="root"), mtime_ns)

    def read_all(self, source: Source, checkout: str) -> tuple[Task, ...]:
        """Return the tasks in a file, of which some formats have many."""
        shape = self.settings.shape
        sources: tuple[Source, ...] = (source,)
        if isinstance(shape, JsonTasks):
            from taskcheck.assemble.elements import split

            sources = split(source, shape)
        return tuple(filter(None, (self.read(each, checkout) for each in sources)))

    def version(self, data: bytes, path: str, checkout: str) -> Task | None:
        """Return the readable task of a past version of a file; None for anything else."""
        task = self.read(Source(path=path, data=data), checkout)
        return task if task and task.document else None

    def identity(self, data: bytes, path: str) -> tuple[str, str] | None:
        """Return the id that a task file holds, and its title; None where it has none, or is no task's.

        Beside an id the words of the title will do; without one the title alone tells, to the letter.
        """
        version = self.version(data, path, "root")
        if version is None or version.title_words is None:
            return None
        if self.names_files_by_id:
            return spelling(version.id), version.title_words
        return "", version.title

    def name(self, path: str) -> str:
        """Return the task that a path is: by a pattern's named parts, with the scope before it, else by its stem."""
        return self._spelled(self._name(path))

    def _spelled(self, name: str) -> str:
        """Return an id as root spells it, where that is known."""
        return name if self.root is None else self.root.spellings.get(spelling(name), name)

    def _name(self, path: str) -> str:
        """Return the task that a path is, in the path's own spelling."""
        element = element_of(path) if self._holds_many else None
        if element is not None:
            from taskcheck.documents.jsonlist import unnumbered

            return unnumbered(element)
        path = self.renamed.get(path, path)
        for pattern in self._naming:
            parts = pattern.task(path)
            if parts:
                scope, name = parts
                return f"{scope}/{name}" if scope else name
        return path.rpartition("/")[2].rpartition(".")[0]

    def _scoped(self, own_id: str, path: str) -> str:
        """Return an id that a key holds, with the scope of its path before it where the store's ids have one."""
        if not self.settings.scoped_ids:
            return own_id
        for pattern in self._naming:
            match = pattern.match(path)
            scope = match.groupdict().get("scope") if match else None
            if scope:
                return f"{scope}/{own_id}"
        return own_id

    def archived(self, path: str) -> bool:
        """Return whether a task file is put away."""
        file = file_of(path)
        return any(pattern.match(file) for pattern in self._archive)

    @cached_property
    def _archive(self) -> tuple[Pattern, ...]:
        """The patterns of task files that are put away."""
        return tuple(map(Pattern, self.settings.paths.archive))

    @cached_property
    def _naming(self) -> tuple[Pattern, ...]:
        """The patterns of task files that have named parts."""
        return tuple(Pattern(text) for text in self.settings.paths.tasks if "{" in text)

    def _unread(self, name: str, place: Place, trouble: Trouble) -> Task:
        """Return a task of which nothing is known but where it is and why it can't be read."""
        return Task(id=name, place=place, keys=self.settings.fields, document=None, trouble=trouble)

    def _own_id(self, values: Mapping[str, Value], path: str) -> str | None:
        """Return the id that a file holds, where the store has such a field; None for none."""
        key = self.settings.fields.get("id")
        held = values.get(key) if key is not None else None
        return self._spelled(self._scoped(held, path)) if isinstance(held, str) and held else None

    def id_of(self, values: Mapping[str, Value], path: str) -> str:
        """Return the id that a file would have as a task."""
        return self._own_id(values, path) or self.name(path)

    def _task(self, document: Document, name: str, place: Place, mtime_ns: int | None) -> Task:
        """Return the task of a document; its own id, where the store has such a field, wins over the file's name."""
        keys = self.settings.fields
        status = document.values.get(keys["status"])
        return Task(
            id=self._own_id(document.values, place.path) or name,
            place=place,
            keys=keys,
            document=document,
            trouble=document.trouble,
            stage=self.settings.stage(status) if isinstance(status, str) else None,
            mtime_ns=mtime_ns,
        )


@frozen(kw_only=True)
class RootFiles:
    """Root's files at the paths of tasks."""

    tasks: tuple[Task, ...]
    """In the order of their paths."""
    archived: tuple[Task, ...]
    """Those that are put away."""
    others: Mapping[str, Mapping[str, Value]]
    """The values of files of another kind, by path."""


def parse_tasks(sources: Sources, reader: TaskReader) -> RootFiles:
    """Return root's files at the paths of tasks, those that were read and those that are remembered."""
    found: list[Task] = []
    others: dict[str, Mapping[str, Value]] = {}
    for source in sources.tasks:
        held = reader.task_or_values(source)
        if isinstance(held, Task):
            found.append(held)
        else:
            others[source.path] = held
    remembered = sources.remembered
    if remembered is not None:
        recalled = list(reader.recalled(remembered))
        for path in remembered.fronts.keys() - {task.place.path for task in recalled}:
            others[path] = remembered.fronts[path] or {}
        found = sorted([*found, *recalled], key=attrgetter("place.path"))
    tasks: list[Task] = []
    archived: list[Task] = []
    for task in found:
        if reader.archived(task.place.path):
            archived.append(task)
        else:
            tasks.append(task)
    return RootFiles(tasks=tuple(tasks), archived=tuple(archived), others=others)


def one_file_each(sources: Sources, settings: Settings) -> Sources:
    """Return sources in which every task has a file of its own: as they are, unless a file holds many."""
    if not isinstance(settings.shape, JsonTasks):
        return sources
    from taskcheck.assemble.elements import expanded

    return expanded(sources, settings.shape)


def in_their_files(sources: Sources, settings: Settings) -> dict[tuple[str, str], Document]:
    """Return the tasks of files that hold many, by checkout and path, as documents that know their places there."""
    if not isinstance(settings.shape, JsonTasks):
        return {}
    from taskcheck.assemble.elements import places

    return places(sources, settings.shape)
