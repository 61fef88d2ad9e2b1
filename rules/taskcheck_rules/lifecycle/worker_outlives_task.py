"""worker-outlives-task."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Dispatches,
    Entries,
    Entry,
    Evidence,
    Finding,
    Settings,
    Severity,
    Task,
    Tasks,
    age,
    rule,
    timestamp,
)
from taskcheck_rules.wording import phrase, status_of


@rule(family="lifecycle", severity=Severity.WARNING)
def worker_outlives_task(
    task: Task, tasks: Tasks, entries: Entries, dispatches: Dispatches, settings: Settings, now: datetime
) -> Iterator[Finding]:
    """A task was closed a while ago, and the process of its worker still lives.

    ## Why
    It goes on spending, and may write to a task that nobody looks at any more.

    ## Example
    The task says `completed` since an hour, and process 4242 of its register entry is still at work. Silent for
    `pickup_grace` after the closing, where nothing tells when that was, and where an open task's entry names the same
    process: a worker may take one task after another.

    ## Fix
    None: whether its work is still wanted is for a person to say. Its entry stays while it lives.
    """
    closed = _closed_at(task)
    if not task.closed or closed is None:
        return
    since = now - closed
    if since <= settings.limits.pickup_grace:
        return
    for entry in entries.of(task.id):
        if dispatches.held(entry) and not _works_on_another(entry, entries, tasks):
            yield _finding(task, entry, age(since))


def _closed_at(task: Task) -> datetime | None:
    """Return when a task was closed, as its front matter says; None where it doesn't."""
    written = task.text("completed_at") or task.text("updated_at")
    return timestamp(written) if written else None


def _works_on_another(entry: Entry, entries: Entries, tasks: Tasks) -> bool:
    """Return whether an open task's entry names the same process."""
    return any(_is_open(other.task, tasks) for other in _others_of_process(entry, entries))


def _others_of_process(entry: Entry, entries: Entries) -> Iterator[Entry]:
    """Yield the entries of other tasks that name the same process; none for an entry that names no process."""
    if entry.pid is None:
        return
    for other in entries:
        same_process = other.pid == entry.pid and other.host == entry.host
        if same_process and other.task != entry.task:
            yield other


def _is_open(name: str, tasks: Tasks) -> bool:
    """Return whether root has a task, and it isn't done."""
    task = tasks.get(name)
    return task is not None and not task.closed


def _finding(task: Task, entry: Entry, since: str) -> Finding:
    """Return the warning about one worker."""
    process = phrase(", process ", entry.pid)
    lives = Evidence(place=entry.place, saw=f"registered by {entry.manager}{process}, which lives")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"it is {task.status} since {since}, and its worker still lives{process}",
        expected="a worker that ends when its task is closed",
        evidence=(status_of(task), lives),
        identity=(entry.manager,),
    )
