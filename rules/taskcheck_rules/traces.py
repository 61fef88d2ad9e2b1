"""What is left of the work of a register entry, and where: in branches, worktrees, and records of its pull request."""

from taskcheck import Checkouts, Copies, Dispatches, Entry, PullRequest, Task, Tasks, Tombstone
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
    moved = checkouts.moved(entry.worktree_path)
    if moved is not None:
        return f"its worktree may have been moved to {moved.path}"
    merge = checkouts.merge(branch)
    if merge is not None and merge.may_say_more:
        return f"its branch {branch} is still there, and may say more than root"
    return ""


def another_branch(task: str, checkouts: Checkouts | None) -> str:
    """Return that a branch of an open task hasn't landed, where another one has; empty where nothing says so."""
    landing = checkouts.landing(task) if checkouts is not None else None
    return landing.rest if landing is not None else ""


def hidden(entry: Entry, tasks: Tasks, checkouts: Checkouts | None, branch: str | None) -> str:
    """Return where the task of an entry may be though no file has its id; empty where all was looked at."""
    taken = tasks.taken_away(entry.task, entry.task_path)
    if taken is not None:
        return f"git has it in {taken.place.path}, and nobody has committed that it is gone"
    alike = tasks.spelled_like(entry.task)
    if alike is not None:
        return f"{alike.id} may be the one"
    if checkouts is None:
        return ""
    for checkout in checkouts:
        if checkout.defect is not None:
            return f"{checkout.spoken} wasn't looked at"
    merge = checkouts.merge(branch)
    if merge is not None and merge.may_say_more:
        return f"its branch {branch} is there, and may have it"
    return ""


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
