"""The content of taskcheck.toml as pydantic models: unknown keys are errors, and all errors are reported at once."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic.functional_validators import field_validator, model_validator

from taskcheck.config import wanted
from taskcheck.config.settings import DEFAULTS, VOCABULARY_KEY
from taskcheck.documents.values import age


def _shaped(pattern: str) -> WithJsonSchema:
    """Return the pattern by which an editor checks a text."""
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
    """A table with known keys only, and values of the right type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PathsTable(Table):
    """``[paths]``: globs, and patterns with ``{owner}`` or ``{task}``."""

    tasks: list[Glob] = Field(min_length=1)
    """The task files; `{task}`, `{number}` and `{scope}` make an id from the path if no key has it."""
    exclude: list[Glob] = [*DEFAULTS.paths.exclude]
    """Files that match these globs aren't task files."""
    archive: list[Glob] = [*DEFAULTS.paths.archive]
    """Archived task files: other tasks may depend on them, but no rule checks them."""
    other: list[Glob] = [*DEFAULTS.paths.other]
    """Other files beside the task files: taskcheck doesn't report that it didn't read them."""
    registers: Owned = DEFAULTS.paths.registers
    """The register of a manager."""
    snapshots: Owned = DEFAULTS.paths.snapshots
    """The snapshot (heartbeat) of a manager."""
    dispatch_logs: Tasked = DEFAULTS.paths.dispatch_logs
    """The log of a dispatch."""
    tombstones: Tasked = DEFAULTS.paths.tombstones
    """The last known state of a dispatch."""
    reviews: Tasked = DEFAULTS.paths.reviews
    """Files whose existence means that a task was reviewed."""
    people: list[Glob] = [*DEFAULTS.paths.people]
    """Team files: one for each person."""
    roles: list[Glob] = [*DEFAULTS.paths.roles]
    """Team files: one for each role."""


class FieldsTable(Table):
    """``[fields]``: the store's own key names."""

    required: list[Text] = [*DEFAULTS.required]
    """Fields, or other keys, that every task file must have, in addition to the status."""
    id: Text | None = None
    """The key of a task's id; without it, the id comes from the path."""
    title: Text = "title"
    """The key of a task's title."""
    status: Text = "status"
    """The key of a task's status."""
    owner: Text = "owner"
    """The key of the person or role that owns a task; a list names several."""
    depends_on: Text = "depends_on"
    """The key of the tasks that must be done first."""
    parent: Text = "parent"
    """The key of the task that contains this one."""
    pr_url: Text = "pr_url"
    """The key of its pull request's URL."""
    pr_number: Text = "pr_number"
    """The key of its pull request's number."""
    pr_created_at: Text = "pr_created_at"
    """The key of the time at which its pull request was opened."""
    started_at: Text = "started_at"
    """The key of the time at which work on it began."""
    completed_at: Text = "completed_at"
    """The key of the time at which it was done."""
    created_at: Text = "created_at"
    """The key of the time at which it was created."""
    updated_at: Text = "updated_at"
    """The key of the time of its last change."""
    closed_before_merge: Text = "closed_before_merge"
    """The key that says that a task is intentionally done while its pull request is open (`true`)."""
    branch: Text = "branch"
    """The key of its branch."""
    claimed_by: Text = "claimed_by"
    """The key of its claimant: nobody else may run it while the claim is valid."""
    claimed_at: Text = "claimed_at"
    """The key of the time of the claim."""
    worktree: Text = "worktree"
    """The key of its worktree, relative to the root checkout."""


class StatusesTable(Table):
    """``[statuses]``: every status belongs to one class."""

    parked: list[Text] = []
    """Work may not begin yet."""
    ready: list[Text] = []
    """The task may be dispatched."""
    active: list[Text] = []
    """A worker works on the task."""
    review: list[Text] = []
    """The work waits for a review."""
    stopped: list[Text] = []
    """The work has stopped until somebody intervenes."""
    done: list[Text] = Field(min_length=1)
    """The task has ended, and its work is done."""
    dropped: list[Text] = []
    """The task has ended without its work: cancelled, won't do, a duplicate. Tasks that depend on it wait forever."""

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
    """``[vocabulary]``: the store's own list of statuses; statuses without a class are known too."""

    files: list[Glob]
    """YAML files; the first existing one counts. A status in it may have no class; rules that need a class skip it."""
    key: Text = VOCABULARY_KEY
    """The key of the list in that file."""
    exclude: list[Glob] = []
    """Task files to which the list doesn't apply, such as drafts and the archive."""


