"""What several rules say in the same words."""

from collections.abc import Sequence
from datetime import datetime

from taskcheck import Checkout, Checkouts, Copies, Copy, Evidence, Place, Stage, Task, Value
from taskcheck_rules.parts import own_copy

SHOWN = 5
"""Of a long list so many are named."""

LONGEST = 60
"""Characters of a value that a message repeats; its evidence has it whole."""


def status_of(task: Task) -> Evidence:
    """Return what a task file says of the status."""
    return Evidence(place=task.at("status"), saw=key_is("status", task.status))


def uncommitted(task: Task, checkouts: Checkouts | None) -> list[Evidence]:
    """Return that code in a task's own worktree isn't committed, or may not be; none where all is."""
    own = checkouts.of(task.id) if checkouts is not None else None
    what = own.unsaved() if own is not None else ""
    if own is None or not what:
        return []
    return [Evidence(place=Place(path=str(own.path)), saw=what)]


def stands(task: Task) -> str:
    """Return the status of a task in words: `ready`, or `without status`."""
    return task.status or "without status"


def key_is(key: str, value: Value) -> str:
    """Return what stands under a key: `owner is rj`, `owner is a list`, or `no owner`."""
    if value is None:
        return f"no {key}"
    if isinstance(value, str):
        return f"{key} is {value}"
    kind = "a list" if isinstance(value, tuple) else "a mapping"
    return f"{key} is {kind}"


def phrase(words: str, value: object) -> str:
    """Return the words and the value after them; nothing where there is no value.

    `phrase(", process ", 4242)` is `, process 4242`, and `phrase(", process ", None)` is empty.
    """
    missing = value is None or value == ""
    return "" if missing else f"{words}{value}"


def minute(moment: datetime | None) -> str:
    """Return a moment to the minute, like `2026-03-24 18:00Z`; nothing where there is none."""
    if moment is None:
        return ""
    return f"{moment:%Y-%m-%d %H:%M}Z"


def listed(names: Sequence[str]) -> str:
    """Return the names, of many the first five and how many are left: `a, b, c, d, e and 2 more`."""
    named = ", ".join(names[:SHOWN])
    left = len(names) - SHOWN
    if left <= 0:
        return named
    return f"{named} and {left} more"


def called(checkout: Checkout, task: str) -> str:
    """Return what a message about a task calls a checkout: `its worktree` where the worktree has the task's name."""
    if checkout.spoken == f"worktree {task}":
        return "its worktree"
    return checkout.spoken


def cut(text: str) -> str:
    """Return a text as a message repeats it: of a long one the beginning."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}…"


def quoted(value: str) -> str:
    """Return a value as a message repeats it: `'last week'`; of a long one the beginning."""
    return f"'{cut(value)}'"


def said_left(name: str, task: Task | None, copies: Copies | None, checkouts: Checkouts | None) -> str:
    """Return that the own worktree of a task says that work is left; empty where it doesn't.

    Where records name a branch alone, that of the task's name counts, too.

    Args:
        name: of the task.
        task: as root has it; None where root hasn't.
        copies: the task files that differ from root's; None without git.
        checkouts: all of them; None without git.
    """
    said = _work_left(task, own_copy(copies, name))
    if said or copies is None or checkouts is None:
        return said
    return _work_left(task, copies.within(checkouts.beside(name), name))


def _work_left(task: Task | None, own: Copy | None) -> str:
    """Return that the task's own worktree says that work is left, while root doesn't call it done.

    A copy that only lags behind root says nothing.
    """
    if task is None or task.closed or own is None or own.task.status == task.status:
        return ""
    if own.task.stage in {Stage.REVIEW, Stage.DONE} or not own.leads:
        return ""
    return f"{own.checkout.spoken} says {own.task.status or 'nothing'}"
