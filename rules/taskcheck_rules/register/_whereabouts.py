"""Where the task of a register entry is, as far as task files could be read."""

from taskcheck import Checkouts, Copies, Entry, Task, Tasks, Undecided, frozen
from taskcheck_rules.parts import copies_of
from taskcheck_rules.traces import branch_of


@frozen(kw_only=True)
class Whereabouts:
    """Where the task of an entry is, as far as task files could be read."""

    task: Task | None
    """In root."""
    archived: Task | None
    there: bool
    """Whether root has it, or a worktree in which it is new."""
    kept: str
    """Which checkout still has the file that root has deleted; empty where none has."""
    unreadable: bool
    """Whether none has it, and a file in root that can't be read may be the one."""

    @property
    def status(self) -> str | None:
        """The status that root has of it, else why there is none."""
        if self.task is not None:
            return self.task.status
        return "deleted in root" if self.kept else "not in root yet"


def whereabouts(entry: Entry, tasks: Tasks, copies: Copies | None) -> Whereabouts:
    """Return where the task of an entry is."""
    task = _root_task(entry, tasks)
    archived = _archived_task(entry, tasks)
    found = copies_of(copies, entry.task) if task is None else ()
    there = task is not None or any(copy.base is None for copy in found)
    kept = "" if there or not found else f"{found[0].checkout.spoken} still has its file"
    unreadable = not there and tasks.may_hide(entry.task)
    return Whereabouts(task=task, archived=archived, there=there, kept=kept, unreadable=unreadable)


def _archived_task(entry: Entry, tasks: Tasks) -> Task | None:
    """Return the first task in the archive with the id that the entry names."""
    for task in tasks.archived:
        if task.id == entry.task:
            return task
    return None


def _root_task(entry: Entry, tasks: Tasks) -> Task | None:
    """Return root's task with the id that the entry names, else the one at the path that it names."""
    named = tasks.get(entry.task)
    if named is not None or not entry.task_path:
        return named
    return tasks.by_path.get(entry.task_path)


def demand_history(entry: Entry, where: Whereabouts, checkouts: Checkouts | None, trunk: str | None) -> None:
    """Raise where git alone could tell that the entry is an orphan, and can't."""
    if checkouts is None:
        if entry.branch or entry.worktree_path:
            raise Undecided("without git, branches and worktrees can't be looked at")
        return
    branch_known = checkouts.merge(branch_of(entry, checkouts)) is not None
    if trunk is None and (branch_known or not where.there):
        raise Undecided("root isn't on trunk: whether a task exists and its branch is merged is unknown")
