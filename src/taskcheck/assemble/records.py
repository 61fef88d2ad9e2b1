"""The runtime ledgers as they are allowed to look in JSON; unknown keys are legal and left alone."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from taskcheck.documents import Route, Trouble, Value
from taskcheck.documents.values import timestamp

_UNSET = "0001-01-01T00:00:00"
"""How Go writes a time that was never set."""


def _timestamp(value: object) -> object:
    if value is None or value == "":
        return None
    parsed = timestamp(value) if isinstance(value, str) else None
    if parsed is None:
        raise ValueError("should be a timestamp like 2026-03-24T18:00:00Z")
    return None if str(value).startswith(_UNSET) else parsed


Timestamp = Annotated[datetime | None, BeforeValidator(_timestamp)]
Text = str | None
Whole = Annotated[int | None, Field(strict=True)]
Table = dict[str, Any] | None

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "dict_type": "an object",
}
"""What pydantic calls an error, to what should stand there."""


class Record(BaseModel):
    """What all records share: every field may be missing, every other key may be there."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class RegisterRecord(Record):
    """What stands beside a register's rows."""

    owner: Text = None
    updated_at: Timestamp = None


class SnapshotRecord(Record):
    """What stands beside a snapshot's rows."""

    owner: Text = None
    generated_at: Timestamp = None
    counts: Table = None
    escalation: Table = None


class EntryRecord(Record):
    """A register's row."""

    slug: Text = None
    task: Text = None
    task_path: Text = None
    worktree_path: Text = None
    branch: Text = None
    pid: Whole = None
    host: Text = None
    registered_at: Timestamp = None
    launched_at: Timestamp = None
    started_at: Timestamp = None
    pr_url: Text = None
    pr_number: Whole = None
    pr_state: Text = None


class RowRecord(Record):
    """A snapshot's row."""

    slug: Text = None
    task: Text = None
    status: Text = None
    registered: bool | None = None
    dispatch_state: Text = None
    needs_attention: bool | None = None
    pr_url: Text = None
    pr_number: Whole = None


class SignalRecord(Record):
    """A raw signal of a snapshot."""

    task: Text = None
    kind: str
    level: Text = None
    at: Timestamp = None
    detail: Text = None


class TombstoneRecord(Record):
    """The last known state of a dispatch; ``outcome`` is judged by a rule, not here."""

    task: Text = None
    owner: Text = None
    state: Text = None
    outcome: Text = None
    exit_code: Whole = None
    pid: Whole = None
    host: Text = None
    started_at: Timestamp = None
    heartbeat_at: Timestamp = None
    ended_at: Timestamp = None
    worktree_path: Text = None
    branch: Text = None
    pr_url: Text = None
    pr_number: Whole = None
    reason: Text = None
    status_before: Text = None
    status_after: Text = None


R = TypeVar("R", bound=Record)


def validate(model: type[R], value: Value, route: Route, troubles: list[tuple[Route, Trouble]]) -> R | None:
    """Return a record from a JSON value; fields that are wrong are left out and told of, None when nothing is left."""
    if not isinstance(value, dict):
        troubles.append((route, Trouble("wrong-type", f"{'.'.join(route)} should be an object, not {_kind(value)}")))
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            wrong.setdefault(name, _explain(detail["type"], detail["msg"], value.get(name)))
    for name, message in wrong.items():
        named = (*route, name)
        troubles.append((named if name in value else route, Trouble("wrong-type", f"{'.'.join(named)} {message}")))
    left: dict[str, Any] = {key: item for key, item in value.items() if key not in wrong}
    try:
        return model.model_validate(left)
    except ValidationError:
        return None


def _explain(kind: str, message: str, value: Value) -> str:
    """Return what is wrong with a field, to follow its name."""
    if kind == "missing":
        return "is missing"
    if kind in _WANTED:
        return f"should be {_WANTED[kind]}, not {_kind(value)}"
    return message.removeprefix("Value error, ")


def _kind(value: Value) -> str:
    names = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        tuple: "a list",
        dict: "an object",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
