"""The task files of other checkouts that differ from root's, with what history knows of both."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain

from taskcheck.assemble.renames import RenameReader
from taskcheck.assemble.tasks import TaskReader
from taskcheck.assemble.versions import Ancestry, same_task
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.checkouts import Checkouts, Copies
from taskcheck.model.sources import CheckoutSource, Fork, Source, Sources, Unavailable
from taskcheck.model.task import Checkout, Copy, Task, Tie
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
        checkout = by_name[held.name]
        if checkout.live:
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
        self._own: dict[str, list[str]] = {}
        """The tasks whose own each checkout is."""
        for task, checkout in checkouts.by_task.items():
            self._own.setdefault(checkout.name, []).append(task)
        self._same: set[tuple[str, str]] = set()
        """Files, as path and blob, that were of the task that root has there by now."""

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
        renamed = RenameReader(self.reader, self.tasks).in_checkout(held)
        reader = self.reader.following(renamed)
        ancestry = Ancestry(version=self.version, held=held, tasks=self.tasks)
        for source in (*held.files.values(), *self._behind(held)):
            at_path = self.tasks.by_path.get(source.path)
            if at_path is not None and self._is_only_behind(source, checkout, at_path):
                continue
            task = reader.read(source, held.name)
            if task is None or self.reader.archived(source.path):
                continue
            if task.document is None and at_path is not None:
                task = replace(task, id=at_path.id)
            self._take(task, source, checkout, ancestry, reader)

    def _behind(self, held: CheckoutSource) -> Iterator[Source]:
        """Yield the files in which a checkout is merely behind and that count all the same.

        Those are of tasks whose own it is, and of other tasks than root has there by now.
        """
        paths = {path for path, _ in held.behind.blobs.items() - self._same if not self._is_same(held, path)}
        own = (self.tasks.all_of(task) for task in self._own.get(held.name, ()))
        paths |= {task.place.path for tasks in own for task in tasks}
        for path in sorted(paths):
            source = held.behind.get(path)
            if source is not None:
                yield source

    def _is_same(self, held: CheckoutSource, path: str) -> bool:
        """Return whether a file was that of the task that root has there by now; noted, for many checkouts have it."""
        blob = held.behind.blobs[path]
        root = self.tasks.by_path.get(path)
        before = self.version(held.behind.contents[blob], path, "root")
        if before is None or root is None or before.id != root.id:
            return False
        self._same.add((path, blob))
        return True

    def _take(self, task: Task, source: Source, checkout: Checkout, ancestry: Ancestry, reader: TaskReader) -> None:
        """Tell whose version a file is."""
        if ancestry.is_archived(task):
            return
        candidates = self.tasks.all_of(task.id)
        likely = {root.place.path: ancestry.likeness(task, root) for root in candidates}
        root = next((root for root in candidates if likely[root.place.path]), None)
        paths = {source.path, root.place.path} if root else {source.path}
        copy = _copy(task, source, checkout, reader, paths, ancestry.base_files)
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


def _copy(
    task: Task,
    source: Source,
    checkout: Checkout,
    reader: TaskReader,
    paths: set[str],
    base_files: Callable[[str], Mapping[str, bytes]],
) -> Copy:
    """Return a task as a checkout has it, with its versions under some paths in root's history and its own."""
    fork = checkout.fork
    if not isinstance(fork, Fork):
        return Copy(task=task, checkout=checkout, base=None, root_versions=(), own_versions=())
    known = base_files(source.path)
    base = _at_base(task, known, checkout, reader, paths)
    if base is not None:
        paths = {*paths, base.place.path}
    base_path = base.place.path if base is not None else source.path
    return Copy(
        task=task,
        checkout=checkout,
        base=base,
        root_versions=_versions(fork.root_versions, paths, task.id, reader, "root"),
        own_versions=_versions(fork.own_versions, paths, task.id, reader, checkout.name),
        changed=source.data is None or source.data != known.get(base_path),
    )


def _at_base(
    task: Task, base_files: Mapping[str, bytes], checkout: Checkout, reader: TaskReader, paths: set[str]
) -> Task | None:
    """Return a task as it was at the merge-base; None where it wasn't there."""
    # Its own paths first; then the file that was moved since, which still has its name and id.
    own = [path for path in sorted(paths) if path in base_files]
    others = (path for path in base_files if path not in paths)
    for path in chain(own, others):
        found = reader.version(base_files[path], path, checkout.name)
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


def tied_copies(found: Found, checkouts: Checkouts) -> Copies:
    """Return copies by task; where a checkout has several of its own task, the first is that task's.

    Where nothing names a task's checkout, the only one that changed its file is presumed to be its own.
    """
    changed: dict[str, set[str]] = {}
    for copy in found.versions:
        if copy.changed:
            changed.setdefault(copy.task.id, set()).add(copy.checkout.name)
    copies = []
    own: dict[str, Copy] = {}
    for copy in found.versions:
        tied = replace(copy, tie=_tie(copy, checkouts, changed.get(copy.task.id, set())))
        copies.append(tied)
        if tied.tie is not None:
            own.setdefault(tied.task.id, tied)
    by_task = _by_task(copies)
    return Copies(tuple(copies), by_task, own, found.seconds)


def _tie(copy: Copy, checkouts: Checkouts, changed: set[str]) -> Tie | None:
    """Return by what a copy's checkout is the task's own; None where it isn't.

    Args:
        copy: the copy.
        checkouts: which checkout is whose.
        changed: names of the checkouts that changed this task's file.
    """
    named = checkouts.of(copy.task.id)
    if named is not None:
        return checkouts.tie(copy.task.id) if named == copy.checkout else None
    return Tie.PRESUMED if changed == {copy.checkout.name} else None


def _by_task(copies: Iterable[Copy]) -> Mapping[str, tuple[Copy, ...]]:
    """Return the copies of each task, in their order."""
    found: dict[str, list[Copy]] = {}
    for copy in copies:
        found.setdefault(copy.task.id, []).append(copy)
    return {task: tuple(of_task) for task, of_task in found.items()}
