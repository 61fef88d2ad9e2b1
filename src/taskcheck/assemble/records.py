"""The runtime ledgers as they are allowed to look in JSON; unknown keys are legal and left alone.

The classes below are the one definition. What is plainly right is read by them alone; about all else `strict` asks
pydantic, by models that are made of them: importing it takes as long as the rest of a small check.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from taskcheck.documents import Route, Trouble, Value
from taskcheck.documents.frozen import frozen, names_of
from taskcheck.documents.values import timestamp

_UNSET = "0001-01-01T00:00:00"
"""How Go writes a time that was never set."""

Word = str
Text = str | None
Whole = int | None
Flag = bool | None
Table = dict[str, Any] | None
Timestamp = datetime | None


@frozen(kw_only=True)
class RegisterRecord:
    """What stands beside a register's rows."""

    owner: Text = None
    updated_at: Timestamp = None


@frozen(kw_only=True)
class SnapshotRecord:
    """What stands beside a snapshot's rows."""

    owner: Text = None
    generated_at: Timestamp = None
    counts: Table = None
    escalation: Table = None


@frozen(kw_only=True)
class EntryRecord:
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


@frozen(kw_only=True)
class RowRecord:
    """A snapshot's row."""

    slug: Text = None
    task: Text = None
    status: Text = None
    registered: Flag = None
    dispatch_state: Text = None
    needs_attention: Flag = None
    pr_url: Text = None
    pr_number: Whole = None


@frozen(kw_only=True)
class SignalRecord:
    """A raw signal of a snapshot."""

    task: Text = None
    kind: Word
    level: Text = None
    at: Timestamp = None
    detail: Text = None


@frozen(kw_only=True)
class TombstoneRecord:
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


R = TypeVar("R")


def validate(model: type[R], value: Value, route: Route, troubles: list[tuple[Route, Trouble]]) -> R | None:
    """Return a record from a JSON value; fields that are wrong are left out and told of, None when nothing is left."""
    if isinstance(value, dict):
        record = plain(model, value)
        if record is not None:
            return record
    from taskcheck.assemble.strict import validated

    return validated(model, value, route, troubles)


def said(record: object, *without: str) -> dict[str, Any]:
    """Return the fields of a record by name, but for some."""
    return {name: getattr(record, name) for name in names_of(record) if name not in without}


def plain(model: type[R], value: dict[str, Value]) -> R | None:
    """Return the record of a JSON object in which all is plainly right; None where that isn't sure."""
    given = {}
    try:
        for name, kind in model.__annotations__.items():
            if name in value:
                given[name] = _TAKEN[kind](value[name])
        return model(**given)
    except (TypeError, ValueError):
        return None


def moment(value: object) -> datetime | None:
    """Return the time that a value names; None for one that was never set.

    Raises:
        ValueError: it names none.
    """
    if value is None or value == "":
        return None
    parsed = timestamp(value) if isinstance(value, str) else None
    if parsed is None:
        raise ValueError("should be a timestamp like 2026-03-24T18:00:00Z")
    return None if str(value).startswith(_UNSET) else parsed


# Each returns a value that is what it should be, and of no odd kind: no subclass, nothing that UTF-8 or 64 bits can't
# hold. What else pydantic might take or refuse isn't guessed here.


def _word(value: Value) -> Value:
    if type(value) is not str:
        raise TypeError
    if not value.isascii():
        value.encode()
    return value


def _text(value: Value) -> Value:
    return None if value is None else _word(value)


def _whole(value: Value) -> Value:
    if value is None or (type(value) is int and -_HUGE < value < _HUGE):
        return value
    raise TypeError


_HUGE = 1 << 63


def _flag(value: Value) -> Value:
    if value is None or type(value) is bool:
        return value
    raise TypeError


def _table(value: Value) -> Value:
    if value is None:
        return None
    if type(value) is not dict:
        raise TypeError
    return {_word(key): item for key, item in value.items()}  # type: ignore[misc]


_TAKEN: dict[object, Callable[[Value], object]] = {
    Word: _word,
    Text: _text,
    Whole: _whole,
    Flag: _flag,
    Table: _table,
    Timestamp: moment,
}
