"""duplicate-task."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Severity, Task, Tasks, rule


@rule(family="task", severity=Severity.ERROR, stops_dispatch=True)
def duplicate_task(tasks: Tasks) -> Iterator[Finding]:
    """Two task files in the root checkout have one id, or two that nobody can tell apart.

    ## Why
    Every ledger names tasks by id: what is said of one is believed of the other.

    ## Example
    `tasks/a/fix-login.md` and `tasks/b/fix-login.md`; or two files with `id: TASK-7`. A warning: `SHOP-2` beside
    `shop-002`. References are read without regard to case and leading zeros, so one to `Shop-02` is to neither.

    ## Fix
    None: which of them is to be renamed, and who refers to it, is for a person to say.
    """
    files: dict[str, list[Task]] = {}
    alike: dict[str, list[Task]] = {}
    for task in tasks:
        files.setdefault(task.id, []).append(task)
    for name, same in files.items():
        alike.setdefault(tasks.fold(name), []).append(same[0])
        if len(same) > 1:
            yield _finding(same, f"{len(same)} files are the task {name}", "one file, one id", Severity.ERROR)
    for same in alike.values():
        if len(same) > 1:
            names = " and ".join(task.id for task in same)
            told = f"{names} are one id but for case and leading zeros: a reference to another spelling is to neither"
            yield _finding(same, told, "ids that differ in more than that", Severity.WARNING)


def _finding(same: list[Task], message: str, expected: str, severity: Severity) -> Finding:
    key = same[0].keys.get("id")
    places = [task.place.at(key) if key else task.place for task in same]
    return Finding(
        task=same[0].id,
        place=places[1],
        message=message,
        expected=expected,
        evidence=tuple(
            Evidence(place=place, saw=f"is {task.id}, {task.status or 'without status'}")
            for place, task in zip(places, same, strict=True)
        ),
        severity=severity,
        identity=() if severity is Severity.ERROR else tuple(task.id for task in same),
    )