class ShapeTable(Table):
    """``[shape]``: the format of a task file."""

    kind: Literal["front-matter", "status-line", "json", "json-lines", "yaml"] = "front-matter"
    """YAML at the top of Markdown, lines of its text such as `Status: x`, lists in JSON or YAML, or lines of JSON."""
    lists: list[Text] = []
    """For JSON and YAML: the path of keys to a list of tasks (in YAML also a map): `tasks`; `*.tasks` for any key."""
    nested: str = ""
    """For JSON and YAML: the key of the subtasks of a task; their ids follow a dot."""
    home: str = ""
    """For JSON and YAML: the scope that ids don't contain."""
    links: str = ""
    """For lines of JSON: the key of the list of objects that name the dependencies of a task."""
    link_target: str = ""
    """In such an object: the key of the task that it depends on."""
    link_kind: str = ""
    """In such an object: the key of its kind."""
    link_kinds: list[Text] = []
    """The kinds that are dependencies."""
    setter: list[Text] = []
    """For files that taskcheck only reads: the command of their tool that sets a status; `{task}`, `{status}`."""
    fence: Literal["line", "start"] = "line"
    """The end of front matter: a line with only `---`, or any line that begins with it, as in gray-matter."""
    scoped_ids: bool = DEFAULTS.scoped_ids
    """Whether the id in a key is relative to the `{scope}` of the path: `1` of epic `login` is `login/1`."""
    keeps_status_line: bool = DEFAULTS.keeps_status_line
    """Whether the format has a `## Status:` line in the text, so that a different status there is a fault."""


class BoardTable(Table):
    """``[board]``: a YAML file beside the tasks with their statuses; contradictions are reported."""

    files: list[Glob]
    """The file; the first existing one counts."""
    key: Text
    """The key of a map from task to status, or of a list of entries with a status; words without class are ignored."""


class FleetTable(Table):
    """``[fleet]``: the stores that `taskcheck status`, `serve` and `watch` show on one board here."""

    stores: list[Text] = [*DEFAULTS.fleet_stores]
    """Folders of stores, relative to this one; `"."` is this folder itself."""
    reports: list[Text] = [*DEFAULTS.fleet_reports]
    """Files into which other machines write `taskcheck --format json`."""


class DriftTable(Table):
    """``[drift]``: which side is right while a branch is open."""

    authority: Literal["root", "branch"] = DEFAULTS.authority
    """`"root"`: root must follow the worker; `"branch"`: a branch may be ahead until it is merged."""
    ignore: list[Text] = [*DEFAULTS.drift_ignore]
    """Keys of task files that may differ."""


class CheckoutsTable(Table):
    """``[checkouts]``: the worktree and the branch of a task, and trunk."""

    worktree: Shape = DEFAULTS.worktree
    """The worktree of a task if no ledger names it; it may contain `{task}` and `*`."""
    branch: Shape = DEFAULTS.branch
    """The branch of a task if no ledger names it; it may contain `{task}` and `*`."""
    branches: list[Text] = [*DEFAULTS.branches]
    """Globs of branches whose tips are compared like worktrees, such as `["task/*", "origin/task/*"]`."""
    trunk: list[Text] = [*DEFAULTS.trunk]
    """The branch into which work is merged; the first existing one counts."""


class LocksTable(Table):
    """``[locks]``: how the manager locks its registers."""

    registers: Owned
    """The file that a manager locks while it writes its register; never the register itself."""
    kind: Literal["flock", "lockf"] = DEFAULTS.lock_kind
    """The call that locks it; the two calls don't see each other's locks."""


