"""What says that work on a task is left, though its branch has landed."""

from taskcheck import Checkouts, Copies, Task
from taskcheck_rules.parts import own_copy, work_left


def said_left(name: str, task: Task | None, copies: Copies | None, checkouts: Checkouts | None) -> str:
    """Return that the own worktree of a task says that work is left; empty where it doesn't.

    Where records name a branch alone, that of the task's name counts, too.

    Args:
        name: of the task.
        task: as root has it; None where root hasn't.
        copies: the task files that differ from root's; None without git.
        checkouts: all of them; None without git.
    """
    said = work_left(task, own_copy(copies, name))
    if said or copies is None or checkouts is None:
        return said
    return work_left(task, copies.within(checkouts.beside(name), name))
