"""How many tasks wait for a task, directly or through others; pure."""

from collections.abc import Iterable

from taskcheck.model.tasks import Tasks

STEPS = 2_000_000
"""Tasks that are looked at in all, so that a store of nothing but long chains ends too; beyond, counts are too low."""


def blocked(asked: Iterable[str], tasks: Tasks) -> dict[str, int]:
    """How many tasks that aren't done depend on each of some tasks, directly or not.

    What depends on a done task waits for nothing, and what is done doesn't pass the wait on.
    """
    waiting = _waiting(tasks)
    counts = {}
    left = STEPS
    for name in asked:
        reached, pending = {name}, [name]
        while pending and left > 0:
            found = waiting.get(pending.pop(), set()) - reached
            left -= 1 + len(found)
            reached |= found
            pending.extend(found)
        counts[name] = len(reached) - 1
    return counts


def _waiting(tasks: Tasks) -> dict[str, set[str]]:
    """Return the tasks that wait for each task directly; neither those nor this are done."""
    waiting: dict[str, set[str]] = {}
    for task in tasks:
        if task.closed:
            continue
        for _, reference in task.texts("depends_on"):
            other = tasks.resolve(reference, task)
            if other is None or other.closed:
                continue
            those = waiting.setdefault(other.id, set())
            those.add(task.id)
    return waiting
