"""What the files say by themselves, before git and the process table are asked; pure."""

from dataclasses import dataclass
from datetime import datetime

from taskcheck.assemble.dispatches import last_signs
from taskcheck.assemble.ledgers import Ledgers, entries, read_ledgers
from taskcheck.assemble.people import read_people
from taskcheck.assemble.tasks import TaskReader, read_tasks
from taskcheck.config.people import People
from taskcheck.config.settings import Settings
from taskcheck.model.runtime import (
    Entry,
    Ledger,
    Tombstone,
)
from taskcheck.model.sources import Sources, Unavailable
from taskcheck.model.task import Task

NO_PEOPLE = Unavailable("no people declared; run `taskcheck init`")


@dataclass(frozen=True, slots=True)
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
        """Every recorded branch name, and those that the branch pattern gives open tasks."""
        recorded = (record.branch for record in self.records)
        named = (settings.branch_of(task.id) for task in self.tasks if not task.done)
        return frozenset(branch for branch in (*recorded, *named) if branch)

    def dispatched(self, settings: Settings) -> dict[str, datetime]:
        """Root paths of the open tasks that were dispatched, with the time of the last sign of that run."""
        times = last_signs(self.ledgers, settings.limits.clock_skew)
        return {task.place.path: times[task.id] for task in self.tasks if task.id in times and not task.done}


def parse(sources: Sources, settings: Settings) -> Parsed:
    """The files' contents as tasks, people and ledgers.

    Raises:
        AmbiguousNames: two people or roles are one name.
    """
    people, team = read_people(sources, settings)
    tasks, archived = read_tasks(sources, TaskReader(settings))
    return Parsed(tasks, archived, people, read_ledgers(sources, people), team)
