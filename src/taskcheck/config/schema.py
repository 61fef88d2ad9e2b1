"""What taskcheck.toml may hold, as pydantic models: unknown keys are errors, and every error shows at once."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic.functional_validators import field_validator, model_validator

from taskcheck.config import wanted
from taskcheck.config.settings import DEFAULTS, VOCABULARY_KEY
from taskcheck.documents.values import age


def _shaped(pattern: str) -> WithJsonSchema:
    """Return what an editor can tell of a text."""
    return WithJsonSchema({"type": "string", "pattern": pattern})


Duration = Annotated[str, AfterValidator(wanted.duration_text), _shaped("^([0-9]+[dhms])+$")]
Glob = Annotated[str, AfterValidator(wanted.inside)]
Folder = Annotated[str, AfterValidator(wanted.folder)]
Shape = Annotated[str, AfterValidator(wanted.quick)]
Text = Annotated[str, Field(min_length=1)]
Day = Annotated[str, BeforeValidator(wanted.written), AfterValidator(wanted.day)]


Owned = Annotated[str, AfterValidator(wanted.owned), _shaped(r"\{owner\}|^$")]
Tasked = Annotated[str, AfterValidator(wanted.tasked), _shaped(r"\{task\}|^$")]


class Table(BaseModel):
    """What all tables share: no other keys than the known ones, and values of the right type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PathsTable(Table):
    """``[paths]``: globs, and patterns with ``{owner}`` or ``{task}``."""

    tasks: list[Glob] = Field(min_length=1)
    """The task files; `{task}`, `{number}` and `{scope}` make an id of the path, where no key holds it."""
    exclude: list[Glob] = [*DEFAULTS.paths.exclude]
    """What these match is no task file."""
    archive: list[Glob] = [*DEFAULTS.paths.archive]
    """Task files that are put away: others may depend on them, and no rule asks about them."""
    other: list[Glob] = [*DEFAULTS.paths.other]
    """What lies beside the task files and is something else: that it isn't read needn't be said."""
    registers: Owned = DEFAULTS.paths.registers
    """The register of a manager."""
    snapshots: Owned = DEFAULTS.paths.snapshots
    """The snapshot (heartbeat) of a manager."""
    dispatch_logs: Tasked = DEFAULTS.paths.dispatch_logs
    """The log of a dispatch."""
    tombstones: Tasked = DEFAULTS.paths.tombstones
    """The last known state of a dispatch."""
    reviews: Tasked = DEFAULTS.paths.reviews
    """Files that say by being there that a task was reviewed."""
    people: list[Glob] = [*DEFAULTS.paths.people]
    """Team files: one for each person."""
    roles: list[Glob] = [*DEFAULTS.paths.roles]
    """Team files: one for each role."""


class FieldsTable(Table):
    """``[fields]``: the store's own key names."""

    required: list[Text] = [*DEFAULTS.required]
    """Fields (or keys that are no field's) that every task file has to have, beside the status."""
    id: Text | None = None
    """The key that holds a task's id; without one the path says it."""
    title: Text = "title"
    """The key of what a task is called."""
    status: Text = "status"
    """The key of where a task stands."""
    owner: Text = "owner"
    """The key of the person or role that a task belongs to; a list names several."""
    depends_on: Text = "depends_on"
    """The key of the tasks that have to be done first."""
    parent: Text = "parent"
    """The key of the task that this one is a part of."""
    pr_url: Text = "pr_url"
    """The key of its pull request's address."""
    pr_number: Text = "pr_number"
    """The key of its pull request's number."""
    pr_created_at: Text = "pr_created_at"
    """The key of when its pull request was opened."""
    started_at: Text = "started_at"
    """The key of when work on it began."""
    completed_at: Text = "completed_at"
    """The key of when it was done."""
    created_at: Text = "created_at"
    """The key of when it was written."""
    updated_at: Text = "updated_at"
    """The key of when it last changed."""
    closed_before_merge: Text = "closed_before_merge"
    """The key of a task that is done, and meant to be, while its pull request is open (`true`)."""
    branch: Text = "branch"
    """The key of the branch on which it is worked on."""
    claimed_by: Text = "claimed_by"
    """The key of whoever has claimed it: nobody else may run it while the claim counts."""
    claimed_at: Text = "claimed_at"
    """The key of when it was claimed."""
    worktree: Text = "worktree"
    """The key of the worktree in which it is worked on, relative to the root checkout."""


class StatusesTable(Table):
    """``[statuses]``: every status belongs to one class."""

    parked: list[Text] = []
    """Not to be worked on yet."""
    ready: list[Text] = []
    """To be dispatched."""
    active: list[Text] = []
    """In the hands of a worker."""
    review: list[Text] = []
    """Worked on, and to be looked at."""
    stopped: list[Text] = []
    """Halted until somebody sees to it."""
    done: list[Text] = Field(min_length=1)
    """At its end, with its work done."""
    dropped: list[Text] = []
    """At its end without: cancelled, won't do, a duplicate. What depends on it waits for ever."""

    @model_validator(mode="after")
    def _one_class_each(self) -> Self:
        wanted.one_class_each(self.by_class)
        return self

    @property
    def by_class(self) -> dict[str, list[str]]:
        """The statuses of each class."""
        return {stage: getattr(self, stage) for stage in StatusesTable.model_fields}


