"""Ledgers that name their task otherwise than by its id: rows of registers by a path, file names without slashes.

A row may say `tasks/b.md`, `./tasks/b.md` or `b.md`; the records of the runs of `login/1` are called `login-1`. And
what was run as `task-1` may be `TASK-1` by now, for some tools write ids in capitals when they change a file.
"""

from collections.abc import Iterable, Mapping
from posixpath import basename, normpath

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.assemble.renames import with_names
from taskcheck.config.pattern import file_name
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.runtime import Entry, Ledger, LedgerKind, Register
from taskcheck.model.task import Task
from taskcheck.model.tasks import Tasks, spelling


def with_task_ids(ledgers: Ledgers, tasks: Iterable[Task]) -> Ledgers:
    """Return the ledgers with the ids of the tasks that they mean; what is an id already stays as it is."""
    tasks = tuple(tasks)
    return _with_row_ids(_with_file_ids(ledgers, tasks), tasks)


def with_spelled_ids(ledgers: Ledgers, tasks: Tasks) -> Ledgers:
    """Return the ledgers with root's spelling of the ids that it has in another one; what is an id stays as it is."""
    told = {tombstone.task for tombstone in ledgers.tombstones}
    told.update(log.task for log in ledgers.logs)
    told.update(entry.task for register in ledgers.registers for entry in register.entries)
    unknown = told - tasks.by_id.keys() - tasks.archived_by_id.keys()
    names: dict[str, str] = {}
    for name in unknown:
        meant = tasks.spellings.get(spelling(name))
        if meant is not None:
            names[name] = meant
    if not names:
        return ledgers
    files = tuple(_with_file_id(each, names) for each in ledgers.files)
    return replace(with_names(ledgers, names), files=files)


def _with_file_ids(ledgers: Ledgers, tasks: tuple[Task, ...]) -> Ledgers:
    """Return the ledgers with the id in each tombstone and log whose file name is what one task's id is as such."""
    names: dict[str, str] = {}
    for task in tasks:
        if "/" in task.id:
            names.setdefault(file_name(task.id), task.id)
    for task in tasks:
        names.pop(task.id, None)
    if not names:
        return ledgers
    tombstones = []
    for tombstone in ledgers.tombstones:
        name = names.get(tombstone.task, tombstone.task)
        tombstones.append(replace(tombstone, task=name))
    logs = []
    for log in ledgers.logs:
        name = names.get(log.task, log.task)
        logs.append(replace(log, task=name))
    files = tuple(_with_file_id(each, names) for each in ledgers.files)
    return replace(ledgers, tombstones=tuple(tombstones), logs=tuple(logs), files=files)


def _with_file_id(ledger: Ledger, names: Mapping[str, str]) -> Ledger:
    """Return a tombstone's or log's file with the id that its name stands for, if it is one of some names."""
    if ledger.kind not in {LedgerKind.TOMBSTONE, LedgerKind.LOG}:
        return ledger
    name = names.get(ledger.name, ledger.name)
    return replace(ledger, name=name)


def _with_row_ids(ledgers: Ledgers, tasks: tuple[Task, ...]) -> Ledgers:
    """Return the ledgers with the id in each register row that names its task by a path."""
    if not any(_is_path(entry.task) for register in ledgers.registers for entry in register.entries):
        return ledgers
    names = _Names.of(tasks)
    return replace(ledgers, registers=tuple(names.named(register) for register in ledgers.registers))


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".md")


@frozen
class _Names:
    """What a path may mean."""

    ids: frozenset[str]
    by_path: Mapping[str, str]
    by_file_name: Mapping[str, str | None]
    """None for a file name that several tasks have."""

    @staticmethod
    def of(tasks: Iterable[Task]) -> "_Names":
        """Return the ids of tasks by path and by file name."""
        by_path = {task.place.path: task.id for task in tasks}
        by_file_name: dict[str, str | None] = {}
        for path, task in by_path.items():
            name = basename(path)
            by_file_name[name] = None if name in by_file_name else task
        return _Names(frozenset(by_path.values()), by_path, by_file_name)

    def named(self, register: Register) -> Register:
        """Return a register with the ids of its tasks."""
        return replace(register, entries=tuple(map(self._with_id, register.entries)))

    def _with_id(self, entry: Entry) -> Entry:
        if entry.task in self.ids or not _is_path(entry.task):
            return entry
        path = normpath(entry.task)
        task = self.by_path.get(path) or self.by_file_name.get(path)
        return replace(entry, task=task) if task else entry
