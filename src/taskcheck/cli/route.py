"""Print who may dispatch a task, and why.

Each line has the person (``-`` for nobody), a tab and the reason. The exit code is 1 if nobody may dispatch one of the
tasks.
"""

import argparse
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, opened, store_options
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskcheck.config.people import People, RoutedTo
    from taskcheck.model.task import Task


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="a task's id")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """Route each task."""
    parsed = guarded(lambda: opened(options).people())
    tasks = {task.id: task for task in parsed.tasks}
    exit_code = 0
    for name in options.tasks:
        for routed in _routes(_named(name, tasks), parsed.people):
            if routed.person is None:
                exit_code = 1
            print(f"{visible(routed.person or '-')}\t{visible(routed.why)}")
    return exit_code


def _named(name: str, tasks: "Mapping[str, Task]") -> "Task":
    """Return the task of a name.

    Raises:
        Failure: there is none.
    """
    if name not in tasks:
        from taskcheck.config.suggest import did_you_mean

        raise Failure(f"no task is named {name!r}{did_you_mean(name, tasks)}")
    return tasks[name]


def _routes(task: "Task", directory: "People") -> "list[RoutedTo]":
    """Return who may dispatch a task, for each of its owners; without an owner, for nobody."""
    if not task.owners:
        return [directory.route(None)]
    return [directory.route(spelling) for _, spelling in task.owners]
