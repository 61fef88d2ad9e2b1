"""ready-too-early."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Severity, Stage, Task, Tasks, Undecided, rule
from taskcheck_rules.wording import status_of


@rule(family="task", severity=Severity.WARNING)
def ready_too_early(task: Task, tasks: Tasks) -> Iterator[Finding]:
    """A task is ready or active, but a task that it depends on isn't done.

    ## Why
    A queue dispatches ready tasks, so the worker builds on work that doesn't exist.

    ## Example
    The task has `status: ready` and `depends_on: [fix-login]`, but fix-login is `in_review`. If the dependency was
    dropped, dropped-dependency reports the task instead.

    ## Fix
    None: either the status or the dependency is wrong.
    """
    if task.stage not in {Stage.READY, Stage.ACTIVE}:
        return
    unknown = []
    for route, name in task.texts("depends_on"):
        other = tasks.resolve(name, task)
        if other is None or other.document is None or other.closed:
            continue
        if other.stage is None:
            status = other.status or "without status"
            unknown.append(f"{other.id} is {status}, which is in no class of [statuses]")
            continue
        dependency = Evidence(place=task.place.at(*route), saw=f"depends on {name}")
        yield _finding(task, dependency, other)
    if unknown:
        raise Undecided("; ".join(unknown))


def _finding(task: Task, dependency: Evidence, other: Task) -> Finding:
    """Return the finding that a task may be dispatched before the other one that it depends on."""
    return Finding(
        task=task.id,
        place=dependency.place,
        message=f"{task.id} is {task.status}, but depends on {other.id}, which is {other.status}",
        expected=f"{other.id} is done first",
        evidence=(status_of(task), dependency, status_of(other)),
        identity=(other.id,),
        remedy=HandEdit(f"the task waits until {other.id} is done, or doesn't depend on {other.id}"),
    )
