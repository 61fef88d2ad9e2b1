"""duplicate-task."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Place, Severity, Task, Tasks, rule
from taskcheck_rules.remedies import ANOTHER_ID
from taskcheck_rules.wording import key_is


@rule(
    family="task",
    severity=Severity.ERROR,
    stops_dispatch=True,
    remedy=ANOTHER_ID,
)
def duplicate_task(tasks: Tasks) -> Iterator[Finding]:
    """Two task files in root have the same id, or ids that differ only in case.

    ## Why
    Ledgers refer to tasks by id, so a record about one task is applied to the other.

    ## Example
    `tasks/a/fix-login.md` and `tasks/b/fix-login.md`, or two files with `id: TASK-7`. `SHOP-2` and `shop-2` together
    are a warning: references ignore case, so nobody can tell which of them `Shop-2` means.

    ## Fix
    None: a person has to decide which task gets another id, and to change the references to it.
    """
    files: dict[str, list[Task]] = {}
    for task in tasks:
        files.setdefault(task.id, []).append(task)
    alike: dict[str, list[Task]] = {}
    for name, same in files.items():
        alike.setdefault(name.casefold(), []).append(same[0])
        if len(same) > 1:
            yield _one_id(same)
    for same in alike.values():
        if len(same) > 1:
            yield _one_reference(same)


def _one_id(same: list[Task]) -> Finding:
    """Return the error that several files have one id."""
    message = f"{same[0].id} is the id of {len(same)} task files"
    return _finding(same, message, "an id of its own for each task file", Severity.ERROR)


def _one_reference(same: list[Task]) -> Finding:
    """Return the warning that several ids are one as references are read."""
    ids = tuple(task.id for task in same)
    alike = f"{' and '.join(ids)} differ only in case"
    message = f"{alike}: a reference in another spelling finds neither"
    return _finding(same, message, "ids that differ in more than case", Severity.WARNING, ids)


def _finding(
    same: list[Task], message: str, expected: str, severity: Severity, identity: tuple[str, ...] = ()
) -> Finding:
    """Return the finding about several files, told of the second one."""
    places = [_named(task) for task in same]
    evidence = []
    for place, task in zip(places, same, strict=True):
        evidence.append(Evidence(place=place, saw=f"id is {task.id}, {key_is('status', task.status)}"))
    return Finding(
        task=same[0].id,
        place=places[1],
        message=message,
        expected=expected,
        evidence=tuple(evidence),
        severity=severity,
        identity=identity,
    )


def _named(task: Task) -> Place:
    """Return the place of a task's id: a key of the front matter, or the file as such."""
    key = task.keys.get("id")
    return task.place.at(key) if key else task.place
