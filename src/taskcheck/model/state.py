"""The state of a repository, frozen: one attribute for every input that a rule can ask for by parameter name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from functools import cached_property

from taskcheck.config.people import People
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents import Document
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import (
    Dispatch,
    DispatchState,
    Entry,
    Ledger,
    Manager,
    Row,
    Signal,
)
from taskcheck.model.sources import (
    Merge,
    Processes,
    RecordedPath,
    Unavailable,
)
from taskcheck.model.task import (
    Checkout,
    Copy,
    Place,
    Task,
    Tie,
)

_LABEL = re.compile(r"([A-Za-z]+-?\d+):")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def _fold_id(text: str) -> str:
    return _LEADING_ZEROS.sub("", text.strip().casefold())


def _meant(reference: str, of: Task) -> tuple[str, ...]:
    """The ids that a reference may mean: one within the scope of the task that names it, then as it stands."""
    scope = of.id.rpartition("/")[0]
    return (f"{scope}/{reference}", reference) if scope else (reference,)


@dataclass(frozen=True)
class Tasks:
    """Root's task files."""

    all: tuple[Task, ...]
    by_id: Mapping[str, Task]
    """The first file wins where several have one id."""
    archived: tuple[Task, ...] = ()
    """Tasks that are put away; no rule is asked about these."""

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

    def ambiguous(self, task: str) -> bool:
        """Whether several files of root have this id: nothing is known to be said of the one or the other."""
        return len(self.all_of(task)) > 1

    @cached_property
    def _files_by_id(self) -> Mapping[str, tuple[Task, ...]]:
        found: dict[str, list[Task]] = {}
        for task in self.all:
            found.setdefault(task.id, []).append(task)
        return {name: tuple(tasks) for name, tasks in found.items()}

    def resolve(self, reference: str, of: Task) -> Task | None:
        """The task that another one names: within its own scope first, then in the whole store.

        An id that differs in case or leading zeros alone will do. Where the file's number is the id, so will the label
        that a title begins with (``T1: ...``), within the scope.
        """
        for name in _meant(reference, of):
            found = self.by_id.get(name) or self.by_fold.get(_fold_id(name))
            if found:
                return found
        return self._labelled.get(_fold_id(f"{of.id.rpartition('/')[0]}/{reference}"))

    @cached_property
    def _labelled(self) -> Mapping[str, Task]:
        """By scope and label; labels that stand twice in a scope are left out."""
        labelled: dict[str, Task | None] = {}
        for task in self.by_id.values():
            scope = task.id.rpartition("/")[0]
            if scope and "id" not in task.keys and (label := _LABEL.match(task.title)):
                name = _fold_id(f"{scope}/{label[1]}")
                labelled[name] = None if name in labelled else task
        return {name: task for name, task in labelled.items() if task is not None}

    def put_away(self, reference: str, of: Task) -> bool:
        """Whether another task names one that lies in the archive."""
        return any(_fold_id(name) in self._archived_folds for name in _meant(reference, of))

    @cached_property
    def by_path(self) -> Mapping[str, Task]:
        """By path in root."""
        return {task.place.path: task for task in self.all}

    @cached_property
    def _archived_folds(self) -> frozenset[str]:
        return frozenset(_fold_id(task.id) for task in self.archived)

    @staticmethod
    def fold(task: str) -> str:
        """An id as references are read: without regard to case and leading zeros."""
        return _fold_id(task)

    @cached_property
    def by_fold(self) -> Mapping[str, Task]:
        """By id without case and leading zeros; ids that are one then are left out."""
        folded: dict[str, Task | None] = {}
        for task in self.by_id.values():
            name = _fold_id(task.id)
            folded[name] = None if name in folded else task
        return {name: task for name, task in folded.items() if task is not None}

    @staticmethod
    def of(tasks: tuple[Task, ...], archived: tuple[Task, ...] = ()) -> "Tasks":
        """Index tasks by id."""
        by_id: dict[str, Task] = {}
        for task in tasks:
            by_id.setdefault(task.id, task)
        return Tasks(tasks, by_id, archived)


@dataclass(frozen=True, slots=True)
class Entries:
    """All registers' rows."""

    all: tuple[Entry, ...]
    by_task: Mapping[str, tuple[Entry, ...]]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all)

    def of(self, task: str) -> tuple[Entry, ...]:
        """The rows about one task, of all managers."""
        return self.by_task.get(task, ())


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of each person's newest snapshot."""

    by_task: Mapping[str, tuple[Row, ...]]

    def of(self, task: str) -> tuple[Row, ...]:
        """The rows about one task, of all managers."""
        return self.by_task.get(task, ())


