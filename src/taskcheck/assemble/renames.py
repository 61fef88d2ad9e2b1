"""Task files that were renamed while ledgers and worktrees go on naming them as before."""

from collections.abc import Iterable, Iterator, Mapping

from taskcheck.assemble.ledgers import Ledgers
from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.history import Moved
from taskcheck.model.runtime import Register
from taskcheck.model.sources import CheckoutSource, Fork, Repository, Unavailable
from taskcheck.model.tasks import Tasks

Renamed = tuple[str, str]
"""A path, and the path under which root has that file."""


@frozen
class RenameReader:
    """Tells which file is another one under a new name: it has, or had, the same bytes, or the same title.

    Of several such files nobody knows which it is.
    """

    reader: TaskReader
    tasks: Tasks
    """Root's."""

    def in_root(self, moved: Iterable[Moved]) -> dict[str, str]:
        """Return the paths of files that root has under another name by now, with that name's path.

        What was renamed several times is followed to its end. Of two files that had one name nobody knows which is
        meant.

        Args:
            moved: the newest first.
        """
        became: dict[str, str] = {}
        twice = set()
        for each in moved:
            if each.before in became:
                twice.add(each.before)
            became[each.before] = became.get(each.after, each.after)
        known = self.tasks.by_path
        gone = became.keys() - known.keys() - twice
        return {before: became[before] for before in sorted(gone) if became[before] in known}

    def in_checkout(self, held: CheckoutSource) -> dict[str, str]:
        """Return the paths of files that a checkout has renamed, with the path of root's file that each was."""
        fork = held.fork
        if self.reader.names_files_by_id or not isinstance(fork, Fork):
            return {}
        return _unique(self._in_checkout(held, fork))

    def _in_checkout(self, held: CheckoutSource, fork: Fork) -> Iterator[Renamed]:
        known = self._gone(held, fork)
        for source in held.files.values():
            is_new = source.path not in self.tasks.by_path
            if source.data is None or not is_new:
                continue
            for version in (*fork.own_versions.get(source.path, ()), source.data):
                for path in known.find(version, self._title(version, source.path)):
                    yield source.path, path

    def _gone(self, held: CheckoutSource, fork: Fork) -> "_Known":
        """Return root's task files that a checkout had when it left root's history, and hasn't any more.

        Those that root has renamed since are called there as they are by now.
        """
        known = _Known()
        for path in sorted((held.absent | fork.removed) & fork.base_files.keys() - held.files.keys()):
            was = fork.base_files[path]
            now = path if path in held.absent else self.reader.renamed.get(path, "")
            if now in self.tasks.by_path:
                known.add(now, was, self._title(was, path))
        return known

    def _title(self, data: bytes, path: str) -> str | None:
        """Return the title of a version of a task file, to the letter, for it alone tells; None for one without."""
        version = self.reader.version(data, path, "root")
        return version.text("title") if version is not None else None


@frozen
class _Known:
    """Files by their bytes and by their titles."""

    by_bytes: dict[bytes, list[str]] = field(default_factory=dict)
    by_title: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, data: bytes, title: str | None) -> None:
        """Take a file."""
        self.by_bytes.setdefault(data, []).append(path)
        if title is not None:
            self.by_title.setdefault(title, []).append(path)

    def find(self, data: bytes, title: str | None) -> list[str]:
        """Return the paths of the files that have these bytes, else of those that have this title."""
        return self.by_bytes.get(data) or self.by_title.get(title or "", [])


def _unique(pairs: Iterable[Renamed]) -> dict[str, str]:
    """Return pairs as a mapping, those left out of which the first is in several."""
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return {one: others.pop() for one, others in found.items() if len(others) == 1}


def with_names(ledgers: Ledgers, names: Mapping[str, str]) -> Ledgers:
    """Return the ledgers with the ids that tasks have by now, given by those that they had."""
    registers = tuple(_with_names(register, names) for register in ledgers.registers)
    tombstones = tuple(replace(each, task=names.get(each.task, each.task)) for each in ledgers.tombstones)
    logs = tuple(replace(each, task=names.get(each.task, each.task)) for each in ledgers.logs)
    return replace(ledgers, registers=registers, tombstones=tombstones, logs=logs)


def _with_names(register: Register, names: Mapping[str, str]) -> Register:
    """Return a register with the ids that tasks have by now."""
    entries = tuple(replace(entry, task=names.get(entry.task, entry.task)) for entry in register.entries)
    return replace(register, entries=entries)


def with_renames(
    git: Repository | Unavailable, reader: TaskReader, tasks: Tasks
) -> tuple[Mapping[str, str], TaskReader]:
    """Return the ids that tasks have by now, by those that they had, and the reader that knows of these."""
    if isinstance(git, Unavailable) or not git.moved:
        return {}, reader
    renamed = RenameReader(reader, tasks).in_root(git.moved)
    names = {reader.name(before): tasks.by_path[after].id for before, after in renamed.items()}
    return names, reader.following(renamed)


def with_off_disk(tasks: Tasks, git: Repository | Unavailable, reader: TaskReader) -> Tasks:
    """Return root's tasks with those that its last commit has while their files aren't on disk."""
    if isinstance(git, Unavailable) or not git.off_disk:
        return tasks
    found = (reader.read(source, "root") for source in git.off_disk)
    return replace(tasks, off_disk=tuple(task for task in found if task is not None), sparse=git.sparse)
