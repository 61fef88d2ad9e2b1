"""Which file of another checkout is a version of which of root's tasks: by ancestry, not by the id alone.

Two checkouts can give one id to two tasks, and a store can give the id of an archived task away again. What one file
says is only ever compared with what its own ancestor became.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import CheckoutSource, Fork, Source
from taskcheck.model.task import Task
from taskcheck.model.tasks import Tasks, spelling

Likeness = Literal["sure", "perhaps"]
"""How sure it is that two files are one task's."""


@frozen(kw_only=True, slots=False)
class Ancestry:
    """What is known of the tasks that one checkout and root have, since they parted."""

    version: Callable[[bytes, str, str], Task | None]
    """Reads a version of a task: its bytes, its path, the name of its checkout."""
    held: CheckoutSource
    tasks: Tasks
    """Root's."""

    def likeness(self, task: Task, root: Task) -> Likeness | None:
        """Return how sure it is that a checkout's file is a version of a file of root's with the same id; None if not.

        It is when they have one path, unless their titles differ and both sides made it since they parted, or one took
        it away and made it again, or root renamed the file and made another one in its place; when the file of that id
        at the base is the ancestor of both and stands no longer beside either; when there was none, and root has the
        same title, and once had it where the checkout has its file; and perhaps when root's history once had the
        checkout's path with that id.
        """
        fork = self.held.fork
        if not isinstance(fork, Fork):
            return _sure_if(_at_one_path(task, root) or _alike(task, root))
        bases = self._at_base(task.id)
        if _at_one_path(task, root):
            base = _find_at(root.place.path, bases)
            if base is None or self._may_be_anew(base, root, fork):
                return _sure_if(_may_be_one(task, root))
            return "sure"
        if not bases:
            return _sure_if(_alike(task, root) and self._is_one_of_two_new(task, fork))
        for base in bases:
            if self._is_ancestor_of_both(base, task, root, fork):
                return "sure"
        if self._renamed_in_root(task, fork):
            return "perhaps"
        return None

    def is_archived(self, task: Task) -> bool:
        """Tell whether root has put away the very task that a checkout's file was: its file at the base lies there."""
        fork = self.held.fork
        if not isinstance(fork, Fork):
            return False
        base = _find_at(task.place.path, self._at_base(task.id))
        return base is not None and self._is_put_away(base)

    def base_files(self, path: str) -> Mapping[str, bytes]:
        """Return the files that the comparison of the checkout's file at a path needs of its base, by path."""
        fork = self.held.fork
        known = fork.base_files if isinstance(fork, Fork) else {}
        behind = self.held.behind.get(path)
        if behind is None or behind.data is None:
            return known
        return {path: behind.data, **known}

    def _at_base(self, task: str) -> Sequence[Task]:
        """Return the files that had an id when the checkout left root's history."""
        found = list(self._base_by_id.get(task, ()))
        for root in self.tasks.all_of(task):
            source = self.held.behind.get(root.place.path)
            if source is None:
                continue
            version = self._version_of(source)
            if version is not None and version.id == task:
                found.append(version)
        return found

    def _version_of(self, source: Source) -> Task | None:
        """Return the task that a file of the base was."""
        return self.version(source.data, source.path, "root") if source.data is not None else None

    @cached_property
    def _base_by_id(self) -> Mapping[str, Sequence[Task]]:
        """The files that were there when the checkout left root's history, by the id that they had."""
        found: dict[str, list[Task]] = {}
        fork = self.held.fork
        if not isinstance(fork, Fork):
            return found
        for path, data in fork.base_files.items():
            if path in self.held.behind.blobs:
                continue
            base = self.version(data, path, "root")
            if base is not None:
                those = found.setdefault(base.id, [])
                those.append(base)
        return found

    def _is_ancestor_of_both(self, base: Task, task: Task, root: Task, fork: Fork) -> bool:
        """Tell whether both files grew from one of the base, which stands no longer beside either."""
        if self._stands_beside_root(base, root) or self._stands_beside_task(base, task):
            return False
        became_root = _became(base, root, fork.root_versions.get(root.place.path, ()), fork)
        became_task = _became(base, task, fork.own_versions.get(task.place.path, ()), fork)
        return became_root and became_task

    def _may_be_anew(self, base: Task, root: Task, fork: Fork) -> bool:
        """Tell whether the file at a path of the base was made anew since: either side took it away, or renamed it."""
        return root.place.path in fork.removed or self._went_elsewhere(base, root)

    def _went_elsewhere(self, base: Task, root: Task) -> bool:
        """Tell whether root has the title of a file of the base in a new place, and another title in that file's."""
        title = base.title_words
        if title is None or title == root.title_words:
            return False
        others = self.tasks.by_title.get(title, ())
        return len(others) == 1 and self._is_new_there(others[0])

    def _is_new_there(self, other: Task) -> bool:
        """Tell whether the base had no file where root has one, or one of another title."""
        path = other.place.path
        data = self.base_files(path).get(path)
        if data is None:
            return path in self.held.absent
        before = self.version(data, path, "root")
        return before is not None and _name(before) != _name(other)

    def _is_put_away(self, base: Task) -> bool:
        """Tell whether the task that a file of the base was lies in root's archive, however its id is spelled there.

        The base's is spelled as that of root's task, which may be another one by now.
        """
        own = spelling(base.id)
        return any(spelling(each.id) == own and _has_name_of(base, each) for each in self.tasks.archived)

    def _stands_beside_root(self, base: Task, root: Task) -> bool:
        """Tell whether root still has a file of the base, or its task in the archive, beside a file of its own."""
        if _at_one_path(base, root):
            return False
        there = self.tasks.by_path.get(base.place.path)
        is_there = there is not None and there.id == base.id
        return is_there or self._is_put_away(base)

    def _stands_beside_task(self, base: Task, task: Task) -> bool:
        """Tell whether the checkout still has a file of the base where it was, beside a file of its own."""
        path = base.place.path
        if _at_one_path(base, task):
            return False
        source = self.held.files.get(path) or self.held.behind.get(path)
        if source is not None:
            there = self._version_of(source)
            return there is None or there.id == base.id
        known_in_root = path in self.tasks.by_path
        return known_in_root and path not in self.held.absent

    def _is_committed(self, task: Task, fork: Fork) -> bool:
        """Tell whether the checkout has committed a file that its base didn't have."""
        return bool(fork.own_versions.get(task.place.path))

    def _is_one_of_two_new(self, task: Task, fork: Fork) -> bool:
        """Tell whether a new file of the checkout, and root's of the same title, are one: no other reading is left."""
        return self._was_in_root(task, fork) or not self._is_committed(task, fork)

    def _was_in_root(self, task: Task, fork: Fork) -> bool:
        """Tell whether root took a checkout's new file in since they parted, and has put it elsewhere by now."""
        path = task.place.path
        if path in self.tasks.by_path:
            return False
        versions = (self.version(data, path, "root") for data in fork.root_versions.get(path, ()))
        return any(version is not None and _alike(version, task) for version in versions)

    def _renamed_in_root(self, task: Task, fork: Fork) -> bool:
        """Tell whether root once had the checkout's path with that id, and neither has it there nor put it away."""
        path = task.place.path
        if path in self.tasks.by_path or self.is_archived(task):
            return False
        contents = list(fork.root_versions.get(path, ()))
        if path in fork.base_files:
            contents.append(fork.base_files[path])
        for data in contents:
            version = self.version(data, path, "root")
            if version is not None and version.id == task.id:
                return True
        return False


