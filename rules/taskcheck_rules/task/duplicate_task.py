"""duplicate-task."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Severity, Tasks, rule


@rule(family="task", severity=Severity.ERROR)
def duplicate_task(tasks: Tasks) -> Iterator[Finding]:
    """Two task files in the root checkout have one id.

    ## Why
    Every ledger names tasks by id: what is said of one is believed of the other.

    ## Example
    `tasks/a/fix-login.md` and `tasks/b/fix-login.md`; or two files with `id: TASK-7`.

    ## Fix
    None: which of them is to be renamed, and who refers to it, is for a person to say.
    """
    files: dict[str, list[int]] = {}
    for index, task in enumerate(tasks):
        files.setdefault(task.id, []).append(index)
    for name, indexes in files.items():
        if len(indexes) == 1:
            continue
        same = [tasks.all[index] for index in indexes]
        key = same[0].keys.get("id")
        places = [task.place.at(key) if key else task.place for task in same]
        yield Finding(
            task=name,
            place=places[1],
            message=f"{len(same)} files are the task {name}",
            expected="one file, one id",
            evidence=tuple(
                Evidence(place=place, saw=f"is {name}, {task.status or 'without status'}")
                for place, task in zip(places, same, strict=True)
            ),
        )
