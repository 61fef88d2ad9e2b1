"""The state of a repository, frozen: one attribute for every input that a rule can ask for by parameter name."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck.config.people import People
from taskcheck.config.settings import Settings
from taskcheck.documents import Document
from taskcheck.documents.frozen import field, frozen, names_of, replace
from taskcheck.documents.shape import file_of
from taskcheck.model.checkouts import Checkouts, Copies, FetchedTrunk
from taskcheck.model.history import Uncompared
from taskcheck.model.hosts import Processes
from taskcheck.model.managers import Manager
from taskcheck.model.pulls import Pulls
from taskcheck.model.runtime import (
    Dispatch,
    DispatchState,
    Entry,
    Ledger,
    Row,
    Signal,
    Tombstone,
)
from taskcheck.model.sources import (
    Unavailable,
)
from taskcheck.model.task import (
    Checkout,
    Copy,
    Marker,
    Place,
    Task,
)
from taskcheck.model.tasks import Tasks
from taskcheck.model.waiting import Waiting


@frozen
class Entries:
    """All registers' rows."""

    all: tuple[Entry, ...]
    by_task: Mapping[str, tuple[Entry, ...]]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all)

    def of(self, task: str) -> tuple[Entry, ...]:
        """The rows about one task, of all managers."""
        return self.by_task.get(task, ())


@frozen
class Rows:
    """The rows of each person's newest snapshot."""

    by_task: Mapping[str, tuple[Row, ...]]

    def of(self, task: str) -> tuple[Row, ...]:
        """The rows about one task, of all managers."""
        return self.by_task.get(task, ())


@frozen
class Dispatches:
    """The newest known run of every task."""

    by_task: Mapping[str, Dispatch]
    live: frozenset[Entry] = frozenset()
    """Entries whose own process lives, of older runs too."""
    protected: Mapping[Entry, str] = field(default_factory=dict)
    """Entries of workers that aren't known to be dead, each with why and until when no safe fix may remove it."""

    by_process: Mapping[tuple[int, str | None], frozenset[str]] = field(default_factory=dict)
    """The tasks whose records name a process, by pid and host."""

    def of(self, task: str) -> Dispatch | None:
        """The newest run of one task."""
        return self.by_task.get(task)

    def tasks_of(self, pid: int | None, host: str | None) -> frozenset[str]:
        """Return the tasks whose records name a process; none for no process."""
        return frozenset() if pid is None else self.by_process.get((pid, host), frozenset())

    def run_of(self, entry: Entry) -> Dispatch | None:
        """Return the newest run of an entry's task, if the entry belongs to it and not to an earlier one."""
        run = self.of(entry.task)
        return run if run is not None and entry in run.entries else None

    def protection(self, entry: Entry) -> str:
        """Return why no safe fix may remove an entry now, and until when; empty if its worker is known to be dead."""
        return self.protected.get(entry, "")

    def held(self, entry: Entry) -> bool:
        """Return whether a live process holds an entry: its own, or one of its run."""
        dispatch = self.of(entry.task)
        running = dispatch is not None and dispatch.state is DispatchState.RUNNING
        return entry in self.live or (running and dispatch is not None and entry in dispatch.entries)


@frozen(kw_only=True)
class SuppressionUse:
    """A suppression in the configuration or a task file, and its effect in this run."""

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


