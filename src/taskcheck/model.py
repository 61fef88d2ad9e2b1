"""The frozen nouns that rules speak of: tasks and their copies, ledgers, dispatches, managers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from taskcheck.documents import Document, Route, Trouble, Value
from taskcheck.settings import Stage
from taskcheck.sources import Fork, Merge, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is written, by name; it becomes a line and a column only when it is shown."""

    path: str
    route: Route = ()
    checkout: str = "root"
    line: int | None = None
    column: int | None = None

    def at(self, *route: str) -> "Place":
        """The place of a value below this one."""
        return Place(path=self.path, route=(*self.route, *route), checkout=self.checkout)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as a ledger records it."""

    url: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task file in one checkout; one that can't be read has its trouble and nothing else."""

    id: str
    place: Place
    keys: Mapping[str, str]
    """Canonical field name to the store's own key."""
    document: Document | None
    trouble: Trouble | None = None
    stage: Stage | None = None

    @property
    def front(self) -> Mapping[str, Value]:
        """The front matter, every scalar as text; empty when it couldn't be read."""
        return self.document.values if self.document else {}

    @property
    def body(self) -> str:
        """The Markdown after the front matter."""
        return self.document.body if self.document else ""

    def text(self, name: str) -> str | None:
        """The scalar under a canonical field name; None when absent, empty or not a scalar."""
        value = self.front.get(self.keys.get(name, name))
        return value if isinstance(value, str) and value else None

    def texts(self, name: str) -> tuple[tuple[Route, str], ...]:
        """The scalars of a field that is a list or one scalar, each with its route."""
        key = self.keys.get(name, name)
        value = self.front.get(key)
        if isinstance(value, str):
            return (((key,), value),) if value else ()
        if isinstance(value, tuple):
            return tuple(((key, str(i)), item) for i, item in enumerate(value) if isinstance(item, str) and item)
        return ()

    @property
    def status(self) -> str | None:
        """The status as written."""
        return self.text("status")

    @property
    def title(self) -> str:
        """The title, else the id."""
        return self.text("title") or self.id

    @property
    def owners(self) -> tuple[tuple[Route, str], ...]:
        """Every owner as written, with its route; most stores have one."""
        return self.texts("owner")

    @property
    def pull_request(self) -> PullRequest | None:
        """The pull request that the front matter records."""
        return pull_request(self.text("pr_url"), self.text("pr_number"))

    @property
    def done(self) -> bool:
        """Whether the task is in the last stage."""
        return self.stage is Stage.DONE

    def at(self, name: str) -> Place:
        """The place of a field, by canonical name."""
        return self.place.at(self.keys.get(name, name))


