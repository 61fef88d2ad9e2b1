"""What is left of the work on a task, and where: in branches, worktrees, register entries and pull requests."""

from datetime import datetime

from taskcheck import (
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    Entry,
    FetchedTrunk,
    PullRequest,
    Settings,
    Stage,
    Task,
    Tombstone,
)
from taskcheck_rules.parts import copies_of


def branch_of(entry: Entry, checkouts: Checkouts | None) -> str | None:
    """Return the branch that the entry names, else that of the task's own worktree."""
    if entry.branch:
        return entry.branch
    own = checkouts.of(entry.task) if checkouts is not None else None
    if own is None:
        return None
    return own.branch


def work_elsewhere(entry: Entry, checkouts: Checkouts) -> str:
    """Return where the work of an entry may be though its worktree is missing; empty where nothing may have it."""
    branch = branch_of(entry, checkouts)
    holder = checkouts.on(branch)
    if holder is not None:
        return f"its branch {branch} is checked out in {holder.spoken}"
    around = checkouts.around(entry.worktree_path)
    if around is not None:
        return f"{entry.worktree_path} would lie in {around.spoken}, which is there"
    moved = checkouts.moved(entry.worktree_path, entry.task)
    if moved is not None:
        return f"its worktree may have been moved to {moved.path}"
    merge = checkouts.merge(branch)
    if merge is not None and merge.may_say_more:
        return f"its branch {branch} is still there, and may say more than root"
    return ""


def another_branch(task: str, checkouts: Checkouts | None, began: datetime | None) -> str:
    """Return where more of an open task's work may be than what has landed; empty where nothing says so.

    That is another branch of it, or its worktree. A branch that was left before a run began is an earlier attempt.
    """
    landing = checkouts.landing(task) if checkouts is not None else None
    if landing is None:
        return ""
    if landing.reopened:
        return "its task was reopened later"
    return landing.rest_since(began) or landing.beyond


def last_record(entry: Entry, task: Task | None, dispatches: Dispatches, copies: Copies | None) -> str:
    """Return that nothing else records the entry's pull request, where that is so: it would be forgotten with it."""
    pull = entry.pull_request
    if pull is None:
        return ""
    run = dispatches.of(entry.task)
    others: list[Task | Tombstone | None] = [task, *(run.tombstones if run else ())]
    for copy in copies_of(copies, entry.task):
        others.append(copy.task)
    for other in others:
        known = other.pull_request if other is not None else None
        if number_of(known) == number_of(pull):
            return ""
    name = pull.url if pull.number is None else f"#{pull.number}"
    return f"nothing else records its pull request {name}"


def number_of(pull: PullRequest | None) -> int | str | None:
    """Return what tells a pull request from others of a task: its number, else its URL; None without one."""
    if pull is None:
        return None
    return pull.known_number or pull.url


def on_trunk(task: Task, fetched: FetchedTrunk | None) -> Task | None:
    """Return a task as trunk has it that was fetched and isn't pulled yet; None where it has the same, or nothing."""
    return fetched.tasks.get(task.id) if fetched is not None else None


def own_branches(task: Task, settings: Settings, run: Dispatch | None) -> set[str | None]:
    """Return the branches that the newest run's records or the front matter name the task's; else that of its name."""
    named = {task.text("branch")}
    for record in records_of(run):
        named.add(record.branch or None)
    named.discard(None)
    if named:
        return named
    return {settings.branch_of(task.id)}


def records_of(run: Dispatch | None) -> tuple[Entry | Tombstone, ...]:
    """Return the records of a run; none where there is no run."""
    if run is None:
        return ()
    return run.records


def in_between(
    task: Task, copy: Copy | None, checkouts: Checkouts | None, settings: Settings, run: Dispatch | None
) -> str:
    """Return why a task's file in its own worktree isn't what its branch says; empty where it is.

    Somebody is in the middle of a rebase there, say, or has checked out the branch of another task.
    """
    if copy is None or checkouts is None:
        return ""
    checkout = copy.checkout
    if checkout.under_way is not None:
        return f"{checkout.spoken} is in the middle of a {checkout.under_way}"
    branch = checkout.branch or ""
    if checkout.is_outrun(copy.task.place.path):
        return f"{branch} was fetched with commits that {checkout.spoken} doesn't have"
    whose = checkouts.branch_owners.get(branch, task.id)
    if whose == task.id:
        return ""
    if branch in own_branches(task, settings, run):
        return ""
    return f"{checkout.spoken} has the branch of {whose} checked out"


def unlanded(copy: Copy | None) -> str:
    """Return that a copy calls its task done while its branch may not have landed; empty where it doesn't, or has."""
    if copy is None or copy.task.stage is not Stage.DONE:
        return ""
    to_land = copy.checkout.to_land
    if not to_land:
        return ""
    return f"{copy.checkout.spoken} says {copy.task.status}, but {to_land}"


def gone_on_with(task: Task, run: Dispatch, checkouts: Checkouts | None, settings: Settings) -> str:
    """Return that the own branch of a task has commits from after the end of its run; empty where it hasn't."""
    own = checkouts.of(task.id) if checkouts is not None else None
    newest = own.newest_work_at if own is not None else None
    ended = _ended_in_root(run)
    if own is None or newest is None or ended is None:
        return ""
    is_newer = newest > ended + settings.limits.clock_skew
    return f"{own.spoken} has commits from after the end of the run" if is_newer else ""


def _ended_in_root(run: Dispatch) -> datetime | None:
    """Return when a run ended by the word of root; None where the worker's own checkout tells, or nothing does."""
    word = run.tombstone
    if word is None or word.tie is not None:
        return None
    return word.last_sign
