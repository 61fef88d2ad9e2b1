"""Two rules about planning."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Fix, Safety, SetKey, Severity, Stage, Task, Tasks, frozen, rule


@rule(family="planning", severity=Severity.WARNING)
def missing_priority(task: Task) -> Iterator[Finding]:
    """A ready task has no priority.

    ## Why
    Whoever takes the next task from the queue takes one without priority last, or first.

    ## Example
    `status: ready` and no `priority`.

    ## Fix
    Writes `priority: p2`, the middle one. Safe: nothing was said before.
    """
    if task.stage is not Stage.READY or task.text("priority"):
        return
    yield Finding(
        task=task.id,
        place=task.at("priority"),
        message=f"{task.id} is ready, but has no priority",
        expected="a priority: p1, p2 or p3",
        evidence=(Evidence(place=task.at("status"), saw=f"status is {task.status}, no priority"),),
        fix=Fix(
            title="write priority p2",
            safety=Safety.SAFE,
            edits=(SetKey(place=task.at("priority"), value="p2"),),
        ),
    )


@frozen
class Options:
    """What `[rules.too-many-active]` may say."""

    most: int = 3
    """Active tasks that one owner may have."""


@rule(family="planning", severity=Severity.ERROR, options=Options)
def too_many_active(tasks: Tasks, options: Options) -> Iterator[Finding]:
    """An owner has more active tasks than can be worked on.

    ## Why
    What is begun and not worked on grows stale, and nobody else takes it.

    ## Example
    Four tasks of rj are `in_progress`. `[rules.too-many-active] most = 5` allows more than three.

    ## Fix
    None: which to put back is for the owner to say.
    """
    active: dict[str, list[Task]] = {}
    for task in tasks:
        for _, owner in task.owners if task.stage is Stage.ACTIVE else ():
            active.setdefault(owner, []).append(task)
    for owner, held in sorted(active.items()):
        if len(held) > options.most:
            yield Finding(
                manager=owner,
                tasks=tuple(task.id for task in held),
                place=held[0].at("status"),
                message=f"{owner} has {len(held)} active tasks",
                expected=f"{options.most} at most",
                evidence=tuple(Evidence(place=task.at("status"), saw=f"status is {task.status}") for task in held),
                identity=(owner,),
            )