class End(Enum):
    """How a branch that has landed left a task, by its own copy of the task's file."""

    UNCHANGED = "unchanged"
    """It left the status alone."""
    FINISHED = "finished"
    """It ends in review, or done."""
    ACTIVE = "active"
    """It ends in work."""
    LEFT = "left"
    """It ends parked, ready, stopped, or in a status outside the vocabulary: the branch itself says work is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A branch of a task that has landed on trunk."""

    branch: str
    proof: str
    tie: Tie
    """By what the branch is the task's own."""
    end: End
    said: str | None
    """The status in which the branch left the task; None where it left it alone."""


@dataclass(frozen=True, slots=True)
class Checkouts:
    """Linked worktrees and branch tips beside root."""

    all: tuple[Checkout, ...]
    by_task: Mapping[str, Checkout]
    merges: Mapping[str, Merge]
    """Verdicts by branch name."""
    recorded: Mapping[str, RecordedPath]
    """What lies at the worktree paths that ledgers name."""
    ties: Mapping[str, Tie] = field(default_factory=dict)
    """By what evidence each task's own checkout is its own."""
    landings: Mapping[str, Landing] = field(default_factory=dict)
    """The branch of each task that has landed."""
    ends: Mapping[tuple[str, str], End] = field(default_factory=dict)
    """By branch and task: how a branch that has landed left the task, where it changed its status."""

    def __iter__(self) -> Iterator[Checkout]:
        return iter(self.all)

    def of(self, task: str) -> Checkout | None:
        """The worktree or branch that is a task's own: by ledger, else by pattern."""
        return self.by_task.get(task)

    def tie(self, task: str) -> Tie | None:
        """By what evidence a task's own checkout is its own; None where it has none."""
        return self.ties.get(task)

    def landing(self, task: str) -> Landing | None:
        """The branch of a task that has landed; None where none has, or nothing is known."""
        return self.landings.get(task)

    def end(self, branch: str | None, task: str) -> End:
        """How a branch that has landed left a task."""
        return self.ends.get((branch or "", task), End.UNCHANGED)

    def at(self, path: str | None) -> Checkout | None:
        """The worktree at a recorded path."""
        recorded = self.recorded.get(path or "")
        return next((c for c in self.all if recorded and c.real == recorded.real), None)

    def gone(self, path: str | None) -> bool:
        """Whether nothing lies any more at a recorded worktree path, and nobody has locked what did."""
        recorded = self.recorded.get(path or "")
        return recorded is not None and not recorded.exists and not self.away(path)

    def away(self, path: str | None) -> bool:
        """Whether the worktree at a recorded path is missing and locked: it may lie on a disk that isn't there now."""
        checkout = self.at(path)
        return checkout is not None and checkout.locked and checkout.defect == "missing"

    def merge(self, branch: str | None) -> Merge | None:
        """Whether a branch has landed; None when nothing is known of it."""
        return self.merges.get(branch) if branch else None


@dataclass(frozen=True, slots=True)
class Copies:
    """The task files of live checkouts that differ from root's."""

    all: tuple[Copy, ...] = ()
    by_task: Mapping[str, tuple[Copy, ...]] = field(default_factory=dict)
    own_by_task: Mapping[str, Copy] = field(default_factory=dict)
    """Of these, the one in the worktree or branch that is the task's own, or presumed to be."""
    seconds: tuple[Copy, ...] = ()
    """Files that have the id of another task: of root's, or of one in another checkout. None is a version of it."""

    def __iter__(self) -> Iterator[Copy]:
        return iter(self.all)

    def of(self, task: str) -> tuple[Copy, ...]:
        """All differing copies of one task."""
        return self.by_task.get(task, ())

    def refute(self, signal: Signal, root: Task | None) -> Task | None:
        """The file that contradicts a raw signal: nobody is late to pick up what a worktree, or root, shows begun.

        What an earlier run left in a worktree, and root has moved on from, says nothing.
        """
        if signal.kind != "pickup_overdue" or signal.task is None:
            return None
        files = [copy.task for copy in self.of(signal.task) if copy.leads] + [root] * (root is not None)
        return next((task for task in files if task and Stage.READY.before(task.stage)), None)

    def own(self, task: str) -> Copy | None:
        """The differing copy in the task's own worktree, or the one that is presumed to be."""
        return self.own_by_task.get(task)

    @property
    def files(self) -> tuple[Task, ...]:
        """Every differing file, those of other tasks too."""
        return tuple(copy.task for copy in (*self.all, *self.seconds))

    def has_second(self, task: str) -> bool:
        """Whether another checkout has another task of this id: what is said of one may be meant for the other."""
        return any(copy.task.id == task for copy in self.seconds)


