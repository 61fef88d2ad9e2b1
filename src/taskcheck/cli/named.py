"""What the command line names: tasks, paths, and findings of tasks."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.documents.frozen import replace

if TYPE_CHECKING:
    from taskcheck.read.locate import Location
    from taskcheck.store import Request, Store


def about(request: "Request", options: argparse.Namespace, store: "Store") -> "Request":
    """Return the request, about the tasks, paths and findings that are named.

    Raises:
        Failure: a repair is asked for, which can't be of some findings of a task alone.
    """
    nodes = []
    named = []
    for name in options.only:
        task = _task_of(name, store)
        if task is None:
            named.append(store_path(name, store.location))
        else:
            nodes.append(name)
            named.append(task)
    if (nodes or options.keyword) and (options.fix or options.diff):
        raise Failure("a repair is of a task, not of one of its findings: name no TASK::RULE and no -k")
    return replace(request, only=tuple(named), nodes=tuple(nodes), keyword=options.keyword)


def _task_of(name: str, store: "Store") -> str | None:
    """Return the task of a finding that is named as ``TASK::RULE`` or ``TASK::RULE[WHAT]``; None for any other name."""
    task, _, rule = name.partition("[")[0].rpartition("::")
    return task if task and rule in store.rules else None


def store_path(name: str, location: "Location") -> str:
    """Return a path as reports write it, relative to the store; any other name as it is."""
    real = Path(os.path.realpath(name))
    if not os.path.exists(real):  # noqa: PTH110 - Path.exists raises where a name is too long
        return name
    current = location.current
    if current is not None and real.is_relative_to(current):
        return real.relative_to(current).as_posix().removeprefix(location.prefix)
    if real.is_relative_to(location.root):
        return real.relative_to(location.root).as_posix()
    return name