StageName = Literal["parked", "ready", "active", "review", "stopped", "done", "dropped"]


class VocabularyTable(Table):
    """``[vocabulary]``: where the store itself lists its statuses; those that no class has are known all the same."""

    files: list[Glob]
    """YAML files; the first that is there counts. Its statuses that no class has are left out of what needs one."""
    key: Text = VOCABULARY_KEY
    """The key of the list in that file."""
    exclude: list[Glob] = []
    """Task files that the list doesn't speak of, such as drafts and the archive."""


class ShapeTable(Table):
    """``[shape]``: how a task file holds what it says of its task."""

    kind: Literal["front-matter", "status-line", "json", "json-lines", "yaml"] = "front-matter"
    """YAML on top of Markdown, lines of its text such as `Status: x`, lists in JSON or YAML, or JSON a line."""
    lists: list[Text] = []
    """Of JSON and YAML: the keys that lead to a list (in YAML also a map) of tasks: `tasks`; `*.tasks` for any key."""
    nested: str = ""
    """Of JSON and YAML: the key of the tasks within a task, whose ids follow a dot."""
    home: str = ""
    """Of JSON and YAML: the scope that isn't named in ids."""
    links: str = ""
    """Of lines of JSON: the key of the list of objects that say what a task depends on."""
    link_target: str = ""
    """In such an object: the key of the task that is depended on."""
    link_kind: str = ""
    """In such an object: the key of its kind."""
    link_kinds: list[Text] = []
    """The kinds that are dependencies."""
    setter: list[Text] = []
    """Of what is only read: the command of the tool that writes it, by which it sets a status; `{task}`, `{status}`."""
    fence: Literal["line", "start"] = "line"
    """What closes front matter: `---` alone in its line, or any line that begins so, as for gray-matter."""
    scoped_ids: bool = DEFAULTS.scoped_ids
    """Whether an id that a key holds is one within the `{scope}` of the path: `1` of epic `login` is `login/1`."""
    keeps_status_line: bool = DEFAULTS.keeps_status_line
    """Whether the format keeps a `## Status:` line in the text, so that one that says something else is a fault."""


class BoardTable(Table):
    """``[board]``: a YAML file beside the tasks with their statuses; one that a task contradicts is told."""

    files: list[Glob]
    """The file; the first that is there counts."""
    key: Text
    """The key of a map from task to status, or of entries that have one; words of no class say nothing."""


class FleetTable(Table):
    """``[fleet]``: the stores that `taskcheck status`, `serve` and `watch` show on one board here."""

    stores: list[Text] = [*DEFAULTS.fleet_stores]
    """Folders of stores, relative to this one; `"."` is this one itself."""
    reports: list[Text] = [*DEFAULTS.fleet_reports]
    """Files into which other machines write `taskcheck --format json`."""


class DriftTable(Table):
    """``[drift]``: who is right while a branch is open."""

    authority: Literal["root", "branch"] = DEFAULTS.authority
    """`"root"`: root has to follow the worker; `"branch"`: a branch may run ahead until it is merged."""
    ignore: list[Text] = [*DEFAULTS.drift_ignore]
    """Keys of task files that may differ."""


class CheckoutsTable(Table):
    """``[checkouts]``: which worktree and branch is whose, and what trunk is."""

    worktree: Shape = DEFAULTS.worktree
    """The worktree of a task, where no ledger names it; `{task}` and `*` may stand in it."""
    branch: Shape = DEFAULTS.branch
    """The branch of a task, where no ledger names it; `{task}` and `*` may stand in it."""
    branches: list[Text] = [*DEFAULTS.branches]
    """Globs of branch tips to compare as if they were worktrees, as `["task/*", "origin/task/*"]`."""
    trunk: list[Text] = [*DEFAULTS.trunk]
    """What is merged is in this branch; the first that is there counts."""


class LocksTable(Table):
    """``[locks]``: how the manager guards its registers."""

    registers: Owned
    """The file that a manager locks while it writes its register; never the register itself."""
    kind: Literal["flock", "lockf"] = DEFAULTS.lock_kind
    """The call that it locks by; the two don't see each other."""


