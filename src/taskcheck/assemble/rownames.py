"""Registers whose rows name their task by a path instead of its id: `tasks/b.md`, `./tasks/b.md`, `b.md`."""

from collections.abc import Iterable, Mapping
from posixpath import basename, normpath

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.runtime import Entry, Register
from taskcheck.model.task import Task


def with_task_ids(ledgers: Ledgers, tasks: Iterable[Task]) -> Ledgers:
    """Return the ledgers with the id in each register row that names its task by a path; others stay as they are."""
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
