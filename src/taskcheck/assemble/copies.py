"""The task files of other checkouts that differ from root's, with what history knows of both."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from taskcheck.assemble.tasks import TaskReader
from taskcheck.model.sources import CheckoutSource, Fork, Source, Sources, Unavailable
from taskcheck.model.state import Checkouts, Tasks
from taskcheck.model.task import Checkout, Copy, Task


def parse_copies(sources: Sources, reader: TaskReader, tasks: Tasks, checkouts: Checkouts) -> tuple[Copy, ...]:
    """Return the differing task files of live checkouts; those of tasks that root doesn't have come too.

    What a checkout has as its base had it, and root has changed since, says nothing but where it is the task's own:
    every worktree is behind in every task that moved after it was made.
    """
    if isinstance(sources.git, Unavailable):
        return ()
    root_by_path = {task.place.path: task for task in tasks}
    parser = _CopyParser(
        reader=reader,
        checkouts=checkouts,
        root_by_path=root_by_path,
        root_paths={task.id: task.place.path for task in root_by_path.values()},
        version=cache(reader.version),  # the worktrees of one base hold the same bytes
    )
    by_name = {checkout.name: checkout for checkout in checkouts}
    copies: list[Copy] = []
    for held in sources.git.checkouts:
        checkout = by_name.get(held.name)
        if checkout is not None and checkout.live:
            copies.extend(parser.copies(held, checkout))
    return tuple(copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CopyParser:
    """Makes copies of the files of one checkout after the other."""

    reader: TaskReader
    checkouts: Checkouts
    root_by_path: Mapping[str, Task]
    root_paths: Mapping[str, str]
    """Where root has each task, by id."""
    version: Callable[[bytes, str, str], Task | None]
    """The reader's, which remembers what it was asked."""

    def copies(self, held: CheckoutSource, checkout: Checkout) -> Iterator[Copy]:
        """Yield the copies in one checkout."""
        for source in held.files.values():
            root = self.root_by_path.get(source.path)
            if root is not None and self._is_only_behind(source, checkout, root):
                continue
            task = self.reader.read(source, held.name)
            if task is None or self.reader.archived(source.path):
                continue
            if task.document is None and root is not None:
                task = replace(task, id=root.id)
            paths = {source.path, self.root_paths.get(task.id, source.path)}
            yield _copy(task, source, checkout, self.reader, paths)

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
