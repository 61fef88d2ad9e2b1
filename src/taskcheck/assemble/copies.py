"""The task files of other checkouts that differ from root's, with what history knows of both."""

from collections.abc import Callable, Mapping
from functools import cache

from taskcheck.assemble.tasks import TaskReader
from taskcheck.assemble.versions import Ancestry, same_task
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.sources import CheckoutSource, Fork, Source, Sources, Unavailable
from taskcheck.model.task import Checkout, Copy, Task
from taskcheck.model.tasks import Tasks


@frozen
class Found:
    """The task files of other checkouts: versions of root's tasks or of new ones, and those of other tasks."""

    versions: tuple[Copy, ...] = ()
    seconds: tuple[Copy, ...] = ()
    """Files that have the id of another task."""


def parse_copies(sources: Sources, reader: TaskReader, tasks: Tasks, checkouts: Checkouts) -> Found:
    """Return the differing task files of live checkouts; those of tasks that root doesn't have come too.

    What a checkout has as its base had it, and root has changed since, says nothing but where it is the task's own:
    every worktree is behind in every task that moved after it was made.
    """
    if isinstance(sources.git, Unavailable):
        return Found()
    parser = _CopyParser(
        reader=reader,
        checkouts=checkouts,
        tasks=tasks,
        version=cache(reader.version),  # the worktrees of one base hold the same bytes
    )
    by_name = {checkout.name: checkout for checkout in checkouts}
    for held in sources.git.checkouts:
        checkout = by_name.get(held.name)
        if checkout is not None and checkout.live:
            parser.read(held, checkout)
    return parser.found()


class _CopyParser:
    """Makes copies of the files of one checkout after the other."""

    def __init__(
        self,
        *,
        reader: TaskReader,
        checkouts: Checkouts,
        tasks: Tasks,
        version: Callable[[bytes, str, str], Task | None],
    ) -> None:
        self.reader = reader
        self.checkouts = checkouts
        self.tasks = tasks
        self.version = version
        """The reader's, which remembers what it was asked."""
        self.versions: list[Copy] = []
        self.seconds: list[Copy] = []
        self.new: dict[str, list[Copy]] = {}
        """Files of tasks that root doesn't have, by id."""

    def found(self) -> Found:
        """Return all that was read; of several new tasks with one id the first counts, the others are second ones."""
        seconds = list(self.seconds)
        for copies in self.new.values():
            first = copies[0]
            for copy in copies:
                if same_task(first.task, copy.task):
                    self.versions.append(copy)
                else:
                    seconds.append(copy)
        return Found(tuple(self.versions), tuple(seconds))

    def read(self, held: CheckoutSource, checkout: Checkout) -> None:
        """Take the files of one checkout."""
        ancestry = Ancestry(
            reader=self.reader, held=held, root_by_path=self.tasks.by_path, archived=self.tasks.archived
        )
        for source in held.files.values():
            at_path = self.tasks.by_path.get(source.path)
            if at_path is not None and self._is_only_behind(source, checkout, at_path):
                continue
            task = self.reader.read(source, held.name)
            if task is None or self.reader.archived(source.path):
                continue
            if task.document is None and at_path is not None:
                task = replace(task, id=at_path.id)
            self._take(task, source, checkout, ancestry)

    def _take(self, task: Task, source: Source, checkout: Checkout, ancestry: Ancestry) -> None:
        """Tell whose version a file is."""
        if ancestry.is_archived(task):
            return
        candidates = self.tasks.all_of(task.id)
        likely = {root.place.path: ancestry.likeness(task, root) for root in candidates}
        root = next((root for root in candidates if likely[root.place.path]), None)
        paths = {source.path, root.place.path} if root else {source.path}
        copy = _copy(task, source, checkout, self.reader, paths)
        if root is not None:
            self.versions.append(replace(copy, surely=likely[root.place.path] == "sure"))
        elif not candidates:
            self.new.setdefault(task.id, []).append(copy)
        elif copy.changed:
            self.seconds.append(copy)

    def _is_only_behind(self, source: Source, checkout: Checkout, root: Task) -> bool:
        """Return whether a checkout that isn't the task's own has a file as its base had it."""
        if source.data is None or not isinstance(checkout.fork, Fork):
            return False
        if checkout.fork.base_files.get(source.path) != source.data:
            return False
        at_base = self.version(source.data, source.path, "root")
        if at_base is None or at_base.id != root.id:
            return False
        return self.checkouts.of(root.id) != checkout


def _copy(task: Task, source: Source, checkout: Checkout, reader: TaskReader, paths: set[str]) -> Copy:
    """Return a task as a checkout has it, with its versions under some paths in root's history and its own."""
    fork = checkout.fork
    if not isinstance(fork, Fork):
        return Copy(task=task, checkout=checkout, base=None, root_versions=(), own_versions=())
    base = _at_base(task, fork, checkout, reader, paths)
    if base is not None:
        paths = {*paths, base.place.path}
    base_path = base.place.path if base is not None else source.path
    return Copy(
        task=task,
        checkout=checkout,
        base=base,
        root_versions=_versions(fork.root_versions, paths, task.id, reader, "root"),
        own_versions=_versions(fork.own_versions, paths, task.id, reader, checkout.name),
        changed=source.data is None or source.data != fork.base_files.get(base_path),
    )


def _at_base(task: Task, fork: Fork, checkout: Checkout, reader: TaskReader, paths: set[str]) -> Task | None:
    """Return a task as it was at the merge-base; None where it wasn't there."""
    # Its own paths first; then the file that was moved since, which still has its name and id.
    for path in sorted(fork.base_files, key=lambda path: (path not in paths, path)):
        found = reader.version(fork.base_files[path], path, checkout.name)
        if found is not None and found.id == task.id:
            return found
    return None


def _versions(
    contents: Mapping[str, tuple[bytes, ...]], paths: set[str], task: str, reader: TaskReader, checkout: str
) -> tuple[Task, ...]:
    """Return the versions of one task under some paths, newest first for each path."""
    versions: list[Task] = []
    for path in sorted(paths):
        for data in contents.get(path, ()):
            version = reader.version(data, path, checkout)
            if version is not None and version.id == task:
                versions.append(version)
    return tuple(versions)