def pull_request(url: Value, number: Value) -> PullRequest | None:
    """A pull request from the values that a ledger holds of it; None when it holds none."""
    known_url = url if isinstance(url, str) and url else None
    known_number = None
    if isinstance(number, int) and not isinstance(number, bool):
        known_number = number
    elif isinstance(number, str) and number.isascii() and number.isdigit():
        known_number = int(number[:18])
    if known_url is None and known_number is None:
        return None
    return PullRequest(url=known_url, number=known_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A linked worktree or a branch tip beside root."""

    name: str
    path: str | None
    """Relative to root where it lies in it, else absolute; None for a branch tip."""
    real: str | None
    """The absolute path with links resolved."""
    branch: str | None
    defect: str | None
    """None when live; "missing", or what is structurally broken."""
    fork: Fork | Unavailable
    merge: Merge | None

    @property
    def live(self) -> bool:
        """A listed worktree that is there and whole, or a branch tip; it says nothing about workers."""
        return self.defect is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A task file in a checkout that differs from root's, with what history knows of both."""

    task: Task
    checkout: Checkout
    base: Task | None
    """The task at the merge-base; None when it wasn't there or can't be known."""
    root_versions: tuple[Task, ...]
    """Root's commits of it since the base, newest first."""
    own_versions: tuple[Task, ...]

    @property
    def changed(self) -> bool:
        """Whether the checkout itself changed the task since its base, committed or not."""
        document, base = self.task.document, self.base.document if self.base else None
        return document is None or base is None or document.text != base.text

    @property
    def leads(self) -> bool:
        """Whether the checkout moved the status itself, and root hasn't been there since."""
        status = self.task.status
        return (self.base is None or self.base.status != status) and all(v.status != status for v in self.root_versions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A task's row in a register."""

    task: str
    place: Place
    manager: str
    """Key of the person whose register it is, else the register's owner as written."""
    task_path: str | None = None
    worktree_path: str | None = None
    branch: str | None = None
    pid: int | None = None
    host: str | None = None
    registered_at: datetime | None = None
    launched_at: datetime | None = None
    started_at: datetime | None = None
    pull_request: PullRequest | None = None
    pr_state: str | None = None

    @property
    def began(self) -> datetime | None:
        """When its dispatch began, as far as it is recorded."""
        return self.launched_at or self.started_at or self.registered_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A raw attention or escalation signal of a snapshot."""

    task: str
    kind: str
    level: str | None
    manager: str
    at: datetime | None
    detail: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A task's row in a snapshot."""

    task: str
    place: Place
    manager: str
    status: str | None
    registered: bool
    dispatch_state: str | None
    pull_request: PullRequest | None = None

    @property
    def held(self) -> bool:
        """Whether the manager counts the task as its own work."""
        return self.registered or bool(self.dispatch_state)


class LedgerKind(Enum):
    """The files beside the task files: runtime state, and who is in the team."""

    REGISTER = "register"
    SNAPSHOT = "snapshot"
    TOMBSTONE = "tombstone"
    LOG = "dispatch log"
    TEAM = "team file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A ledger file as such: which it is, whose, and what in it couldn't be read."""

    kind: LedgerKind
    place: Place
    name: str
    """What the file name says: the owner as spelled there, or the task."""
    owner: str | None = None
    """The owner that stands inside, as written."""
    troubles: tuple[tuple[Route, Trouble], ...] = ()
    manager: str | None = None
    """Key of the person that a register's or snapshot's file name resolves to, else the name; None for others."""
    document: Document | None = field(default=None, repr=False)

    @property
    def subject(self) -> str:
        """What a report calls it."""
        return self.place.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Who works where, as one manager wrote it."""

    ledger: Ledger
    entries: tuple[Entry, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A heartbeat: what the status page shows."""

    ledger: Ledger
    generated_at: datetime | None = None
    rows: tuple[Row, ...] = ()
    signals: tuple[Signal, ...] = ()
    counts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The last known state of a dispatch."""

    ledger: Ledger
    task: str
    state: str | None = None
    outcome: str | None = None
    exit_code: int | None = None
    owner: str | None = None
    pid: int | None = None
    host: str | None = None
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    worktree_path: str | None = None
    branch: str | None = None
    pull_request: PullRequest | None = None
    status_before: str | None = None
    status_after: str | None = None
    readable: bool = True
    """False when the file is there and its records can't be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLog:
    """What a worker's log tells: the exit code of its last line, and when it was last written."""

    task: str
    place: Place
    exit_code: int | None
    """None while no last line tells."""
    mtime: datetime | None


class Life(Enum):
    """Whether a recorded process lives."""

    LIVES = "lives"
    DEAD = "dead"
    UNKNOWN = "unknown"


class DispatchState(Enum):
    """How the newest run of a task stands (spec 3.1)."""

    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The newest run known of a task, put together from entry, tombstone and log."""

    task: str
    state: DispatchState
    why: str
    """The evidence for the state, in words."""
    began: datetime | None
    moved: datetime | None
    """The newest sign of work on the task."""
    exit_code: int | None
    outcome: str | None
    moved_on: bool
    """Whether a commit on root changed the task's status after the end: whoever did that is right."""
    settled: bool
    """Whether root already says what the end of the run asks for, or somebody moved the task on since."""
    entries: tuple[Entry, ...]
    tombstone: Tombstone | None
    log: DispatchLog | None
    owner: str | None
    """Key of the person who dispatched, as far as a ledger says."""
    place: Place
    """Where the state is recorded."""
    readable: bool = True
    """False when there is a tombstone that can't be read."""

    @property
    def over(self) -> bool:
        """Whether no worker is at it any more."""
        return self.state in {DispatchState.ENDED, DispatchState.GONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """A process that works for one person: all registers and snapshots that resolve to that person."""

    key: str
    known: bool
    """Whether the key is a declared person."""
    registers: tuple[Register, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def newest_snapshot(self) -> Snapshot | None:
        """The snapshot that counts, when there are several; the file under the person's own key wins a tie."""
        return max(
            self.snapshots,
            key=lambda s: (s.generated_at is not None, s.generated_at, s.ledger.name == self.key),
            default=None,
        )

    @property
    def entries(self) -> Iterator[Entry]:
        """The entries of all its registers."""
        return (entry for register in self.registers for entry in register.entries)