@dataclass(frozen=True, slots=True)
class Dispatches:
    """The newest run known of every task that has one."""

    by_task: Mapping[str, Dispatch]
    live: frozenset[Entry] = frozenset()
    """Entries whose own process lives, of older runs too."""
    protected: Mapping[Entry, str] = field(default_factory=dict)
    """Entries of workers that aren't known to be dead, each with why and until when no safe fix may remove it."""

    def of(self, task: str) -> Dispatch | None:
        """The newest run of one task."""
        return self.by_task.get(task)

    def protection(self, entry: Entry) -> str:
        """Why no safe fix may remove an entry now, and until when; empty where its worker is known to be dead."""
        return self.protected.get(entry, "")

    def held(self, entry: Entry) -> bool:
        """Whether a live process holds an entry: its own, or one of the run that it is part of."""
        dispatch = self.of(entry.task)
        running = dispatch is not None and dispatch.state is DispatchState.RUNNING
        return entry in self.live or (running and dispatch is not None and entry in dispatch.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionUse:
    """A suppression of the configuration or of a task file, and what became of it in this run."""

    rule: str
    subject: str
    """The glob of tasks or managers, or the task whose file holds it."""
    place: Place
    task: str | None
    """The task whose file holds it; None for one of the configuration."""
    until: str | None
    """The last day on which it counts."""
    fault: str | None
    """Why it can't count at all."""
    expired: bool
    matched: bool
    judged: bool
    """Whether the rule could look everywhere that it covers; otherwise nothing is known of its use."""


@dataclass(frozen=True, slots=True)
class State:
    """All that rules may ask for; a part that couldn't be looked at says why."""

    settings: Settings
    now: datetime
    tasks: Tasks
    files: tuple[Task, ...]
    """Every task file of every checkout that was read, unreadable ones too."""
    people: People | Unavailable
    ledgers: tuple[Ledger, ...] | Unavailable
    managers: tuple[Manager, ...] | Unavailable
    entries: Entries | Unavailable
    rows: Rows | Unavailable
    signals: tuple[Signal, ...]
    checkouts: Checkouts | Unavailable
    copies: Copies | Unavailable
    trunk: str | Unavailable
    """Name of the trunk branch that root is on."""
    dispatches: Dispatches | Unavailable
    moves: Mapping[str, datetime]
    """When each active task last moved; told where dispatches can be."""
    reviews: Mapping[str, Place]
    markers: Mapping[str, tuple[tuple[Place, Stage], ...]]
    """The marker files of each task, with the stage that each stands for."""
    tracked: frozenset[str] | Unavailable
    """Paths of registers and snapshots that git tracks."""
    processes: Processes | Unavailable
    pulls: Pulls | Unavailable
    """What forges say of the pull requests that ledgers record; asked with ``--online``."""
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    """By checkout and path: where places become lines."""
    trusted: Mapping[str, Task] | None = None
    """The tasks whose word on what they accept counts; None for root's own."""
    suppressions: tuple[SuppressionUse, ...] = ()
    """What became of every suppression; told when the other rules have run."""

    # What a part says, and nothing where the part isn't available: for those who can do without it.

    @property
    def known_ledgers(self) -> tuple[Ledger, ...]:
        """All runtime ledgers and team files."""
        return () if isinstance(self.ledgers, Unavailable) else self.ledgers

    @property
    def known_managers(self) -> tuple[Manager, ...]:
        """All managers."""
        return () if isinstance(self.managers, Unavailable) else self.managers

    @property
    def known_entries(self) -> tuple[Entry, ...]:
        """The rows of all registers."""
        return () if isinstance(self.entries, Unavailable) else self.entries.all

    @property
    def known_checkouts(self) -> tuple[Checkout, ...]:
        """The checkouts beside root."""
        return () if isinstance(self.checkouts, Unavailable) else self.checkouts.all

    @property
    def known_copies(self) -> tuple[Copy, ...]:
        """The task files of live checkouts that differ from root's."""
        return () if isinstance(self.copies, Unavailable) else self.copies.all

    def entries_of(self, task: str) -> tuple[Entry, ...]:
        """Return the rows about one task, of all managers."""
        return () if isinstance(self.entries, Unavailable) else self.entries.of(task)

    def checkout_of(self, task: str) -> Checkout | None:
        """Return the worktree or branch that is a task's own."""
        return None if isinstance(self.checkouts, Unavailable) else self.checkouts.of(task)

    def own_copy_of(self, task: str) -> Copy | None:
        """Return the differing copy in the task's own worktree."""
        return None if isinstance(self.copies, Unavailable) else self.copies.own(task)

    def dispatch_of(self, task: str) -> Dispatch | None:
        """Return the newest run of one task."""
        return None if isinstance(self.dispatches, Unavailable) else self.dispatches.of(task)


INTERNAL = frozenset({"files", "signals", "documents", "trusted"})
"""Fields of a state that reports are made with, and no rule asks for."""

FACTS = frozenset(field.name for field in fields(State)) - INTERNAL
"""The parts of a state that a rule may ask for by the name of a parameter."""
