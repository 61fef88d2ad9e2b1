"""Where the task of a register entry may be though no file has its id."""

from datetime import datetime

from taskcheck import Checkouts, Entry, Settings, Tasks
from taskcheck_rules.lately import just_made
from taskcheck_rules.traces import branch_of


def hidden(entry: Entry, tasks: Tasks, checkouts: Checkouts | None, settings: Settings, now: datetime) -> str:
    """Return why the task of an entry may be there; empty where all was looked at, and nothing may be it."""
    kept = tasks.kept_off_disk(entry.task, entry.task_path)
    if kept is not None:
        return f"root's last commit has its file, {kept.place.path}, though it isn't on disk"
    made = just_made(entry, settings, now)
    reasons = (
        tasks.likeness.of(entry.task),
        made and f"{made}, and its task's file may be on its way",
        _elsewhere(entry, checkouts),
    )
    return next(filter(None, reasons), "")


def _elsewhere(entry: Entry, checkouts: Checkouts | None) -> str:
    """Return which branch or worktree may have the task's file; empty without git."""
    if checkouts is None:
        return ""
    owner = checkouts.branch_owners.get(entry.task, "")
    if owner:
        return f"{owner} may be the one"
    for checkout in checkouts:
        if checkout.defect is not None:
            return f"{checkout.spoken} wasn't looked at"
    branch = branch_of(entry, checkouts)
    merge = checkouts.merge(branch)
    if merge is not None and merge.may_say_more:
        return f"its branch {branch} is there, and may have it"
    return ""
