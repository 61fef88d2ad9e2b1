"""register-orphan."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Checkout,
    Checkouts,
    Copies,
    Dispatches,
    DispatchState,
    DropEntry,
    Entry,
    Evidence,
    Finding,
    Fix,
    Place,
    Processes,
    Pulls,
    Safety,
    Settings,
    Severity,
    Task,
    Tasks,
    Undecided,
    age,
    rule,
)


@rule(
    family="register",
    severity=Severity.ERROR,
    explains=("snapshot-mismatch", "registered_yes_but_completed"),
    stops_dispatch=True,
)
def register_orphan(
    entry: Entry,
    tasks: Tasks,
    settings: Settings,
    now: datetime,
    dispatches: Dispatches,
    checkouts: Checkouts | None = None,
    copies: Copies | None = None,
    trunk: str | None = None,
    processes: Processes | None = None,
    pulls: Pulls | None = None,
) -> Iterator[Finding]:
    """A register entry outlives its task, its branch, its pull request or its worktree.

    ## Why
    The active count is inflated, and a dead worktree looks alive.

    ## Example
    The task is completed and still registered; its branch is merged; the worktree that the entry names was removed,
    longer than `pickup_grace` after it was registered, or its `.git` file points nowhere. An entry whose run has ended
    while the task isn't done is a warning.

    No finding while a live process holds the entry, nor for a worktree on another host or under a folder that isn't
    there, nor for a missing one that is locked in git, nor for a branch that is only perhaps merged, nor by the pull
    request of an earlier run, merged before the entry was made.

    ## Fix
    Removes the entry, nothing else: the work itself is in git. Safe; but unsafe for the warning, whose manager may
    still need the entry.
    """
    if dispatches.held(entry):
        return
    if entry.doubtful:
        raise Undecided("a part of an entry that may tell of a live process can't be used")
    task = tasks.get(entry.task) or next(
        (t for t in tasks if entry.task_path and t.place.path == entry.task_path), None
    )
    away = next((t for t in tasks.archived if t.id == entry.task), None)
    there = task is not None or bool(copies and copies.of(entry.task))
    unreadable = not there and any(other.document is None for other in tasks)
    told = (
        _task(entry, task, away, sure=not there and not unreadable and (checkouts is None or trunk is not None))
        or _merge(entry, checkouts, settings, trunk, pulls)
        or _worktree(entry, checkouts, settings, now, processes)
    )
    if told is not None:
        yield _finding(entry, *told)
        return
    if unreadable:
        raise Undecided("a task file that may be an entry's can't be read")
    dispatch = dispatches.of(entry.task)
    if dispatch and dispatch.state is DispatchState.ENDED and entry in dispatch.entries:
        status = task.status if task else "not on root yet"
        why = f"the task is {status}; its manager may still need the entry"
        yield _finding(entry, "its run has ended", Evidence(place=dispatch.place, saw="the run has ended"), why)
    elif checkouts is None and (entry.branch or entry.worktree_path):
        raise Undecided("without git, branches and worktrees can't be looked at")
    elif trunk is None and checkouts is not None and (not there or checkouts.merge(_branch(entry, checkouts))):
        raise Undecided("root isn't on trunk: whether a task is there and its branch is merged can't be told")


def _finding(entry: Entry, reason: str, other_side: Evidence, why: str = "") -> Finding:
    """What is wrong with an entry, and its removal; with a reason why that isn't safe it is a warning."""
    since = f", registered {entry.registered_at:%Y-%m-%d %H:%M}Z" if entry.registered_at else ""
    safety = Safety.UNSAFE if why else Safety.SAFE
    return Finding(
        task=entry.task,
        place=entry.place,
        message=f"still registered by {entry.manager}, but {reason}",
        expected="no entry in the register",
        evidence=(
            *(Evidence(place=place, saw=f"in the register of {entry.manager}{since}") for place in entry.places),
            other_side,
        ),
        fix=Fix(
            title="remove the entry",
            safety=safety,
            edits=tuple(DropEntry(place=place) for place in entry.places),
            why=why,
        ),
        severity=Severity.WARNING if why else Severity.ERROR,
        identity=(entry.manager, entry.worktree_path or "", *(["ended"] if why else [])),
    )


Told = tuple[str, Evidence] | None


def _task(entry: Entry, task: Task | None, away: Task | None, *, sure: bool) -> Told:
    if task is not None and task.done:
        return f"the task is {task.status}", Evidence(place=task.at("status"), saw=f"status is {task.status}")
    if not sure:
        return None
    if away is not None:
        return "the task is put away", Evidence(place=away.place, saw="in the archive")
    folder = Place(path=entry.task_path or "tasks")
    return "there is no such task", Evidence(place=folder, saw=f"no task file with the id {entry.task}")


def _branch(entry: Entry, checkouts: Checkouts) -> str | None:
    """The branch that the entry names, else that of the task's own worktree."""
    own = checkouts.of(entry.task)
    return entry.branch or (own.branch if own else None)


def _merge(
    entry: Entry, checkouts: Checkouts | None, settings: Settings, trunk: str | None, pulls: Pulls | None
) -> Told:
    known = pulls.of(entry.task) if pulls else ()
    own = tuple(pull for pull in known if entry.place in pull.places)
    told = own if entry.pull_request else known
    began = entry.began - settings.limits.clock_skew if entry.began else None
    merged = next((pull for pull in own if trunk and pull.merged_into(trunk) and not pull.over_before(began)), None)
    if merged:
        return "its pull request is merged", Evidence(place=entry.place, saw=merged.told)
    denied = any(pull.state and not (trunk and pull.merged_into(trunk)) for pull in told)
    if not denied and (entry.pr_state or "").casefold() == "merged":
        return "its pull request is merged", Evidence(place=entry.place.at("pr_state"), saw="pr_state is merged")
    branch = _branch(entry, checkouts) if checkouts else None
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
        if checkouts.away(path):
            raise Undecided(f"its worktree {path} is missing and locked: it may lie on a disk that isn't there now")
        saw = f"no folder at {path}, {age(now - began)} after it was registered"
        return f"its worktree {path} is missing", Evidence(place=entry.place.at("worktree_path"), saw=saw)
    checkout: Checkout | None = checkouts.at(path)
    defect = checkout.defect if checkout else recorded.defect
    if defect is None:
        return None
    return f"its worktree {path} is broken", Evidence(place=Place(path=path), saw=defect)
