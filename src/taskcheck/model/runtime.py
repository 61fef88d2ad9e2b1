"""The frozen nouns of the runtime ledgers: registers, snapshots, tombstones, logs, and the dispatches they record."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from taskcheck.documents import Document, Route, Trouble, Value
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.task import Place, PullRequest, Tie


@frozen(kw_only=True)
class Entry:
    """A task's row in a register."""

    task: str
    place: Place
    manager: str
    """Key of the person whose register it is, else the register's owner as written."""
    also: tuple[Place, ...] = ()
    """The same entry in other registers of the same person, which count as one."""
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
    doubtful: bool = False
    """Whether a field that tells of its run is there and can't be used."""

    @property
    def places(self) -> tuple[Place, ...]:
        """All places where it is recorded."""
        return (self.place, *self.also)

    @property
    def is_reservation(self) -> bool:
        """Whether it names no worker: no process, host or launch."""
        return self.pid is None and not self.host and self.launched is None

    @property
    def launched(self) -> datetime | None:
        """When its process was started, if recorded: of two times the later one. The entry may be much older."""
        return max(filter(None, (self.launched_at, self.started_at)), default=None)

    @property
    def written_in(self) -> Place:
        """Where it is recorded."""
        return self.place

    @property
    def last_sign(self) -> datetime | None:
        """The newest time that it records."""
        return max(filter(None, (self.registered_at, self.launched_at, self.started_at)), default=None)

    @property
    def began(self) -> datetime | None:
        """When its dispatch began, if recorded."""
        return self.launched or self.registered_at

    @property
    def says_merged(self) -> bool:
        """Whether the register calls its pull request merged."""
        return self.pr_state is not None and self.pr_state.casefold() == "merged"


@frozen(kw_only=True)
class Signal:
    """A raw attention or escalation signal of a snapshot."""

    task: str | None
    """None for one about the manager itself."""
    kind: str
    level: str | None
    manager: str
    at: datetime | None
    detail: str | None
    place: Place
    heard_at: datetime | None = None
    """When the snapshot was written that has it."""
    answered: bool = False
    """Whether a ledger about its task was written since: it goes with the manager's next heartbeat."""


@frozen(kw_only=True)
class Row:
    """A task's row in a snapshot."""

    task: str
    place: Place
    manager: str
    status: str | None
    registered: bool | None
    dispatch_state: str | None
    needs_attention: bool | None = None
    pull_request: PullRequest | None = None
    said_at: datetime | None = None
    """When the snapshot was written that has it."""

    @property
    def held(self) -> bool:
        """Whether the manager counts the task as its own work."""
        return bool(self.registered or self.dispatch_state)


class LedgerKind(Enum):
    """The files beside the task files: runtime state, and who is in the team."""

    REGISTER = "register"
    SNAPSHOT = "snapshot"
    TOMBSTONE = "tombstone"
    LOG = "dispatch log"
    TEAM = "team file"
    BOARD = "board"


@frozen(kw_only=True)
class Ledger:
    """A ledger file: its kind, its owner, and the faults in it."""

    kind: LedgerKind
    place: Place
    name: str
    """What the file name says: the owner as spelled there, or the task."""
    owner: str | None = None
    """The owner that stands inside, as written."""
    troubles: tuple[tuple[Route, Trouble], ...] = ()
    manager: str | None = None
    """Key of the person that a register's or snapshot's file name resolves to, else the name; None for others."""
    document: Document | None = field(default=None, shown=False)
    written_at: datetime | None = None
    """When the file was last written."""

    @property
    def subject(self) -> str:
        """Its name in a report."""
        path = self.place.path
        return path if self.place.checkout == "root" else f"{self.place.checkout} {path}"

    @property
    def whole(self) -> bool:
        """Whether all of it could be read."""
        return self.document is not None and not self.troubles

    @property
    def lost_rows(self) -> bool:
        """Whether it is a register that can't be read, or that has an unusable row."""
        return self.kind is LedgerKind.REGISTER and any(len(route) <= 2 for route, _ in self.troubles)


@frozen(kw_only=True)
class Register:
    """The register of one manager: who works where."""

    ledger: Ledger
    entries: tuple[Entry, ...] = ()
    updated_at: datetime | None = None


@frozen(kw_only=True)
class Snapshot:
    """A heartbeat, the file that a manager writes for its status page."""

    ledger: Ledger
    generated_at: datetime | None = None
    rows: tuple[Row, ...] = ()
    signals: tuple[Signal, ...] = ()
    counts: Mapping[str, Value] = field(default_factory=dict)


@frozen(kw_only=True)
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
    reason: str | None = None
    """Why it is blocked or failed, in the words of who ended it."""
    status_before: str | None = None
    status_after: str | None = None
    readable: bool = True
    """False when the file is there and its records can't be understood."""
    doubtful: bool = False
    """Whether a field that tells of its run is there and can't be used."""
    tie: Tie | None = None
    """By what the worktree that it lies in is the task's own; None for one in root."""

    @property
    def is_presumed(self) -> bool:
        """Whether its worktree is only presumed to be the task's own: enough for findings, not for a safe fix."""
        return self.tie is Tie.PRESUMED

    @property
    def written_in(self) -> Place:
        """Where it is recorded."""
        return self.ledger.place

    @property
    def last_sign(self) -> datetime | None:
        """The newest time that it records."""
        return max(filter(None, (self.started_at, self.heartbeat_at, self.ended_at)), default=None)


@frozen(kw_only=True)
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
    """The state of the newest run of a task."""

    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Dispatch:
    """The newest known run of a task, built from entry, tombstone and log."""

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
    """False when a tombstone, a field that tells of the run, or a register that may know it can't be read."""
    beside: tuple[Tombstone, ...] = ()
    """What root or the worktree records of it beside the tombstone that counts."""
    at_work: str = ""
    """Why a worker may be at the task though no recorded process surely lives; empty where nothing says so."""
    later: str = ""
    """Why more may have happened to the task than its recorded end; empty where nothing says so."""
    doubt: str = ""
    """Why root's status may be newer than its end; empty if it is older, or if a commit tells."""

    renamed_from: str | None = None
    """The title that root's file had at the end, where a commit has given it another one since."""
    status_given_at: datetime | None = None
    """When a commit gave the task its present status in root; None if nobody had to know, or if none tells."""

    @property
    def tombstones(self) -> tuple[Tombstone, ...]:
        """All its tombstones; the first one counts."""
        return (self.tombstone, *self.beside) if self.tombstone else ()

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        """Its tombstones and entries."""
        return (*self.tombstones, *self.entries)

    @property
    def may_go_on(self) -> str:
        """Why it may not be over, or not be the last one, though it counts as that; empty where nothing says so."""
        return self.at_work or self.later

    @property
    def own_end(self) -> Tombstone | None:
        """The tombstone with its end, if that is in the task's own worktree."""
        word = self.tombstone
        if word is None or word.tie is None or word.is_presumed:
            return None
        return word if word.state == "ended" else None

    @property
    def is_presumed(self) -> bool:
        """Whether its state is known only from a worktree that is presumed to be the task's own."""
        return self.tombstone is not None and self.tombstone.is_presumed

    @property
    def over(self) -> bool:
        """Whether no worker is working on it any more."""
        return self.state in {DispatchState.ENDED, DispatchState.GONE}

    @property
    def looked_after(self) -> bool:
        """Whether it is over, and the status of the task was changed since."""
        return self.over and self.moved_on