class LimitsTable(Table):
    """``[limits]``: spans like ``10m``, ``4h``, ``2d``."""

    snapshot_max_age: Duration = age(DEFAULTS.limits.snapshot_max_age)
    """A snapshot older than this doesn't count as a heartbeat."""
    in_progress_max_idle: Duration = age(DEFAULTS.limits.in_progress_max_idle)
    """An active task without a sign of work for longer than this is stale."""
    claim_max_age: Duration = age(DEFAULTS.limits.claim_max_age)
    """How long a claim reserves a task."""
    pickup_grace: Duration = age(DEFAULTS.limits.pickup_grace)
    """How long a dispatch may take to appear in worktree and task file."""
    clock_skew: Duration = age(DEFAULTS.limits.clock_skew)
    """How far clocks may differ."""
    review_max_wait: Duration | None = None
    """How long a task may be in review before it is reported; without it, there is no limit."""
    stopped_max_wait: Duration | None = None
    """The same for a task that is blocked or failed."""
    ready_max_wait: Duration | None = None
    """The same for a task that is ready, and that nobody ever picked up."""
    report_max_age: Duration = age(DEFAULTS.limits.report_max_age)
    """A report from another machine is late if it is older than this."""


class RulesTable(Table):
    """``[rules]``: the rules that run, their severities, and a table for the options of each rule."""

    # A rule declares its options: engine/options.py checks them once the rules are known.
    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, dict[str, Any]] = Field(init=False)

    select: list[Text] = [*DEFAULTS.select]
    """Rules and families to run; `--select` replaces it."""
    ignore: list[Text] = [*DEFAULTS.ignore]
    """Rules and families to leave out; `--ignore` adds to it, and `--select` overrides it."""
    severity: Mapping[str, Literal["error", "warning", "info"]] = {}
    """The severity of findings by rule, family, or `all`."""


class SuppressTable(Table):
    """``[[suppress]]``: accepted findings; a reason is required."""

    rule: Text
    """The rule of the findings."""
    task: Text = "*"
    """A glob of tasks or managers."""
    reason: Text
    """Why the findings are accepted."""
    until: Day | None = None
    """The last day on which it is valid, such as `2026-09-30`."""


class Config(Table):
    """The whole file, merged with the preset's tables."""

    preset: Text | None = None
    """The format of the store; without it, taskcheck detects the format by its marks."""
    at_names: bool = DEFAULTS.at_names
    """Whether an unquoted `@name` is a value, as in Backlog.md."""
    baseline: Folder | None = DEFAULTS.baseline
    """The file of accepted findings; `--baseline` replaces it."""
    people: Mapping[Text, list[Text]] = {}
    """A person's canonical key, and other spellings; case, a leading @, dots, dashes and _ never matter."""
    roles: Mapping[Text, Text | Literal[False]] = Field({}, validate_default=True)
    """A role, and the person who fills it; `false`: intentionally nobody."""
    paths: PathsTable
    """The paths of the ledgers; `**` spans folders."""
    fields: FieldsTable = FieldsTable()
    """The store's own names of keys."""
    statuses: StatusesTable
    """The statuses of each class."""
    outcomes: Mapping[Text, Annotated[list[Text], Field(min_length=1)]]
    """The outcomes of a dispatch, and the statuses that root may have then; a fix writes the first."""
    vocabulary: VocabularyTable | None = None
    """The store's own list of statuses: taskcheck writes no others, and reports others in task files."""
    board: BoardTable | None = None
    """A map of statuses in YAML beside the tasks."""
    shape: ShapeTable = ShapeTable()
    """The format of a task file."""
    folders: Mapping[Folder, StageName | list[StageName]] = {}
    """The classes of the tasks in a folder; the innermost folder counts."""
    markers: Mapping[Tasked, StageName] = {}
    """The class of the tasks for which a file exists."""
    signals: Mapping[Text, Text | list[Text]] = {}
    """Further kinds of raw signals, and the rules or families whose findings explain them."""
    drift: DriftTable = DriftTable()
    """The differences that are allowed between checkouts."""
    checkouts: CheckoutsTable = CheckoutsTable()
    """The worktree and the branch of a task."""
    locks: LocksTable | None = None
    """How a manager locks its register."""
    limits: LimitsTable = LimitsTable()
    """Limits for ages."""
    rules: RulesTable = RulesTable()
    """The rules that run."""
    fleet: FleetTable = FleetTable()
    """The stores on one board."""
    suppress: list[SuppressTable] = []
    """Accepted findings."""

    # Validators of fields, not of the model: they run even if another table is wrong.
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
