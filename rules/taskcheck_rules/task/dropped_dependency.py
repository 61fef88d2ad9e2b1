"""dropped-dependency."""

from collections.abc import Iterator

from taskcheck import (
    Evidence,
    Finding,
    HandEdit,
    Severity,
    Stage,
    Task,
    Tasks,
    rule,
)
from taskcheck_rules.wording import status_of

_WAITING = frozenset({Stage.PARKED, Stage.READY, Stage.ACTIVE, Stage.STOPPED})


@rule(family="task", severity=Severity.WARNING, remedy=HandEdit("the dependency names another task, or is removed"))
def dropped_dependency(task: Task, tasks: Tasks) -> Iterator[Finding]:
    """An open task depends on a task that was dropped.

    ## Why
    A queue that waits for the dependency never takes the task. A queue that treats dropped as done lets a worker build
    on work that doesn't exist.

    ## Example
    The task has `status: ready` and `depends_on: [fix-login]`, but fix-login is `cancelled`, a status of the class
    `dropped`. There is no finding for a task in review, because its work is finished.

    ## Fix
    None: remove the dependency, replace it with the task that does its work instead, or drop this task too.
    """
    if task.stage not in _WAITING:
        return
    told: set[str] = set()
    for route, name in task.texts("depends_on"):
        other = tasks.resolve(name, task)
        if other is None or other.id in told:
            continue
        if other.stage is Stage.DROPPED:
            told.add(other.id)
            dependency = Evidence(place=task.place.at(*route), saw=f"depends on {name}")
            yield _finding(task, dependency, other)


def _finding(task: Task, dependency: Evidence, other: Task) -> Finding:
    """Return the finding that a task waits for one that was dropped."""
    return Finding(
        task=task.id,
        place=dependency.place,
        message=f"{task.id} depends on {other.id}, which is {other.status} and will never be done",
        expected=f"no dependency on {other.id}, or another one in its place",
        evidence=(status_of(task), dependency, status_of(other)),
        identity=(other.id,),
    )
