"""unknown-dependency."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Severity, Task, Tasks, Undecided, rule


@rule(family="task", severity=Severity.ERROR)
def unknown_dependency(task: Task, tasks: Tasks) -> Iterator[Finding]:
    """A task depends on a task that doesn't exist.

    ## Why
    A queue that waits for the missing task never takes this one. A queue that ignores it takes this task too early.

    ## Example
    The task has `depends_on: [fix-logn]`, but the other task is named fix-login. Case and leading zeros don't matter.
    Tasks in the archive (`[paths] archive`) exist. So does a file or an entry without a status: the check lists it
    among what it didn't look at. If the file's number is the id, as in ccpm, a dependency can also use the label at the
    start of a title within the epic: `T1` is the task `T1: Theme`.

    ## Fix
    None: only a person knows which task was meant.
    """
    hidden = False
    for route, name in task.texts("depends_on"):
        if _there(name, task, tasks):
            continue
        if tasks.may_hide(name):
            hidden = True
            continue
        place = task.place.at(*route)
        named = Evidence(place=place, saw=f"depends on {name}")
        yield Finding(
            task=task.id,
            place=place,
            message=f"{task.id} depends on {name}, which doesn't exist{tasks.nearest(name)}",
            expected="the id of a task",
            evidence=(named,),
            identity=(name,),
            remedy=HandEdit(f"the dependency names a task, or is removed{tasks.nearest(name)}"),
        )
    if hidden:
        raise Undecided("a task file whose id can't be read may be the one")


def _there(name: str, task: Task, tasks: Tasks) -> bool:
    """Return whether there is a task that is meant by a name, be it in the archive, or without a status."""
    known = tasks.resolve(name, task) is not None
    return known or tasks.put_away(name, task) or tasks.lacking_status(name, task) is not None
