"""What a store is configured to be: its paths, field names, statuses, people and limits, as plain frozen data."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import Literal

from taskcheck.config.pattern import Pattern
from taskcheck.documents.frozen import field, frozen
from taskcheck.documents.shape import PLAIN, JsonTasks, ReadTasks, Shape

KEYS_OF_RULES = frozenset({"select", "ignore", "severity"})
"""Keys of ``[rules]``; every other name in it is that of a rule, with a table of what it is told."""

VOCABULARY_KEY = "statuses"
"""The key under which a store's own configuration lists its statuses."""


class Stage(Enum):
    """The class of a status in the lifecycle of a task."""

    PARKED = "parked"
    READY = "ready"
    ACTIVE = "active"
    REVIEW = "review"
    STOPPED = "stopped"
    DONE = "done"
    DROPPED = "dropped"

    @property
    def closed(self) -> bool:
        """Whether a task in this stage is closed: done or dropped."""
        return self is Stage.DONE or self is Stage.DROPPED

    @property
    def order(self) -> int:
        """Place in the lifecycle; review and stopped are level, and so are done and dropped."""
        return _ORDER[self]

    def before(self, other: "Stage | None") -> bool:
        """Return whether this stage comes before the other; an unknown stage has no order."""
        return other is not None and self.order < other.order


_ORDER = {
    Stage.PARKED: 0,
    Stage.READY: 1,
    Stage.ACTIVE: 2,
    Stage.REVIEW: 3,
    Stage.STOPPED: 3,
    Stage.DONE: 4,
    Stage.DROPPED: 4,
}

FINISHED = frozenset({Stage.REVIEW, Stage.STOPPED, Stage.DONE, Stage.DROPPED})
"""The stages in which a worker may leave a task."""


@frozen(kw_only=True)
class Paths:
    """Globs, and patterns with ``{owner}`` or ``{task}``, relative to the root checkout; empty: no such ledger."""

    tasks: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    archive: tuple[str, ...] = ()
    """Task files that are put away: they can be depended on, and nothing is asked of them."""
    other: tuple[str, ...] = ()
    """What lies beside the task files, and is something else."""
    registers: str = ""
    snapshots: str = ""
    dispatch_logs: str = ""
    tombstones: str = ""
    reviews: str = ""
    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def register(self, owner: str) -> str:
        """Path of an owner's register."""
        return self.registers.replace("{owner}", owner)

    def snapshot(self, owner: str) -> str:
        """Path of an owner's snapshot."""
        return self.snapshots.replace("{owner}", owner)


@frozen(kw_only=True, slots=False)
class Vocabulary:
    """The statuses that the store's own configuration lists; it lists none where it keeps no list."""

    words: frozenset[str] = frozenset()
    """Case-folded."""
    file: str = ""
    """The configuration that lists them."""
    exclude: tuple[str, ...] = ()
    """Patterns of the task files that it doesn't speak of."""

    def has(self, status: str) -> bool:
        """Return whether a status may be written: the list has it, or there is none."""
        return not self.words or status.casefold() in self.words

    def covers(self, path: str) -> bool:
        """Return whether the list speaks of a task file."""
        return bool(self.words) and not any(pattern.match(path) for pattern in self._excluded)

    @cached_property
    def _excluded(self) -> tuple[Pattern, ...]:
        return tuple(map(Pattern, self.exclude))


@frozen(kw_only=True)
class Limits:
    """The limits with which rules compare ages."""

    snapshot_max_age: timedelta = timedelta(minutes=10)
    in_progress_max_idle: timedelta = timedelta(hours=4)
    pickup_grace: timedelta = timedelta(minutes=15)
    clock_skew: timedelta = timedelta(minutes=5)
    claim_max_age: timedelta = timedelta(hours=1)
    review_max_wait: timedelta | None = None
    """None for these three: a task may wait as long as it takes."""
    stopped_max_wait: timedelta | None = None
    ready_max_wait: timedelta | None = None
    report_max_age: timedelta = timedelta(minutes=15)


@frozen(kw_only=True)
class Suppression:
    """A ``[[suppress]]`` table: findings of one rule on the tasks that a glob names are meant to be."""

    rule: str
    reason: str
    task: str = "*"
    until: str | None = None
    line: int | None = None
    """Where it stands in the configuration."""


