"""How many tasks wait for a task, directly or through others; pure."""

from collections.abc import Iterable

from taskcheck.model.tasks import Tasks

STEPS = 2_000_000
"""Tasks that are looked at in all, so that a store of nothing but long chains ends too; beyond, counts are too low."""


def blocked(asked: Iterable[str], tasks: Tasks) -> dict[str, int]:
    """How many tasks that aren't done depend on each of some tasks, directly or not.

    What depends on a done task waits for nothing, and what is done doesn't pass the wait on.
    """
    waiting: dict[str, set[str]] = {}
    for task in tasks:
        for _, reference in () if task.closed else task.texts("depends_on"):
            other = tasks.resolve(reference, task)
            if other is not None and not other.closed:
                waiting.setdefault(other.id, set()).add(task.id)
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
