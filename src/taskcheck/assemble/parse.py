"""What the files say by themselves, before git and the process table are asked; pure."""

from datetime import datetime

from taskcheck.assemble.ledgers import Ledgers, entries, parse_ledgers
from taskcheck.assemble.people import parse_people
from taskcheck.assemble.rownames import with_task_ids
from taskcheck.assemble.runs import last_signs
from taskcheck.assemble.tasks import TaskReader, parse_tasks
from taskcheck.config.people import People
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.runtime import Entry, Ledger, Tombstone
from taskcheck.model.sources import Sources
from taskcheck.model.task import Task


@frozen
class Parsed:
    """What the files say by themselves, before git and the process table are asked."""

    tasks: tuple[Task, ...]
    archived: tuple[Task, ...]
    people: People
    ledgers: Ledgers
    team: tuple[Ledger, ...]
    """Team files that couldn't be read."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All registers' rows."""
        return entries(self.ledgers.registers)

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        """All records of a dispatch, entries before tombstones."""
        return (*self.entries, *self.ledgers.tombstones)

    @property
    def pids(self) -> frozenset[int]:
        """Every recorded process id."""
        return frozenset(record.pid for record in self.records if record.pid is not None)

    @property
    def worktree_paths(self) -> frozenset[str]:
        """Every recorded worktree path."""
        return frozenset(record.worktree_path for record in self.records if record.worktree_path)

    def branches(self, settings: Settings) -> frozenset[str]:
        """Return every recorded branch name, and those that the pattern and their front matter give open tasks."""
        branches = {record.branch for record in self.records}
        for task in self.tasks:
            if not task.closed:
                branches |= {settings.branch_of(task.id), task.text("branch")}
        return frozenset(branch for branch in branches if branch)

    def dispatched(self, settings: Settings) -> dict[str, datetime]:
        """Root paths of the open tasks that were dispatched, with the time of the last sign of that run."""
        signs = last_signs(self.ledgers, settings.limits.clock_skew)
        dispatched = {}
        for task in self.tasks:
            if task.id in signs and not task.closed:
                dispatched[task.place.path] = signs[task.id]
        return dispatched


def parse(sources: Sources, settings: Settings) -> Parsed:
    """Return the files' contents as tasks, people and ledgers.

    Raises:
        AmbiguousNames: two people or roles are one name.
    """
    people, team = parse_people(sources, settings)
    tasks, archived = parse_tasks(sources, TaskReader(settings))
    ledgers = with_task_ids(parse_ledgers(sources, people), tasks)
    return Parsed(tasks, archived, people, ledgers, team)
