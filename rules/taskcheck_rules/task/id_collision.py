"""id-collision."""

from collections.abc import Iterator

from taskcheck import Copies, Copy, Evidence, Finding, Severity, Task, Tasks, rule
from taskcheck_rules.remedies import ANOTHER_ID


@rule(
    family="task",
    severity=Severity.ERROR,
    stops_dispatch=True,
    remedy=ANOTHER_ID,
)
def id_collision(tasks: Tasks, copies: Copies) -> Iterator[Finding]:
    """Another checkout has a different task with the same id.

    ## Why
    If two agents each take the next free number, they create two tasks with the same id. Ledgers refer to tasks by id,
    so a record about one task is applied to the other, and the merge brings both into root.

    ## Example
    Root has `tasks/fix-login.md` with `id: INFRA-024`. A worktree that was created earlier has `tasks/highlight.md`
    with the same id. The finding is a warning if only a branch tip has the other file.

    Two files are the same task if they have the same path or the same origin: the file was moved, or was renamed with
    the same content or the same title. An archived file isn't judged, so its id may be used again.

    ## Fix
    None: a person has to decide which task gets another id, and to change the references to it. Until then, taskcheck
    neither compares nor fixes one of the tasks by the other.
    """
    for found in _by_file(copies).values():
        task = found[0].task
        first = tasks.get(task.id) or _first_elsewhere(copies, task.id)
        if first is not None:
            yield _finding(first, found)


def _by_file(copies: Copies) -> dict[tuple[str, str, str], list[Copy]]:
    """Return the files that have another task's id, each with every checkout that holds it."""
    found: dict[tuple[str, str, str], list[Copy]] = {}
    for copy in copies.seconds:
        task = copy.task
        found.setdefault((task.id, task.place.path, task.title), []).append(copy)
    return found


def _first_elsewhere(copies: Copies, task: str) -> Task | None:
    """Return the file of an id that root doesn't have, in the first checkout that has one."""
    same = copies.of(task)
    return same[0].task if same else None


def _finding(first: Task, found: list[Copy]) -> Finding:
    """Return what is wrong with two files under one id."""
    other = found[0].task
    where = ", ".join(copy.checkout.spoken for copy in found)
    in_a_worktree = any(copy.checkout.path is not None for copy in found)
    evidence = [Evidence(place=first.place, saw=f"id is {first.id}, title is {first.title}")]
    for copy in found:
        evidence.append(Evidence(place=copy.task.place, saw=f"id is {other.id}, title is {other.title}"))
    return Finding(
        task=first.id,
        place=first.place,
        message=f"{first.id} is also the id of another task in {where}: {other.place.path}, {other.title}",
        expected="an id of its own for each task: change one of them before the merge",
        evidence=tuple(evidence),
        severity=Severity.ERROR if in_a_worktree else Severity.WARNING,
        identity=(other.place.path, other.title),
    )
