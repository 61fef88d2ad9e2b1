"""The rows of a register or snapshot, whichever way they stand in its JSON."""

from collections.abc import Iterator, Mapping, Sequence

from taskcheck.documents import Document, Route, Trouble, Value

Troubles = list[tuple[Route, Trouble]]
"""What is wrong in a ledger, with the routes of the values; grows while its records are read."""

CONTAINERS = ("entries", "tasks", "workers")
"""Keys under which a register may hold its rows."""


def ledger_rows(
    values: Mapping[str, Value], containers: Sequence[str], troubles: Troubles
) -> Iterator[tuple[str, Route, Value]]:
    """Yield the rows of a ledger: task, route and value.

    They stand in an object keyed by task or in a list of objects that name it:
    ``{"tasks": {"fix-login": {…}}}`` and ``{"tasks": [{"slug": "fix-login", …}]}`` both have a row of ``fix-login``.
    """
    container = _container(values, containers)
    if container is None:
        return
    rows = values[container]
    if isinstance(rows, Mapping):
        yield from _keyed_rows(container, rows, troubles)
    elif isinstance(rows, list | tuple):
        yield from _listed_rows(container, rows, troubles)
    else:
        trouble = Trouble("wrong-type", f"{container} should be an object or a list")
        troubles.append(((container,), trouble))


def _container(values: Mapping[str, Value], containers: Sequence[str]) -> str | None:
    """Return the first of some keys that holds anything, else the first that is there at all."""
    present = [name for name in containers if name in values]
    filled = [name for name in present if values[name]]
    return next(iter(filled or present), None)


def _keyed_rows(container: str, rows: Mapping[str, Value], troubles: Troubles) -> Iterator[tuple[str, Route, Value]]:
    """Yield the rows of an object keyed by task."""
    for task, value in rows.items():
        route = (container, task)
        if task:
            yield task, route, value
        else:
            trouble = Trouble("wrong-type", "a row needs its task as its key")
            troubles.append((route, trouble))


def _listed_rows(container: str, rows: Sequence[Value], troubles: Troubles) -> Iterator[tuple[str, Route, Value]]:
    """Yield the rows of a list of objects that name their task."""
    for index, value in enumerate(rows):
        route = (container, str(index))
        task = None
        if isinstance(value, Mapping):
            task = nonempty_text(value.get("slug")) or nonempty_text(value.get("task"))
        if task is None:
            trouble = Trouble("wrong-type", "a row in a list needs its task under slug or task")
            troubles.append((route, trouble))
        else:
            yield task, route, value


def register_rows(document: Document) -> list[tuple[str, Route, Value]]:
    """Return the rows of a register: task, route and value of each."""
    return list(ledger_rows(document.values, CONTAINERS, []))


def nonempty_text(value: Value) -> str | None:
    """Return a value that is text; None for an empty one and anything else."""
    return value if isinstance(value, str) and value else None
