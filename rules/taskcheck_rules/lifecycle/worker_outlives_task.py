"""worker-outlives-task."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Dispatch,
    Dispatches,
    DispatchState,
    Entries,
    Entry,
    Evidence,
    Finding,
    Settings,
    Severity,
    Task,
    Tasks,
    Tombstone,
    Wait,
    age,
    rule,
    timestamp,
)
from taskcheck_rules.parts import entries_of
from taskcheck_rules.wording import phrase, status_of


@rule(
    family="lifecycle",
    severity=Severity.WARNING,
    remedy=Wait("its worker to end; or end it, if its work isn't wanted any more"),
)
def worker_outlives_task(
    task: Task,
    tasks: Tasks,
    dispatches: Dispatches,
    settings: Settings,
    now: datetime,
    entries: Entries | None = None,
) -> Iterator[Finding]:
    """A task was closed a while ago, but the process of its worker is still alive.

    ## Why
    The worker keeps using resources, and may change a task that nobody watches any more.

    ## Example
    The task has been `completed` for an hour, and process 4242 of its register entry or tombstone is still alive. There
    is no finding in these cases:

    - The task was closed less than `pickup_grace` ago.
    - Neither the task file nor a commit of root says when the task was closed.
    - The record of an open task names the same process. A worker may handle one task after another.

    ## Fix
    None: a person has to decide whether its work is still wanted. The register entry stays while the process is alive.
    """
    closed = _closed_at(task, dispatches.of(task.id))
    if not task.closed or closed is None:
        return
    since = now - closed
    if since <= settings.limits.pickup_grace:
        return
    for record in _live_records(task, entries, dispatches):
        if not _works_on_another(record, dispatches, tasks):
            yield _finding(task, record, age(since))


def _closed_at(task: Task, run: Dispatch | None) -> datetime | None:
    """Return when a task was closed, by its front matter, else by the commit that did it; None where neither tells."""
    written = task.text("completed_at") or task.text("updated_at")
    told = timestamp(written) if written else None
    if told is not None or run is None:
        return told
    return run.status_given_at


def _live_records(task: Task, entries: Entries | None, dispatches: Dispatches) -> list[Entry | Tombstone]:
    """Return the entries of a task that a live process holds; where none is, the tombstone of a run that goes on."""
    held: list[Entry | Tombstone] = []
    held += [entry for entry in entries_of(entries, task.id) if dispatches.held(entry)]
    run = dispatches.of(task.id)
    if held or run is None:
        return held
    if run.tombstone is not None and run.state is DispatchState.RUNNING:
        held.append(run.tombstone)
    return held


def _works_on_another(record: Entry | Tombstone, dispatches: Dispatches, tasks: Tasks) -> bool:
    """Return whether the record of an open task names the same process."""
    names = dispatches.tasks_of(record.pid, record.host) - {record.task}
    others = filter(None, map(tasks.get, sorted(names)))
    return not all(other.closed for other in others)


def _finding(task: Task, record: Entry | Tombstone, since: str) -> Finding:
    """Return the warning about one worker."""
    process = phrase(": process ", record.pid)
    who = record.manager if isinstance(record, Entry) else record.owner or ""
    lives = Evidence(place=record.written_in, saw=f"recorded{phrase(' by ', who)}{process} is running")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"worker of {task.id} is still alive {since} after the task was set to {task.status}{process}",
        expected="a worker that ends when its task is closed",
        evidence=(status_of(task), lives),
        identity=(who,),
    )
