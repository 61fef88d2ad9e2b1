"""Root's task files, found by id, by path, and as other tasks name them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from unicodedata import normalize

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.history import Met
from taskcheck.model.task import (
    Task,
)

if TYPE_CHECKING:
    from taskcheck.model.likeness import Likeness

_LABEL = expression(r"([A-Za-z]+-?\d+):")
_BEGINNING = expression(r"((?:[A-Za-z]+[-_]?)?\d+)[-_. ]\D")
_NUMBER = expression(r"\d+")
_LAST_NUMBER = expression(r"(?<![0-9])[0-9]++(?=[^0-9]*+\Z)")

LOCK = ".#"
"""What Emacs puts before the name of a file while it has changes that aren't saved: a link that leads nowhere."""

LOOKED_AT = 250
"""Ids on either side of a name that are compared with it."""


def fold_id(text: str) -> str:
    """Return an id without case, and without the leading zeros of its last number: ``TASK-007`` is ``task-7``."""
    return _LAST_NUMBER.sub(lambda number: number[0].lstrip("0") or "0", text.strip().casefold())


def spelling(text: str) -> str:
    """Return an id without regard to case, and to how its letters are put together."""
    return normalize("NFC", text).casefold()


def _begins_with(file: Task, name: str) -> bool:
    """Return whether a file's name is an id, or begins with it and goes on with something else than a letter or digit.

    Example:
        ``task-12 - Fix login.md`` begins with TASK-12, and not with TASK-1.
    """
    stem = fold_id(file.place.path.rpartition("/")[2].rpartition(".")[0])
    wanted = fold_id(name.rpartition("/")[2])
    return stem.startswith(wanted) and not stem[len(wanted) : len(wanted) + 1].isalnum()


def _differ_in_number(one: str, other: str) -> bool:
    """Return whether two names have numbers, and others: ``ASK-2-login`` is no slip of the pen for ``ASK-9``."""
    numbers = _NUMBER.findall(one)
    return bool(numbers) and numbers != (_NUMBER.findall(other) or numbers)


def _number_of(task: Task) -> str | None:
    """Return the number that a file's name begins with, with its scope: of ``ASK-7-login.md`` it is ``ask-7``."""
    number = _BEGINNING.match(task.id.rpartition("/")[2])
    if number is None or "id" in task.keys:
        return None
    scope = task.id[: -len(number.string)]
    return fold_id(f"{scope}{number[1]}")


def _meant(reference: str, of: Task) -> tuple[str, ...]:
    """The ids that a reference may mean: one within the scope of the task that names it, then as it stands."""
    scope = of.id.rpartition("/")[0]
    return (f"{scope}/{reference}", reference) if scope else (reference,)


