"""Whose a branch is, where the ledgers of several tasks name it."""

from collections.abc import Iterable
from datetime import datetime

from taskcheck.assemble.checkouts import began
from taskcheck.model.runtime import Entry, Tombstone


def newest_users(records: Iterable[Entry | Tombstone]) -> dict[str, str]:
    """Return by branch the task of the newest record that names it; one without a time is taken for the newest."""
    since: dict[str, datetime | None] = {}
    users: dict[str, str] = {}
    for record in records:
        branch = record.branch
        if not branch:
            continue
        at = began(record)
        if branch not in since or _is_newer(at, since[branch]):
            since[branch] = at
            users[branch] = record.task
    return users


def _is_newer(at: datetime | None, known: datetime | None) -> bool:
    """Return whether a time is after another, or isn't known."""
    if at is None:
        return True
    if known is None:
        return False
    return at > known
