"""invalid-field."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from taskcheck import (
    Evidence,
    Finding,
    HandEdit,
    People,
    Settings,
    Severity,
    Stage,
    Task,
    Undecided,
    Value,
    did_you_mean,
    frozen,
    rule,
    timestamp,
    whole_number,
)
from taskcheck_rules.wording import key_is, quoted

TIMES = ("created_at", "started_at", "completed_at", "updated_at", "pr_created_at")
ORDER = (
    ("created_at", "started_at"),
    ("created_at", "completed_at"),
    ("created_at", "updated_at"),
    ("created_at", "pr_created_at"),
    ("started_at", "completed_at"),
)
"""What comes before what; a task that is taken up again may be started after its first pull request."""

_OFFSET = re.compile(r"[+-]\d\d:\d\d")

SAME = (
    ("title", "name", "summary", "subject"),
    ("status", "state", "stage"),
    ("owner", "assignee", "assigned_to", "agent"),
    ("depends_on", "dependencies", "blocked_by", "deps"),
)
"""Keys that mean one thing in different stores."""

MOST = 100
"""Keys of a file that a missing one is compared with."""


@rule(family="task", severity=Severity.ERROR)
def invalid_field(task: Task, settings: Settings, people: People | None = None) -> Iterator[Finding]:
    """A field of a task file is missing, has the wrong type, or contradicts another field of the same file.

    ## Why
    A program ignores or guesses a value that it can't use. It then leaves the task out of the queue, or gets its dates
    wrong.

    ## Example
    There is no `title`. Or `depends_on` is a mapping. Or `pr_number` is `soon`, or `created_at` is `last week`. Or the
    status is in no class of `[statuses]`. Or `pr_url` ends with `/pull/12` but `pr_number` is 13. Or `completed_at` is
    earlier than `started_at`. `[fields] required` lists the required fields.

    If the store has its own list of statuses (`[vocabulary]`), that list applies: a status outside of it is a warning.

    Two times with UTC offsets are compared exactly. Other times must be at least two days apart, because their time
    zone is unknown. role-routing reports a ready or active task without an owner.

    ## Fix
    None: only a person knows the intended value.
    """
    faults = (
        *_missing(task, settings, people),
        *_wrong_types(task),
        *_status(task, settings),
        *_pull_request(task),
        *_times(task, settings),
    )
    for fault in faults:
        yield _finding(task, fault)
    if task.stage is None and task.status and settings.knows(task.status):
        raise Undecided(f"the status {task.status} is in no class of [statuses]")


@frozen(kw_only=True)
class Fault:
    """What is wrong with the values of some keys."""

    keys: tuple[str, ...]
    message: str
    expected: str
    says: str = ""
    """What is so once it is repaired; empty where that is what is expected."""
    severity: Severity | None = None
    """None for the rule's own."""


def _finding(task: Task, fault: Fault) -> Finding:
    """Return the finding of a fault, with the values of its keys."""
    evidence = []
    for key in fault.keys:
        value = task.front.get(key)
        given = None if value == "" else value
        evidence.append(Evidence(place=task.place.at(key), saw=key_is(key, given)))
    return Finding(
        task=task.id,
        place=evidence[0].place,
        message=fault.message,
        expected=fault.expected,
        evidence=tuple(evidence),
        severity=fault.severity,
        identity=fault.keys,
        remedy=HandEdit(fault.says or fault.expected),
    )


def _missing(task: Task, settings: Settings, people: People | None) -> Iterator[Fault]:
    """Yield the required keys that are absent or empty."""
    due = settings.required_keys
    owner_told = _owner_told_by_routing(task, people)
    for key in due:
        if key == task.keys["owner"] and owner_told:
            continue
        if not _empty(task.front.get(key)):
            continue
        fault = "has no value" if key in task.front else f"is missing{_instead(key, task)}"
        message = f"{key} of {task.id} {fault}"
        expected = f"a task file with {', '.join(due)}"
        yield Fault(keys=(key,), message=message, expected=expected, says=f"{key} has a value")


def _instead(key: str, task: Task) -> str:
    """Return the key of the file that may have been meant for a missing one, as a part of a sentence."""
    used = set(task.keys.values())
    others = [other for other in task.front if other not in used]
    same = next((group for group in SAME if key in group), ())
    for other in same:
        if other in others:
            return f"; the file has {other}, which this store calls {key}"
    return did_you_mean(key, others[:MOST], 1)


def _owner_told_by_routing(task: Task, people: People | None) -> bool:
    """Return whether role-routing tells of a missing owner."""
    waiting = task.stage in {Stage.READY, Stage.ACTIVE}
    return waiting and people is not None


def _empty(value: Value) -> bool:
    """Return whether nothing stands there."""
    return value in (None, "", ())


def _wrong_types(task: Task) -> Iterator[Fault]:
    """Yield the fields with a value that can't be what the field is for."""
    for kind in KINDS:
        for name in kind.fields:
            key = task.keys.get(name)
            if not key:
                continue
            value = task.front.get(key)
            if _empty(value) or kind.fits(value):
                continue
            message = f"{key} of {task.id} is {_shown(value)}, not {kind.name}"
            yield Fault(keys=(key,), message=message, expected=f"{key} is {kind.expected}")