@frozen(slots=False)
class Tasks:
    """Root's task files."""

    all: tuple[Task, ...]
    by_id: Mapping[str, Task]
    """The first file wins where several have one id."""
    archived: tuple[Task, ...] = ()
    """Tasks that are put away; no rule is asked about these."""
    without_status: Mapping[str, str] = field(default_factory=dict)
    """Paths of what lies among the tasks and has no status, by folded id: it isn't read as a task."""
    off_disk: tuple[Task, ...] = ()
    """Tasks of root's last commit whose files aren't on disk, as far as anybody asks for such."""
    met: tuple[Met, ...] = ()
    """What may be the files of tasks that registers name and root hasn't; told where there are such."""
    edited: frozenset[str] = frozenset()
    """Paths of files of which an editor has changes that aren't saved."""
    sparse: bool = False
    """Whether they aren't because root is a sparse checkout: they are there, and nobody looks at them."""

    def __iter__(self) -> Iterator[Task]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def get(self, task: str) -> Task | None:
        """Root's task of this id."""
        return self.by_id.get(task)

    def all_of(self, task: str) -> tuple[Task, ...]:
        """All files of root that have this id."""
        return self._files_by_id.get(task, ())

    def named(self, name: str) -> Task | None:
        """Return root's task of an id as people write it: exactly, else the only one that differs in spelling alone."""
        return self.by_id.get(name) or self.by_fold.get(fold_id(name))

    def spelled_like(self, name: str) -> Task | None:
        """Return the first of root's tasks whose id differs from a name only in case or Unicode composition."""
        return self._by_spelling.get(spelling(name))

    def kept_off_disk(self, name: str, path: str | None) -> Task | None:
        """Return the task of an id, or at a path, that root's last commit has while its file isn't on disk."""
        for task in self.off_disk:
            if spelling(task.id) == spelling(name) or task.place.path == path:
                return task
        return None

    @cached_property
    def likeness(self) -> "Likeness":
        """What may be meant by a name that none of them has."""
        from taskcheck.model.likeness import Likeness

        return Likeness(self.all, self.met)

    def ambiguous(self, task: str) -> bool:
        """Return whether several files of root have this id, so that records may be about any of them."""
        return len(self.all_of(task)) > 1

    @cached_property
    def _by_spelling(self) -> Mapping[str, Task]:
        found: dict[str, Task] = {}
        for task in self.all:
            found.setdefault(spelling(task.id), task)
        return found

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """The ids of root's tasks, and of those that are put away, by their spelling; where two have one, neither."""
        put_away = (task for task in self.archived if spelling(task.id) not in self._by_spelling)
        found: dict[str, set[str]] = {}
        for task in (*self.all, *put_away):
            found.setdefault(spelling(task.id), set()).add(task.id)
        return {spelled: min(names) for spelled, names in found.items() if len(names) == 1}

    @cached_property
    def _files_by_id(self) -> Mapping[str, tuple[Task, ...]]:
        found: dict[str, list[Task]] = {}
        for task in self.all:
            found.setdefault(task.id, []).append(task)
        return {name: tuple(tasks) for name, tasks in found.items()}

    def resolve(self, reference: str, of: Task) -> Task | None:
        """Return the task that another task refers to: within its own scope first, then in the whole store.

        An id that differs in case alone, or in the leading zeros of its last number, will do. Where the file's number
        is the id, so will the label that a title begins with (``T1: ...``), within the scope; and where the names of
        all files begin with a number of their own (``ASK-7-login.md``), so will that, unless the archive has it, too.
        """
        for name in _meant(reference, of):
            found = self.named(name) or self._by_number(fold_id(name), of)
            if found:
                return found
        return self._labelled.get(fold_id(f"{of.id.rpartition('/')[0]}/{reference}"))

    def _by_number(self, number: str, of: Task) -> Task | None:
        """Return the task whose file's name begins with a number; a task's own number is none that it would name."""
        found = self._numbered.get(number)
        is_another = found is not None and found.id != of.id
        return found if is_another and number not in self._archived_numbers else None

    @cached_property
    def _numbered(self) -> Mapping[str, Task]:
        """By the number, with the letters before it, that the name of each file begins with; empty unless all do."""
        numbered: dict[str, Task] = {}
        for task in self.by_id.values():
            number = _number_of(task)
            if number is None:
                return {}
            numbered[number] = task
        has_own = len(numbered) == len(self.by_id)
        return numbered if has_own else {}

    @cached_property
    def _archived_numbers(self) -> frozenset[str]:
        """The same numbers of tasks that are put away; empty where those of root have none."""
        if not self._numbered:
            return frozenset()
        return frozenset(filter(None, map(_number_of, self.archived)))

    @cached_property
    def _labelled(self) -> Mapping[str, Task]:
        """By scope and label; labels that stand twice in a scope are left out."""
        labelled: dict[str, Task | None] = {}
        for task in self.by_id.values():
            scope = task.id.rpartition("/")[0]
            if scope and "id" not in task.keys and (label := _LABEL.match(task.title)):
                name = fold_id(f"{scope}/{label[1]}")
                labelled[name] = None if name in labelled else task
        return {name: task for name, task in labelled.items() if task is not None}

    def nearest(self, name: str) -> str:
        """Return the task that an unknown name may mean, as the end of a sentence; empty if none is similar.

        Of many tasks those are looked at whose ids stand next to the name in the alphabet. One with another number is
        another task.
        """
        from bisect import bisect

        from taskcheck.config.suggest import did_you_mean

        position = bisect(self._in_order, name)
        close = self._in_order[max(0, position - LOOKED_AT) : position + LOOKED_AT]
        return did_you_mean(name, (each for each in close if not _differ_in_number(each, name)), 1)

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self.by_id)

    def put_away(self, reference: str, of: Task) -> bool:
        """Return whether a reference of another task means an archived one, or one outside of a sparse checkout."""
        names = map(fold_id, _meant(reference, of))
        return any(name in self._put_away or name in self._archived_numbers for name in names)

    def lacking_status(self, reference: str, of: Task) -> str | None:
        """Return the path of what a reference of another task means, where that has no status; None where it has."""
        if not self.without_status or self.resolve(reference, of) is not None or self.put_away(reference, of):
            return None
        return next(filter(None, map(self.without_status.get, map(fold_id, _meant(reference, of)))), None)

    @cached_property
    def awaited_without_status(self) -> Mapping[str, str]:
        """Paths of what has no status though a task depends on it, each with the name that the task has for it."""
        awaited: dict[str, str] = {}
        for task in self.all if self.without_status else ():
            for _, name in task.texts("depends_on"):
                path = self.lacking_status(name, task)
                if path is not None:
                    awaited.setdefault(path, name)
        return awaited

    def may_hide(self, name: str) -> bool:
        """Return whether a file that can't be read may be the task with an id.

        Where ids stand inside of the files, it may be any; but where the names of all files that can be read begin
        with their ids, as ``task-12 - Fix login.md`` and ``a-1.md`` do, its own name has to begin with that id.
        """
        unread = self._unread
        if not unread:
            return False
        if "id" not in unread[0].keys:
            return any(fold_id(file.id) == fold_id(name) for file in unread)
        return not self._named_by_id or any(_begins_with(file, name) for file in unread)

    @cached_property
    def _unread(self) -> tuple[Task, ...]:
        """The files that can't be read, archived ones too."""
        return tuple(file for file in (*self.all, *self.archived) if file.document is None)

    @cached_property
    def _named_by_id(self) -> bool:
        """Whether the names of all files that can be read begin with their ids."""
        read = [file for file in (*self.all, *self.archived) if file.document is not None]
        return bool(read) and all(_begins_with(file, file.id) for file in read)

    @cached_property
    def by_path(self) -> Mapping[str, Task]:
        """By path in root."""
        return {task.place.path: task for task in self.all}

    @cached_property
    def _put_away(self) -> frozenset[str]:
        """The ids of archived tasks, and of those that a sparse checkout leaves out."""
        left_out = self.off_disk if self.sparse else ()
        return frozenset(fold_id(task.id) for task in (*self.archived, *left_out))

    @staticmethod
    def fold(task: str) -> str:
        """Return an id for comparison: without case and leading zeros."""
        return fold_id(task)

    @cached_property
    def archived_by_id(self) -> Mapping[str, Task]:
        """Tasks that are put away, by id."""
        return {task.id: task for task in self.archived}

    @cached_property
    def by_title(self) -> Mapping[str, Sequence[Task]]:
        """By the words of the title; those without one are left out."""
        found: dict[str, list[Task]] = {}
        for task in self.all:
            title = task.title_words
            if title is not None:
                found.setdefault(title, []).append(task)
        return found

    @cached_property
    def by_fold(self) -> Mapping[str, Task]:
        """By id without case and leading zeros; ids that are one then are left out."""
        folded: dict[str, Task | None] = {}
        for task in self.by_id.values():
            name = fold_id(task.id)
            folded[name] = None if name in folded else task
        return {name: task for name, task in folded.items() if task is not None}

    @staticmethod
    def of(
        tasks: tuple[Task, ...], archived: tuple[Task, ...] = (), without_status: Mapping[str, str] | None = None
    ) -> "Tasks":
        """Index tasks by id."""
        by_id: dict[str, Task] = {}
        for task in tasks:
            by_id.setdefault(task.id, task)
        return Tasks(tasks, by_id, archived, without_status or {})
