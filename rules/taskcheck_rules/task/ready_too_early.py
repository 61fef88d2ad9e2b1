"""ready-too-early."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Severity, Stage, Task, Tasks, Undecided, rule


@rule(family="task", severity=Severity.WARNING)
def ready_too_early(task: Task, tasks: Tasks) -> Iterator[Finding]:
    """A task is ready or active while one that it depends on isn't done.

    ## Why
    A queue dispatches what is ready, and the worker builds on what isn't there.

    ## Example
    `status: ready`, `depends_on: [fix-login]`, and fix-login is `in_review`.

    ## Fix
    None: either the status or the dependency is wrong.
    """
    if task.stage not in {Stage.READY, Stage.ACTIVE}:
        return
    unknown = []
    for route, name in task.texts("depends_on"):
        other = tasks.resolve(name, task)
        if other is None or other.document is None or other.done:
            continue
        if other.stage is None:
            unknown.append(f"{other.id} is {other.status or 'without status'}, which is in no class of [statuses]")
            continue
        place = task.place.at(*route)
        yield Finding(
            task=task.id,
            place=place,
            message=f"it is {task.status}, and {other.id}, which it depends on, is {other.status}",
            expected=f"{other.id} is done first",
            evidence=(
                Evidence(place=task.at("status"), saw=f"status is {task.status}"),
                Evidence(place=place, saw=f"depends on {name}"),
                Evidence(place=other.at("status"), saw=f"status is {other.status}"),
            ),
            identity=(other.id,),
        )
    if unknown:
        raise Undecided("; ".join(unknown))
