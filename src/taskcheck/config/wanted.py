"""What the values of a configuration have to be beyond their types: for the models in `schema`, and for `light`.

Each function of one value returns it, or what it means. All raise ValueError with a message for whoever wrote the file.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from taskcheck.config.pattern import Pattern
from taskcheck.config.people import AmbiguousNames, People
from taskcheck.documents.values import duration, timestamp


def duration_text(text: str) -> str:
    """Return a span like ``4h``."""
    duration(text)
    return text


def written(day: object) -> object:
    """Return a date of TOML as it is written; anything else as it is."""
    return day.isoformat() if isinstance(day, date) else day


def day(text: str) -> str:
    """Return a day."""
    if timestamp(text) is None:
        raise ValueError("write the last day as 2026-09-30")
    return text


def quick(pattern: str) -> str:
    """Return a pattern that is matched in a time which grows with the path."""
    trouble = Pattern(pattern).trouble
    if trouble:
        raise ValueError(f"the pattern {trouble}")
    return pattern


def inside(pattern: str) -> str:
    """Return a pattern of what lies in the root checkout."""
    quick(pattern)
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise ValueError("a pattern is relative to the root checkout and may not leave it")
    return pattern


def folder(path: str) -> str:
    """Return the path of a folder, or of a file, without wildcards."""
    if any(mark in path for mark in "*?{"):
        raise ValueError("a folder must be a plain path, without patterns")
    return inside(path)


def owned(pattern: str) -> str:
    """Return the pattern of a manager's files; empty for none."""
    if pattern and "{owner}" not in pattern:
        raise ValueError("needs {owner} in place of the manager's name")
    return inside(pattern)


def tasked(pattern: str) -> str:
    """Return the pattern of a task's files; empty for none."""
    if pattern and "{task}" not in pattern:
        raise ValueError("needs {task} in place of the task's id")
    return inside(pattern)


def one_class_each(statuses: Mapping[str, Sequence[str]]) -> None:
    """See that no status is in two classes."""
    seen: dict[str, str] = {}
    for stage, words in statuses.items():
        for status in words:
            other = seen.setdefault(status.casefold(), stage)
            if other != stage:
                raise ValueError(f"{status!r} is both {other} and {stage}")


def distinct_names(people: Mapping[str, Sequence[str]], roles: Mapping[str, str | Literal[False]]) -> None:
    """See that no name means two people or roles."""
    try:
        People.of(people, roles)
    except AmbiguousNames as error:
        raise ValueError(f"people and roles: {error}") from error


def lock_of_its_own(lock: str, *ledgers: str) -> None:
    """See that no ledger is a lock: it is replaced by a rename, and whoever locks it locks a file that is gone."""
    path = Pattern(lock).fill(owner="x")
    if any(Pattern(held).match(path) for held in ledgers):
        raise ValueError(f"{lock} is a register or snapshot itself; a lock is a file of its own")


def known_statuses(outcomes: Mapping[str, Sequence[str]], statuses: Mapping[str, Sequence[str]]) -> None:
    """See that outcomes lead to statuses that there are."""
    known = {status.casefold() for words in statuses.values() for status in words}
    unknown = []
    for outcome, allowed in outcomes.items():
        for status in allowed:
            if status.casefold() not in known:
                unknown.append(f"{outcome}: {status!r}")
    if unknown:
        raise ValueError(f"[statuses] has no such status: {', '.join(unknown)}")
