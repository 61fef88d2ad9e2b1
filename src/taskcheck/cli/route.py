"""Print who may dispatch a task, and why.

One line each: the person (``-`` for nobody), a tab, and why. Exits 1 when any of them is nobody's.
"""

import argparse

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, people, store_options
from taskcheck.formats.sanitize import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="a task's id")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """Route each task."""
    parsed, directory = guarded(lambda: people(options))
    tasks = {task.id: task for task in parsed.tasks}
    nobody = False
    for name in options.tasks:
        if name not in tasks:
            from taskcheck.config.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

            raise Failure(f"no task is named {name!r}{did_you_mean(name, tasks)}")
        owners: list[str | None] = [spelling for _, spelling in tasks[name].owners]
        for routed in (directory.route(spelling) for spelling in owners or [None]):
            nobody = nobody or routed.person is None
            print(f"{visible(routed.person or '-')}\t{visible(routed.why)}")
    return int(nobody)