class LimitsTable(Table):
    """``[limits]``: spans like ``10m``, ``4h``, ``2d``."""

    snapshot_max_age: Duration = age(DEFAULTS.limits.snapshot_max_age)
    """A snapshot older than this is no heartbeat."""
    in_progress_max_idle: Duration = age(DEFAULTS.limits.in_progress_max_idle)
    """An active task without a sign of work for longer than this is stale."""
    claim_max_age: Duration = age(DEFAULTS.limits.claim_max_age)
    """How long a claim keeps a task from others."""
    pickup_grace: Duration = age(DEFAULTS.limits.pickup_grace)
    """How long a dispatch may take to show in worktree and task file."""
    clock_skew: Duration = age(DEFAULTS.limits.clock_skew)
    """How far clocks may be apart."""
    review_max_wait: Duration | None = None
    """How long a task may be in review before it is told; without, as long as it takes."""
    stopped_max_wait: Duration | None = None
    """The same for one that is blocked or failed."""
    ready_max_wait: Duration | None = None
    """The same for one that is ready and that nobody ever picked up."""
    report_max_age: Duration = age(DEFAULTS.limits.report_max_age)
    """A report of another machine's check that is older than this is late."""


class RulesTable(Table):
    """``[rules]``: which rules run, how much each matters, and in a table of its own what single ones are told."""

    # What a rule may be told, says the rule: engine/options.py checks it once it is known which rules there are.
    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, dict[str, Any]] = Field(init=False)

    select: list[Text] = [*DEFAULTS.select]
    """Rules and families to run; `--select` takes its place."""
    ignore: list[Text] = [*DEFAULTS.ignore]
    """Rules and families to leave out; `--ignore` adds to it, `--select` sets it aside."""
    severity: Mapping[str, Literal["error", "warning", "info"]] = {}
    """What the findings of a rule, a family or `all` count as."""


class SuppressTable(Table):
    """``[[suppress]]``: findings that are meant to be; a reason is due."""

    rule: Text
    """The rule whose findings these are."""
    task: Text = "*"
    """A glob of tasks or managers."""
    reason: Text
    """Why it is meant to be."""
    until: Day | None = None
    """The last day on which it counts, as `2026-09-30`."""


class Config(Table):
    """The whole file, with the preset's tables below it."""

    preset: Text | None = None
    """The format of the store; found by its marks where it isn't named."""
    at_names: bool = DEFAULTS.at_names
    """Whether an unquoted `@name` is a value, as Backlog.md writes them."""
    baseline: Folder | None = DEFAULTS.baseline
    """The file of findings that are accepted as they stand; `--baseline` takes its place."""
    people: Mapping[Text, list[Text]] = {}
    """A person's canonical key, and other spellings; case, a leading @, dots, dashes and _ never matter."""
    roles: Mapping[Text, Text | Literal[False]] = Field({}, validate_default=True)
    """A role, and the person who acts for it; `false`: on purpose nobody."""
    paths: PathsTable
    """Where the ledgers are; `**` spans folders."""
    fields: FieldsTable = FieldsTable()
    """What the store calls its keys."""
    statuses: StatusesTable
    """The statuses of each class."""
    outcomes: Mapping[Text, Annotated[list[Text], Field(min_length=1)]]
    """How a dispatch ends, and the statuses that root may have then; the first is what a fix writes."""
    vocabulary: VocabularyTable | None = None
    """Where the store itself lists its statuses: no others are written, and other ones in task files are told."""
    board: BoardTable | None = None
    """A map of statuses in YAML beside the tasks."""
    shape: ShapeTable = ShapeTable()
    """How a task file holds what it says of its task."""
    folders: Mapping[Folder, StageName | list[StageName]] = {}
    """What a folder says of the tasks in it; the innermost one counts."""
    markers: Mapping[Tasked, StageName] = {}
    """What a file says of its task by being there."""
    signals: Mapping[Text, Text | list[Text]] = {}
    """Further kinds of raw signals, and the rules or families whose findings explain them."""
    drift: DriftTable = DriftTable()
    """What may differ between checkouts."""
    checkouts: CheckoutsTable = CheckoutsTable()
    """Which worktree and branch is whose."""
    locks: LocksTable | None = None
    """How a manager guards its register."""
    limits: LimitsTable = LimitsTable()
    """How old is too old."""
    rules: RulesTable = RulesTable()
    """Which rules run."""
    fleet: FleetTable = FleetTable()
    """The stores on one board."""
    suppress: list[SuppressTable] = []
    """Findings that are meant to be."""

    # Validators of fields, not of the model: they speak even where another table is wrong.
    @field_validator("roles")
    @classmethod
    def _names_are_distinct(cls, roles: Any, info: ValidationInfo) -> Any:
        wanted.distinct_names(info.data.get("people", {}), roles)
        return roles

    @field_validator("locks")
    @classmethod
    def _locks_are_files_of_their_own(cls, locks: LocksTable | None, info: ValidationInfo) -> LocksTable | None:
        paths = info.data.get("paths")
        if locks and paths:
            wanted.lock_of_its_own(locks.registers, paths.registers, paths.snapshots)
        return locks

    @field_validator("outcomes")
    @classmethod
    def _outcomes_lead_to_known_statuses(cls, outcomes: Any, info: ValidationInfo) -> Any:
        statuses = info.data.get("statuses")
        if statuses is None:
            return outcomes
        wanted.known_statuses(outcomes, statuses.by_class)
        return outcomes
