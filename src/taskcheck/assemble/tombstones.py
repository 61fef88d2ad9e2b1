"""Tombstones inside worktrees and branches: those count that lie in their task's own; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest

from taskcheck.assemble.checkouts import parse_checkouts
from taskcheck.assemble.ledgers import parse_tombstone
from taskcheck.assemble.parse import Parsed
from taskcheck.assemble.renames import RenameReader
from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.pattern import file_name
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.shape import JsonTasks
from taskcheck.model.checkouts import Checkouts, Copies
from taskcheck.model.runtime import Tombstone
from taskcheck.model.sources import CheckoutSource, Repository, Sources
from taskcheck.model.task import Task, Tie
from taskcheck.model.tasks import Tasks


def names_of_tombstones(
    parsed: Parsed, settings: Settings, sources: Sources, checkouts: Sequence[CheckoutSource], trunk: str | None
) -> dict[str, frozenset[str]]:
    """Return by name of a checkout what a tombstone in it may be called: the tasks that may be its own.

    Those are its own by a record or a pattern, and those of the task files that it has otherwise than root.
    """
    git = Repository(head=None, branch=None, shallow=False, on_trunk=False, trunk=trunk, checkouts=tuple(checkouts))
    tasks = Tasks.of(parsed.tasks, parsed.archived)
    found = parse_checkouts(git, sources, settings, tasks, parsed.records)
    reader = TaskReader(settings).spelling_as(tasks)
    own: dict[str, set[str]] = {}
    for task, checkout in found.by_task.items():
        own.setdefault(checkout.name, set()).add(task)
    named = {}
    for held in checkouts:
        tasks_there = own.get(held.name, set())
        tasks_there.update(_of_files(held, reader, tasks))
        named[held.name] = frozenset(map(file_name, tasks_there))
    return named


def _of_files(held: CheckoutSource, reader: TaskReader, tasks: Tasks) -> list[str]:
    """Return the ids of the tasks that a checkout has otherwise than root; of a file with many, of all."""
    read = partial(reader.read, checkout=held.name)
    there: Iterable[Task] = tasks
    if not isinstance(reader.settings.shape, JsonTasks):
        there = filter(None, map(read, held.files.values()))
    return [task.id for task in there]


def readings(parsed: Parsed, checkouts: Iterable[CheckoutSource]) -> Iterator[Parsed]:
    """Yield what the files say alone, and with tombstones in checkouts, so often that each stands by itself once.

    Which of them count isn't known before git tells whose each checkout is: what is asked has to do for any.
    """
    tasks = Tasks.of(parsed.tasks, parsed.archived)
    known = _by_file_name(tasks)
    by_task: dict[str, list[Tombstone]] = {}
    for held in checkouts:
        for source in held.tombstones:
            tombstone = replace(parse_tombstone(source, held.name), tie=Tie.PRESUMED)
            for task in _may_be_of(known.get(tombstone.task, tombstone.task), held, tasks):
                by_task.setdefault(task, []).append(replace(tombstone, task=task))
    yield parsed
    for each in zip_longest(*by_task.values()):
        yield parsed.with_tombstones(filter(None, each))


def _may_be_of(name: str, held: CheckoutSource, tasks: Tasks) -> set[str]:
    """Return the ids of root's tasks that a name in a checkout may mean, where it may have renamed the file."""
    task = tasks.named(name)
    if task is not None:
        return {task.id}
    gone = held.absent & tasks.by_path.keys()
    renamed = {tasks.by_path[path].id for path in gone}
    return {name, *renamed}


def own_tombstones(
    held: CheckoutSource, reader: TaskReader, tasks: Tasks, names: Mapping[str, str], whose: "Whose"
) -> Iterator[Tombstone]:
    """Yield the tombstones in a checkout that are of its own task, under that task's id.

    Args:
        held: the checkout.
        reader: of task files.
        tasks: root's.
        names: ids of root's tasks by those that they had.
        whose: tells which checkout is whose.
    """
    if not held.tombstones:
        return
    known = {**_by_file_name(tasks), **names, **_renamed(held, reader, tasks)}
    for source in held.tombstones:
        tombstone = parse_tombstone(source, held.name)
        name = known.get(tombstone.task, tombstone.task)
        task = tasks.named(name)
        if task is None:
            continue
        tie = whose.tie(task, held.name)
        if tie is not None:
            ledger = replace(tombstone.ledger, name=task.id)
            yield replace(tombstone, task=task.id, tie=tie, ledger=ledger)


def _by_file_name(tasks: Tasks) -> dict[str, str]:
    """Return the ids of root's tasks by what they are as names of files, where these are no ids themselves."""
    by_file_name = {file_name(task.id): task.id for task in tasks}
    ids = {task.id: task.id for task in tasks}
    return {**by_file_name, **ids}


def _renamed(held: CheckoutSource, reader: TaskReader, tasks: Tasks) -> dict[str, str]:
    """Return the ids of root's tasks by those that they have in a checkout, which renamed their files."""
    renamed = RenameReader(reader, tasks).in_checkout(held)
    return {reader.name(path): tasks.by_path[was].id for path, was in renamed.items()}


@frozen
class Whose:
    """Which checkout is whose, as far as is known without the tombstones in them."""

    checkouts: Checkouts
    copies: Copies
    tasks: Tasks

    def tie(self, task: Task, checkout: str) -> Tie | None:
        """Return by what a checkout, given by name, is a task's own; None where it isn't, or has another of its id."""
        seconds = {(copy.checkout.name, copy.task.id) for copy in self.copies.seconds}
        has_second = (checkout, task.id) in seconds
        if has_second or self.tasks.ambiguous(task.id):
            return None
        own, tie = self.checkouts.of(task.id), self.checkouts.tie(task.id)
        copy = self.copies.own(task.id)
        if own is None and copy is not None:
            own, tie = copy.checkout, copy.tie
        if own is None or own.name != checkout:
            return None
        return tie