@frozen
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
    """The raw signals of each person's newest snapshot."""
    checkouts: Checkouts | Unavailable
    copies: Copies | Unavailable
    trunk: str | Unavailable
    """Name of the trunk branch that root is on."""
    fetched: FetchedTrunk | Unavailable
    """Trunk as last fetched, if root lacks commits of it."""
    dispatches: Dispatches | Unavailable
    moves: Mapping[str, datetime]
    """When each active task last moved; told where dispatches can be."""
    waiting: Mapping[str, Waiting]
    """The tasks that wait for a person."""
    reviews: Mapping[str, Place]
    markers: Mapping[str, tuple[Marker, ...]]
    """What lies beside each task's file and says a status: its marker files, its row of a board."""
    off_trunk: str
    """That root is on another branch than trunk, in words; empty where it is on trunk, or there is none."""
    unsettled: str
    """Why a change of root's work tree would be in somebody's way, or get lost; empty where it is on a branch."""
    tracked: frozenset[str] | Unavailable
    """Paths of registers and snapshots that git tracks."""
    processes: Processes | Unavailable
    pulls: Pulls | Unavailable
    """What forges say of the pull requests that ledgers record; asked with ``--online``."""
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    """By checkout and path: where places become lines."""
    uncompared: Uncompared | None = None
    """Trunk as it was last fetched, where root can't be compared with it."""
    unnamed: tuple[str, ...] = ()
    """Entries of lists in task files that have a status and no id, so that nothing can name them."""
    miscased: tuple[tuple[str, str], ...] = ()
    """Paths of files among the tasks that aren't read, each with the key of its status, in another case than usual."""
    unread: tuple[str, ...] = ()
    """Paths of Markdown that looks like tasks, and isn't read."""
    trusted: Mapping[str, Task] | None = None
    """The tasks whose word on what they accept counts; None for root's own."""
    suppressions: tuple[SuppressionUse, ...] = ()
    """What became of every suppression; told when the other rules have run."""

    # What a part says, and nothing where the part isn't available: for those who can do without it.

    @property
    def astray(self) -> str:
        """Why root isn't trunk as it will be: somebody is in the middle of a merge there, say, or it isn't on trunk."""
        return self.unsettled or self.off_trunk

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

    def of_or_beside(self, task: str) -> tuple[Checkout, ...]:
        """Return the checkouts that may be a task's own."""
        return () if isinstance(self.checkouts, Unavailable) else self.checkouts.of_or_beside(task)

    def copies_of(self, task: str) -> tuple[Copy, ...]:
        """Return the differing copies of one task."""
        return () if isinstance(self.copies, Unavailable) else self.copies.of(task)

    def own_copy_of(self, task: str) -> Copy | None:
        """Return the differing copy in the task's own worktree."""
        return None if isinstance(self.copies, Unavailable) else self.copies.own(task)

    def located(self, place: Place) -> Place:
        """Return a place with line and column; as it is where it has them, or where nothing tells."""
        if place.line is not None:
            return place
        path = file_of(place.path)
        document = self.documents.get((place.checkout, place.path))
        if document is None:
            return replace(place, path=path) if path != place.path else place
        line, column = document.locate(place.route)
        return replace(place, path=path, line=line, column=column)

    def files_of(self, task: str) -> tuple[Task, ...]:
        """Return a task as root has it, and as its own worktree has it where that differs."""
        copy = self.own_copy_of(task)
        files = (self.tasks.get(task), copy.task if copy is not None else None)
        return tuple(filter(None, files))

    def records_of(self, task: str) -> tuple[Entry | Tombstone, ...]:
        """Return tombstone and entries of a task's newest run."""
        run = self.dispatch_of(task)
        return run.records if run is not None else ()

    def dispatch_of(self, task: str) -> Dispatch | None:
        """Return the newest run of one task."""
        return None if isinstance(self.dispatches, Unavailable) else self.dispatches.of(task)

    def own_end_of(self, task: str) -> Tombstone | None:
        """Return the end of a task's newest run as its own worktree records it; None where it doesn't."""
        run = self.dispatch_of(task)
        return run.own_end if run is not None else None


INTERNAL = frozenset({
    "files", "documents", "trusted", "off_trunk", "unsettled", "uncompared", "unnamed", "miscased", "unread",
})  # fmt: skip
"""Fields of a state that reports are made with, and no rule asks for."""

FACTS = frozenset(names_of(State)) - INTERNAL
"""The parts of a state that a rule may ask for by the name of a parameter."""
