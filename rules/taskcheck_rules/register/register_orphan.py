"""register-orphan."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Checkout,
    Checkouts,
    Dispatches,
    DispatchState,
    DropEntry,
    Entry,
    Evidence,
    Finding,
    Fix,
    Place,
    Processes,
    Safety,
    Settings,
    Severity,
    Tasks,
    age,
    rule,
)


@rule(
    family="register",
    severity=Severity.ERROR,
    explains=("snapshot-mismatch", "registered_yes_but_completed"),
)
def register_orphan(
    entry: Entry,
    tasks: Tasks,
    settings: Settings,
    now: datetime,
    dispatches: Dispatches,
    checkouts: Checkouts | None = None,
    trunk: str | None = None,
    processes: Processes | None = None,
) -> Iterator[Finding]:
    """A register entry outlives its task, its branch, its pull request or its worktree.

    ## Why
    The active count is inflated, and a dead worktree looks alive.

    ## Example
    The task is completed and still registered; the worktree that the entry names was removed, or its `.git` file
    points nowhere; its branch is merged. An entry whose worker has ended while the task isn't done is a warning.

    ## Fix
    Removes the entry, nothing else: the work itself is in git. Safe, but for the entry of a task that isn't done:
    its manager may still be at it. An entry that a live process holds is no orphan.
    """
    dispatch = dispatches.of(entry.task)
    if dispatch and dispatch.state is DispatchState.RUNNING and entry in dispatch.entries:
        return
    told = (
        _task(entry, tasks) or _merge(entry, checkouts, trunk) or _worktree(entry, checkouts, settings, now, processes)
    )
    fix = Fix(
        title="remove the entry",
        safety=Safety.SAFE,
        edits=tuple(DropEntry(place=place) for place in entry.places),
    )
    severity = Severity.ERROR
    if told is None:
        if dispatch is None or dispatch.state is not DispatchState.ENDED or entry not in dispatch.entries:
            return
        task = tasks.get(entry.task)
        told = "its worker has ended", Evidence(place=dispatch.place, saw="the dispatch has ended")
        severity = Severity.WARNING
        why = f"the task is {task.status if task else 'not done'}; its manager may still need the entry"
        fix = Fix(title=fix.title, safety=Safety.UNSAFE, edits=fix.edits, why=why)
    reason, other_side = told
    since = f", registered {entry.registered_at:%Y-%m-%d %H:%M}Z" if entry.registered_at else ""
    yield Finding(
        task=entry.task,
        place=entry.place,
        message=f"still registered by {entry.manager}, but {reason}",
        expected="no entry in the register",
        evidence=(
            *(Evidence(place=place, saw=f"in the register of {entry.manager}{since}") for place in entry.places),
            other_side,
        ),
        fix=fix,
        severity=severity,
        identity=(entry.manager, entry.worktree_path or ""),
    )


Told = tuple[str, Evidence] | None


def _task(entry: Entry, tasks: Tasks) -> Told:
    task = tasks.get(entry.task)
    if task is not None:
        if not task.done:
            return None
        return f"the task is {task.status}", Evidence(place=task.at("status"), saw=f"status is {task.status}")
    if any(other.document is None for other in tasks):
        return None  # An unreadable file may be the one.
    folder = Place(path=entry.task_path or "tasks")
    return "there is no such task", Evidence(place=folder, saw=f"no task file with the id {entry.task}")


def _merge(entry: Entry, checkouts: Checkouts | None, trunk: str | None) -> Told:
    if (entry.pr_state or "").casefold() == "merged":
        return "its pull request is merged", Evidence(place=entry.place.at("pr_state"), saw="pr_state is merged")
    own = checkouts.of(entry.task) if checkouts else None
    branch = entry.branch or (own.branch if own else None)
    merge = checkouts.merge(branch) if checkouts and trunk else None
    if merge is None or merge.merged is not True:
        return None
    return f"its branch {branch} is merged", Evidence(place=entry.place.at("branch"), saw=merge.proof)


def _worktree(
    entry: Entry, checkouts: Checkouts | None, settings: Settings, now: datetime, processes: Processes | None
) -> Told:
    path = entry.worktree_path
    recorded = checkouts.recorded.get(path or "") if checkouts else None
    if path is None or checkouts is None or recorded is None:
        return None
    here = entry.host is None or (processes is not None and entry.host.casefold() == processes.host.casefold())
    if not here:
        return None
    if not recorded.exists:
        began = entry.registered_at or entry.began
        settled = began is not None and now - began > settings.limits.pickup_grace
        if not settled or began is None or not (recorded.inside or recorded.parent_exists):
            return None
        saw = f"no folder at {path}, {age(now - began)} after it was registered"
        return "its worktree is missing", Evidence(place=entry.place.at("worktree_path"), saw=saw)
    checkout: Checkout | None = checkouts.at(path)
    if checkout is None or checkout.defect is None:
        return None
    return "its worktree is broken", Evidence(place=Place(path=path), saw=checkout.defect)
