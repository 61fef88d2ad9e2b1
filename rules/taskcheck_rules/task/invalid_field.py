"""invalid-field."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from taskcheck import (
    Evidence,
    Finding,
    People,
    Settings,
    Severity,
    Stage,
    Task,
    Undecided,
    Value,
    did_you_mean,
    rule,
    timestamp,
    whole_number,
)

TIMES = ("created_at", "started_at", "completed_at", "updated_at", "pr_created_at")
ORDER = (
    ("created_at", "started_at"),
    ("created_at", "completed_at"),
    ("created_at", "updated_at"),
    ("created_at", "pr_created_at"),
    ("started_at", "completed_at"),
)
"""What comes before what; a task that is taken up again may be started after its first pull request."""

_ZONED = re.compile(r".*\d\d:\d\d.*(?:[Zz]|[+-]\d\d:\d\d)")


@rule(family="task", severity=Severity.ERROR)
def invalid_field(task: Task, settings: Settings, people: People | None = None) -> Iterator[Finding]:
    """A field of a task file is missing, of the wrong type, or contradicts another one of the same file.

    ## Why
    What a program can't use it drops or guesses: the task is left out of the queue, or dated wrong.

    ## Example
    No `title`; `depends_on` is a mapping; `pr_number: soon`; `created_at: last week`; a status that is in no class of
    `[statuses]` nor in the store's own list; `pr_url` ends in `/pull/12` and `pr_number` is 13; `completed_at` lies
    before `started_at`. Which keys must be there is `[fields] required`.

    Times that both name their offset are compared exactly; of others the days have to be two apart, for nobody knows
    in which zone they were written. A missing owner of a ready or active task is told by role-routing.

    ## Fix
    None: what was meant is for a person to say.
    """
    for fault in (*_missing(task, settings, people), *_wrong_types(task), *_status(task, settings)):
        yield _finding(task, fault)
    for fault in (*_pull_request(task), *_times(task, settings)):
        yield _finding(task, fault)
    if task.stage is None and task.status and settings.knows(task.status):
        raise Undecided(f"the status {task.status} is in no class of [statuses]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the values of some keys."""

    keys: tuple[str, ...]
    message: str
    expected: str


def _finding(task: Task, fault: Fault) -> Finding:
    evidence = tuple(Evidence(place=task.place.at(key), saw=_saw(key, task.front.get(key))) for key in fault.keys)
    return Finding(
        task=task.id,
        place=task.place.at(fault.keys[0]),
        message=fault.message,
        expected=fault.expected,
        evidence=evidence,
        identity=fault.keys,
    )


def _saw(key: str, value: Value) -> str:
    if value is None or value == "":
        return f"no {key}"
    kind = "a list" if isinstance(value, tuple) else "a mapping"
    return f"{key} is {value if isinstance(value, str) else kind}"


def _missing(task: Task, settings: Settings, people: People | None) -> Iterator[Fault]:
    told_by_routing = people is not None and task.stage in {Stage.READY, Stage.ACTIVE}
    status = task.keys["status"]
    due = settings.required if status in settings.required else (*settings.required, status)
    for key in due:
        if key == task.keys["owner"] and told_by_routing:
            continue
        if task.front.get(key) in (None, "", ()):
            what = "no value" if key in task.front else "missing"
            yield Fault(
                keys=(key,), message=f"{key} is {what}" if what == "missing" else f"{key} has {what}",
                expected=f"a task file with {', '.join(due)}",
            )  # fmt: skip


def _wrong_types(task: Task) -> Iterator[Fault]:
    for names, allowed, expected in (
        (("id", "title", "status", "parent", "pr_url"), _is_text, "text"),
        (("owner", "depends_on"), _is_text_or_list, "text, or a list of text"),
        (("pr_number",), _is_number, "a whole number"),
        (TIMES, _is_time, "a timestamp like 2026-03-24T18:00:00Z, or a day"),
    ):
        for name in names:
            key = task.keys.get(name)
            value = task.front.get(key) if key else None
            if key and value not in (None, "", ()) and not allowed(value):
                shown = value if isinstance(value, str) else "a mapping"
                if isinstance(value, tuple):
                    shown = "a list" if all(isinstance(item, str) for item in value) else "a list of more than text"
                yield Fault(keys=(key,), message=f"{key} is {shown}", expected=f"{key} is {expected}")


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_text_or_list(value: Value) -> bool:
    return isinstance(value, str) or (
        isinstance(value, tuple) and all(isinstance(item, str) or item is None for item in value)
    )


def _is_number(value: Value) -> bool:
    number = whole_number(value)
    return number is not None and number > 0


def _is_time(value: Value) -> bool:
    return isinstance(value, str) and timestamp(value) is not None


def _status(task: Task, settings: Settings) -> Iterator[Fault]:
    if task.status and not settings.knows(task.status):
        known = ", ".join(settings.statuses)
        yield Fault(
            keys=(task.keys["status"],),
            message=f"its status {task.status} is not in the vocabulary{did_you_mean(task.status, settings.statuses)}",
            expected=f"one of {known}; others belong into a class of [statuses]",
        )


def _pull_request(task: Task) -> Iterator[Fault]:
    recorded = task.pull_request
    if recorded is None or recorded.url is None or recorded.number is None:
        return
    named = recorded.url_number
    if named and named != recorded.number:
        yield Fault(
            keys=(task.keys["pr_number"], task.keys["pr_url"]),
            message=f"its pull request is number {recorded.number}, and its url names {named}",
            expected="number and url of one pull request",
        )


def _times(task: Task, settings: Settings) -> Iterator[Fault]:
    told: Callable[[str], str] = lambda name: task.text(name) or ""  # noqa: E731 - shorter than its name
    for first, second in ORDER:
        if second == "completed_at" and not task.done:
            continue
        before, after = timestamp(told(first)), timestamp(told(second))
        if before and after and _later(before, after, told(first), told(second), settings.limits.clock_skew):
            keys = task.keys[second], task.keys[first]
            yield Fault(
                keys=keys,
                message=f"{keys[0]} ({told(second)}) lies before {keys[1]} ({told(first)})",
                expected=f"{keys[1]} comes first",
            )


def _later(before: datetime, after: datetime, first: str, second: str, skew: timedelta) -> bool:
    """Whether the first time is after the second, by more than the way in which they are written leaves open."""
    if _ZONED.fullmatch(first) and _ZONED.fullmatch(second):
        return before - after > skew
    return (before.date() - after.date()).days > 1