@frozen(kw_only=True, slots=False)
class Settings:
    """The whole configuration with its preset. These classes have the defaults of all keys."""

    preset: str
    source: str | None
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, str | Literal[False]] = field(default_factory=dict)
    paths: Paths
    fields: Mapping[str, str]
    """Canonical field name to the store's own key."""
    required: tuple[str, ...] = ()
    """Fields that have to be there, by canonical name, or keys that are no field's."""
    samples: frozenset[str] = frozenset()
    """What files and folders are called, in lower case, that hold no tasks; where a configuration is, nothing."""
    shape: Shape = PLAIN
    """How a task file holds what it says of its task."""
    scoped_ids: bool = False
    """Whether an id that a key holds is one within the ``{scope}`` of the path."""
    keeps_status_line: bool = False
    """Whether the format keeps a status line in the text beside it."""
    statuses: Mapping[str, Stage]
    """Every status of the vocabulary as written, to its stage; in the order of the configuration."""
    folded_statuses: Mapping[str, Stage]
    """The same, case-folded."""
    vocabulary: Vocabulary = Vocabulary()
    """The statuses that the store's own configuration lists."""
    folders: Mapping[str, frozenset[Stage]] = field(default_factory=dict)
    """Folder of task files to the classes that a task in it may be in."""
    markers: Mapping[str, Stage] = field(default_factory=dict)
    """Pattern of a marker file to the class that it stands for."""
    board: tuple[str, ...] = ()
    """Where a map of statuses may be, in YAML; the first file that is there counts."""
    board_key: str = ""
    """The key of that map."""
    signals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of raw signals beside the built-in ones, to the rules and families that explain them."""
    outcomes: Mapping[str, tuple[str, ...]]
    authority: Literal["root", "branch"] = "root"
    drift_ignore: tuple[str, ...] = ()
    worktree: str = ""
    branch: str = ""
    branches: tuple[str, ...] = ()
    trunk: tuple[str, ...] = ("origin/HEAD", "main", "master")
    limits: Limits = Limits()
    select: tuple[str, ...] = ("all",)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What single rules are told, as it is written, by the rule's name."""
    suppress: tuple[Suppression, ...] = ()
    baseline: str | None = None
    """The file of accepted findings, relative to the store's folder."""
    fleet_stores: tuple[str, ...] = ()
    """Folders of the stores that are on one board here, as they are written."""
    fleet_reports: tuple[str, ...] = ()
    """Files of reports that other machines write."""
    locks: str = ""
    """Pattern of the files that a manager locks while it writes its registers; empty for none."""
    lock_kind: Literal["flock", "lockf"] = "flock"

    def stage(self, status: str | None) -> Stage | None:
        """Return the class of a status, whatever its case; None for one outside the vocabulary."""
        return self.folded_statuses.get(status.casefold()) if status else None

    def knows(self, status: str) -> bool:
        """Return whether a status is in the vocabulary, classed or not."""
        return self.stage(status) is not None or status.casefold() in self.vocabulary.words

    def words(self, stage: Stage) -> tuple[str, ...]:
        """Return the statuses of a class."""
        return tuple(status for status, known in self.statuses.items() if known is stage)

    def word(self, stage: Stage) -> str | None:
        """Return the first status of a class that is in the store's own list; None if there is none."""
        return next(filter(self.vocabulary.has, self.words(stage)), None)

    def may_write(self, status: str | None) -> bool:
        """Return whether a status may be written: it has a class, and the store's own list has it."""
        return self.stage(status) is not None and self.vocabulary.has(status or "")

    @property
    def unclassed(self) -> frozenset[str]:
        """Statuses in the store's own configuration that have no class, case-folded."""
        return self.vocabulary.words - self.folded_statuses.keys()

    @property
    def at_names(self) -> bool:
        """Whether an unquoted ``@name`` is a value."""
        return self.shape.at_names

    @property
    def ids_in_files(self) -> bool:
        """Whether a task's id is in its file, so that the name of the file doesn't matter."""
        return "id" in self.fields or isinstance(self.shape, JsonTasks)

    @property
    def setter(self) -> tuple[str, ...]:
        """The command with which the tool that owns the task files sets a status; empty without one."""
        return self.shape.setter if isinstance(self.shape, ReadTasks) else ()

    @property
    def read_only(self) -> bool:
        """Whether task files are only read, so that a tool or a person has to make all repairs."""
        return self.shape.read_only

    @cached_property
    def required_keys(self) -> tuple[str, ...]:
        """The store's own keys of what every task file has to have, the status among them."""
        keys = [self.fields.get(name, name) for name in self.required]
        return tuple(dict.fromkeys([*keys, self.fields["status"]]))

    def branch_of(self, task: str) -> str | None:
        """Return the branch of a task by the configured pattern; None if the pattern names none, or several."""
        is_own = self.branch and "*" not in self.branch and "{scope}" not in self.branch
        return self.branch.replace("{task}", task) if is_own else None

    def new_branch(self, task: str) -> str:
        """Return the branch for a run of a task; a wildcard at the end of the pattern is left out.

        Example:
            ``issue-7`` by ``issue-{task}-*``, and ``epic/login`` for the task ``login/1`` by ``epic/{scope}``.
        """
        return _filled(self.branch, task) or f"task/{task}"

    def new_worktree(self, task: str) -> str | None:
        """Return the path of the worktree for a run of a task; None without a pattern."""
        return _filled(self.worktree, task)

    def worktree_of(self, task: str) -> str | None:
        """Return the path of a task's worktree by the configured pattern; None if it names none."""
        return self.worktree.replace("{task}", task) if self.worktree and "*" not in self.worktree else None

    def allows(self, outcome: str | None, status: str | None) -> bool:
        """Return whether the task may have this status in root after a run with this outcome."""
        allowed = self.outcomes.get(outcome or "", ())
        return status is not None and status.casefold() in {name.casefold() for name in allowed}

    def outcome_status(self, outcome: str) -> str | None:
        """Return the status for an outcome; None if the store's own list doesn't have it."""
        asked = self.outcomes[outcome][0]
        return asked if self.vocabulary.has(asked) else None

    def settles(self, outcome: str | None, status: str | None) -> bool:
        """Return whether a task's status settles an outcome: it is allowed, or the store has none for the outcome."""
        asks_for_none = outcome in self.outcomes and self.outcome_status(outcome or "") is None
        return asks_for_none or self.allows(outcome, status)


def _filled(pattern: str, task: str) -> str | None:
    """Return what a pattern makes of a task, without what it leaves open at its end; None where that isn't all."""
    closed = pattern.rstrip("*").rstrip("-/")
    scope = task.rpartition("/")[0]
    is_open = "*" in closed or "?" in closed
    lacks_scope = "{scope}" in closed and not scope
    if not closed or is_open or lacks_scope:
        return None
    return closed.replace("{scope}", scope).replace("{task}", task)


DEFAULTS = Settings(
    preset="", source=None, paths=Paths(tasks=()), fields={}, statuses={}, folded_statuses={}, outcomes={},
)  # fmt: skip
"""What counts where neither the user's file nor a preset says anything."""