def same_task(one: Task, other: Task) -> bool:
    """Tell whether files of two checkouts beside root, with one id, are of one task as far as anything tells."""
    if _alike(one, other):
        return True
    return _at_one_path(one, other) and _may_be_one(one, other)


def _sure_if(certain: bool) -> Likeness | None:
    """Return that two files are one task's where that is certain."""
    return "sure" if certain else None


def _at_one_path(one: Task, other: Task) -> bool:
    """Tell whether two checkouts have a file in the same place."""
    return one.place.path == other.place.path


def _find_at(path: str, tasks: Iterable[Task]) -> Task | None:
    """Return the one of some tasks whose file is at a path."""
    for task in tasks:
        if task.place.path == path:
            return task
    return None


def _became(base: Task, now: Task, versions: tuple[bytes, ...], fork: Fork) -> bool:
    """Tell whether another file grew from one of the base: it stayed, or was renamed with its bytes or its title."""
    if _at_one_path(base, now) or _alike(base, now):
        return True
    return fork.base_files.get(base.place.path) in versions


def _alike(one: Task, other: Task) -> bool:
    """Tell whether two files have one id and one title."""
    return one.id == other.id and _has_name_of(one, other)


def _has_name_of(one: Task, other: Task) -> bool:
    """Tell whether two files can be read, and have one title."""
    if one.document is None or other.document is None:
        return False
    return _name(one) == _name(other)


def _may_be_one(one: Task, other: Task) -> bool:
    """Tell whether nothing says that two files are different tasks: their titles agree, or one can't be read."""
    if one.document is None or other.document is None:
        return True
    return _name(one) == _name(other)


def _name(task: Task) -> str:
    """Return what a task is called: the words of its title, else the name of its file."""
    return task.title_words or task.place.path.rpartition("/")[2]
