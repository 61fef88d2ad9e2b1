"""What taskcheck.toml may hold, as pydantic models: unknown keys are errors, and every error shows at once."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from taskcheck.documents.values import duration, timestamp
from taskcheck.globs import Pattern
from taskcheck.identity import AmbiguousNames, People


def _duration(text: str) -> str:
    duration(text)
    return text


def _day(text: str) -> str:
    if timestamp(text) is None:
        raise ValueError("write the last day as 2026-09-30")
    return text


def _written(day: object) -> object:
    return day.isoformat() if isinstance(day, date) else day


def _inside(pattern: str) -> str:
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise ValueError("a pattern is relative to the root checkout and may not leave it")
    return pattern


def _folder(path: str) -> str:
    if any(mark in path for mark in "*?{"):
        raise ValueError("a folder is named as it is, without patterns")
    return _inside(path)


Duration = Annotated[str, AfterValidator(_duration)]
Glob = Annotated[str, AfterValidator(_inside)]
Folder = Annotated[str, AfterValidator(_folder)]
Text = Annotated[str, Field(min_length=1)]


def _owned(pattern: str) -> str:
    if pattern and "{owner}" not in pattern:
        raise ValueError("needs {owner} where the manager's name stands")
    return _inside(pattern)


def _tasked(pattern: str) -> str:
    if pattern and "{task}" not in pattern:
        raise ValueError("needs {task} where the task's id stands")
    return _inside(pattern)


Owned = Annotated[str, AfterValidator(_owned)]
Tasked = Annotated[str, AfterValidator(_tasked)]


class Table(BaseModel):
    """What all tables share: no other keys than the known ones, and values of the right type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PathsTable(Table):
    """``[paths]``: globs, and patterns with ``{owner}`` or ``{task}``."""

    tasks: list[Glob] = Field(min_length=1)
    exclude: list[Glob] = []
    archive: list[Glob] = []
    registers: Owned = ""
    snapshots: Owned = ""
    dispatch_logs: Tasked = ""
    tombstones: Tasked = ""
    reviews: Tasked = ""
    people: list[Glob] = []
    roles: list[Glob] = []


class FieldsTable(Table):
    """``[fields]``: the store's own key names."""

    required: list[Text] = []
    id: Text | None = None
    title: Text = "title"
    status: Text = "status"
    owner: Text = "owner"
    depends_on: Text = "depends_on"
    parent: Text = "parent"
    pr_url: Text = "pr_url"
    pr_number: Text = "pr_number"
    pr_created_at: Text = "pr_created_at"
    started_at: Text = "started_at"
    completed_at: Text = "completed_at"
    created_at: Text = "created_at"
    updated_at: Text = "updated_at"
    closed_before_merge: Text = "closed_before_merge"


class StatusesTable(Table):
    """``[statuses]``: every status belongs to one class."""

    parked: list[Text] = []
    ready: list[Text] = []
    active: list[Text] = []
    review: list[Text] = []
    stopped: list[Text] = []
    done: list[Text] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_class_each(self) -> Self:
        seen: dict[str, str] = {}
        for stage in StatusesTable.model_fields:
            for status in getattr(self, stage):
                other = seen.setdefault(status.casefold(), stage)
                if other != stage:
                    raise ValueError(f"{status!r} is both {other} and {stage}")
        return self


StageName = Literal["parked", "ready", "active", "review", "stopped", "done"]


class VocabularyTable(Table):
    """``[vocabulary]``: where the store itself lists its statuses; those that no class has are known all the same."""

    files: list[Glob]
    key: Text = "statuses"


class DriftTable(Table):
    """``[drift]``: who is right while a branch is open."""

    authority: Literal["root", "branch"] = "root"
    ignore: list[Text] = []


class CheckoutsTable(Table):
    """``[checkouts]``: which worktree and branch is whose, and what trunk is."""

    worktree: str = ""
    branch: str = ""
    branches: list[Text] = []
    trunk: list[Text] = ["origin/HEAD", "main", "master"]


class LocksTable(Table):
    """``[locks]``: how the manager guards its registers."""

    registers: Owned
    kind: Literal["flock", "lockf"] = "flock"


class LimitsTable(Table):
    """``[limits]``: spans like ``10m``, ``4h``, ``2d``."""

    snapshot_max_age: Duration = "10m"
    in_progress_max_idle: Duration = "4h"
    pickup_grace: Duration = "15m"
    clock_skew: Duration = "5m"


class RulesTable(Table):
    """``[rules]``: which rules run, and how much each matters."""

    select: list[Text] = ["all"]
    ignore: list[Text] = []
    severity: Mapping[str, Literal["error", "warning", "info"]] = {}


class SuppressTable(Table):
    """``[[suppress]]``: findings that are meant to be; a reason is due."""

    rule: Text
    task: Text = "*"
    reason: Text
    until: Annotated[str, BeforeValidator(_written), AfterValidator(_day)] | None = None


class Config(Table):
    """The whole file, with the preset's tables below it."""

    preset: Text | None = None
    at_names: bool = False
    people: Mapping[Text, list[Text]] = {}
    roles: Mapping[Text, Text | Literal[False]] = Field({}, validate_default=True)
    paths: PathsTable
    fields: FieldsTable = FieldsTable()
    statuses: StatusesTable
    outcomes: Mapping[Text, Annotated[list[Text], Field(min_length=1)]]
    vocabulary: VocabularyTable | None = None
    folders: Mapping[Folder, StageName | list[StageName]] = {}
    markers: Mapping[Tasked, StageName] = {}
    signals: Mapping[Text, Text | list[Text]] = {}
    drift: DriftTable = DriftTable()
    checkouts: CheckoutsTable = CheckoutsTable()
    locks: LocksTable | None = None
    limits: LimitsTable = LimitsTable()
    rules: RulesTable = RulesTable()
    suppress: list[SuppressTable] = []

    # Validators of fields, not of the model: they speak even where another table is wrong.
    @field_validator("roles")
    @classmethod
    def _names_are_distinct(cls, roles: Any, info: ValidationInfo) -> Any:
        try:
            People.of(info.data.get("people", {}), roles)
        except AmbiguousNames as error:
            raise ValueError(f"people and roles: {error}") from error
        return roles

    @field_validator("locks")
    @classmethod
    def _locks_are_files_of_their_own(cls, locks: LocksTable | None, info: ValidationInfo) -> LocksTable | None:
        """A ledger is replaced by a rename: whoever locks it locks a file that is gone."""
        paths = info.data.get("paths")
        ledgers = (paths.registers, paths.snapshots) if locks and paths else ()
        if locks and any(Pattern(held or "").match(Pattern(locks.registers).fill(owner="x")) for held in ledgers):
            raise ValueError(f"{locks.registers} is a register or snapshot itself; a lock is a file of its own")
        return locks

    @field_validator("outcomes")
    @classmethod
    def _outcomes_lead_to_known_statuses(cls, outcomes: Any, info: ValidationInfo) -> Any:
        statuses = info.data.get("statuses")
        if statuses is None:
            return outcomes
        known = {status.casefold() for stage in StatusesTable.model_fields for status in getattr(statuses, stage)}
        unknown = [
            f"{outcome}: {status!r}"
            for outcome, allowed in outcomes.items()
            for status in allowed
            if status.casefold() not in known
        ]
        if unknown:
            raise ValueError(f"[statuses] has no such status: {', '.join(unknown)}")
        return outcomes