def _shown(value: Value) -> str:
    """Return a value of the wrong type in words."""
    if isinstance(value, str):
        return quoted(value)
    if not isinstance(value, tuple):
        return "a mapping"
    of_text = all(isinstance(item, str) for item in value)
    return "a list" if of_text else "a list that holds more than text"


def _is_text(value: Value) -> bool:
    """Return whether a value is text."""
    return isinstance(value, str)


def _is_text_or_list(value: Value) -> bool:
    """Return whether a value is text, or a list of text in which items may be left empty."""
    items = value if isinstance(value, tuple) else (value,)
    return all(isinstance(item, str | None) for item in items)


def _is_number(value: Value) -> bool:
    """Return whether a value is a number from one on."""
    number = whole_number(value)
    return number is not None and number > 0


def _is_time(value: Value) -> bool:
    """Return whether a value names a moment."""
    return isinstance(value, str) and timestamp(value) is not None


@frozen
class Kind:
    """What the values of some fields have to be."""

    fields: tuple[str, ...]
    fits: Callable[[Value], bool]
    name: str
    """What a message calls it."""
    expected: str


KINDS = (
    Kind(("id", "title", "status", "parent", "pr_url"), _is_text, "text", "text"),
    Kind(("owner", "depends_on"), _is_text_or_list, "text or a list of text", "text, or a list of text"),
    Kind(("pr_number",), _is_number, "a whole number above 0", "a whole number above 0"),
    Kind(TIMES, _is_time, "a timestamp or a day", "a timestamp like 2026-03-24T18:00:00Z, or a day"),
)


def _status(task: Task, settings: Settings) -> Iterator[Fault]:
    """Yield the status where it isn't in the vocabulary: the store's own list, where it speaks of this file."""
    status, listed = task.status, settings.vocabulary
    if not status:
        return
    if listed.covers(task.place.path):
        if not listed.has(status):
            yield _not_listed(task, status, settings)
        return
    if settings.knows(status):
        return
    suggestion = did_you_mean(status, settings.statuses)
    known = ", ".join(settings.statuses)
    yield Fault(
        keys=(task.keys["status"],),
        message=f"status of {task.id} is {quoted(status)}, outside of the vocabulary{suggestion}",
        expected=f"one of {known}; any other needs a class in [statuses]",
        says=f"the status is in the vocabulary{suggestion}",
    )


def _not_listed(task: Task, status: str, settings: Settings) -> Fault:
    """Return the fault of a status that the store's own list doesn't have."""
    file = settings.vocabulary.file
    known = [word for word in settings.statuses if settings.vocabulary.has(word)]
    suggestion = did_you_mean(status, known)
    return Fault(
        keys=(task.keys["status"],),
        message=f"status of {task.id} is {quoted(status)}, which {file} doesn't list{suggestion}",
        expected=f"a status that {file} lists",
        says=f"the status is one that {file} lists",
        severity=Severity.WARNING,
    )


def _pull_request(task: Task) -> Iterator[Fault]:
    """Yield number and URL of a pull request where they disagree."""
    recorded = task.pull_request
    if recorded is None or recorded.number is None:
        return
    named = recorded.url_number
    number, url = task.keys["pr_number"], task.keys["pr_url"]
    if named and named != recorded.number:
        yield Fault(
            keys=(number, url),
            message=f"{number} of {task.id} is {recorded.number}, but {url} names {named}",
            expected=f"{number} and {url} of one pull request",
            says=f"{number} and {url} name one pull request",
        )


def _times(task: Task, settings: Settings) -> Iterator[Fault]:
    """Yield the pairs of times that are in the wrong order; when a task was completed counts once it is done."""
    skew = settings.limits.clock_skew
    for first, second in ORDER:
        if second == "completed_at" and not task.closed:
            continue
        before, after = task.text(first) or "", task.text(second) or ""
        if not _later(before, after, skew):
            continue
        earlier, later = task.keys[first], task.keys[second]
        yield Fault(
            keys=(later, earlier),
            message=f"{later} of {task.id} ({after}) is before {earlier} ({before})",
            expected=f"{earlier} comes before {later}",
        )


def _later(first: str, second: str, skew: timedelta) -> bool:
    """Return whether the first time is after the second, by more than the way in which they are written leaves open.

    Where both name their offset, by more than the skew of clocks; else by two days, for nobody knows in which zone they
    were written. What is no time is after nothing.
    """
    before, after = timestamp(first), timestamp(second)
    if before is None or after is None:
        return False
    if _is_zoned(first) and _is_zoned(second):
        return before - after > skew
    return (before.date() - after.date()).days > 1


def _is_zoned(time: str) -> bool:
    """Return whether a time of day is written with its offset from UTC."""
    if time.endswith(("Z", "z")):
        return ":" in time
    return ":" in time[:-6] and _OFFSET.fullmatch(time[-6:]) is not None
