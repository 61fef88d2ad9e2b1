"""Dispatch a task: run a command in its worktree and record the outcome.

The task must be ready, and yours to dispatch. No other worker may hold it, and its dependencies must be done. The
worktree and the branch are created if they don't exist. Before the command starts, the register, the tombstone and the
task file in root record that the task is active. After the command ends, the task file in root records the outcome,
and the register entry is removed.

The command, or an agent that it runs, records the outcome with `taskcheck finish`. Alternatively, it leaves the task
file in the worktree in a status that one of the outcomes allows. If the command exits 0 without either, the outcome is
failed.

exit codes:
  the command's own exit code; 128 + n if signal n stopped it, 124 if it timed out
  1 the task may not be dispatched, or the command exited 0 without an outcome   2 usage or configuration error
  3 the outcome of the run couldn't be fully recorded
"""

import argparse
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, store_place
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.dispatch.start import Wanted
    from taskcheck.store import Store

TAKES_COMMAND = True
"""What follows ``--`` is a command."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.usage = "taskcheck run TASK [options] -- COMMAND [ARGUMENT ...]"
    parser.add_argument("task", metavar="TASK", help="the task's id")
    parser.add_argument(
        "--owner", metavar="NAME", help="dispatch as this person's manager; default: the person the task routes to"
    )
    parser.add_argument("--worktree", metavar="PATH", help="path of the worktree, relative to the main checkout")
    parser.add_argument("--branch", metavar="NAME", help="branch of a new worktree")
    parser.add_argument(
        "--timeout", metavar="TIME", type=_seconds, help="stop the command after this duration: 90s, 45m, 2h"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the planned steps and do nothing")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command in the task's worktree; its exit code, or ours."""
    if not options.command:
        raise Failure("name the command to run: taskcheck run TASK -- COMMAND")
    from taskcheck.dispatch.start import NotDispatched, Wanted
    from taskcheck.fix.transaction import GivenUp
    from taskcheck.store import Where, open_store

    store = guarded(lambda: open_store(Where(root=options.root, config=options.config, preset=options.preset)))
    wanted = Wanted(
        task=options.task,
        command=options.command,
        owner=options.owner,
        worktree=options.worktree,
        branch=options.branch,
        timeout=options.timeout,
    )
    try:
        return guarded(lambda: (_rehearse if options.dry_run else _run)(store, wanted))
    except NotDispatched as error:
        raise Failure(f"{visible(options.task)} isn't dispatched: {visible(str(error), None)}", 1) from error
    except GivenUp as error:
        raise Failure(f"{visible(options.task)} isn't dispatched: {visible(str(error), None)}", 3) from error


def _rehearse(store: "Store", wanted: "Wanted") -> int:
    from shlex import join

    from taskcheck.dispatch.run import rehearse
    from taskcheck.dispatch.settle import tombstone_path

    begun = rehearse(store, wanted)
    workplace, paths = begun.workplace, store.settings.paths
    place = visible(workplace.shown(store.location.root), None)
    made = "" if workplace.exists else f", made with {'new ' if workplace.new_branch else ''}branch {workplace.branch}"
    print(f"{visible(begun.task.id, None)}: {visible(begun.who)} would run {visible(join(wanted.command), None)}")
    print(f"  in        {place}{visible(made)}")
    if paths.registers and begun.person is not None:
        print(f"  register  {visible(paths.register(begun.person), None)}")
    print(f"  tombstone {visible(tombstone_path(store, begun.task.id), None)}")
    return 0


def _run(store: "Store", wanted: "Wanted") -> int:
    from taskcheck.dispatch.run import run as dispatch

    ran = dispatch(store, wanted, _say)
    if ran.outcome:
        said = f"{wanted.task}: {ran.outcome.name}{f', {ran.outcome.reason}' if ran.outcome.reason else ''}"
        _say(f"{said}{f'; root says {ran.status}' if ran.status else ''}")
    if ran.trouble:
        _say(f"{wanted.task}: {ran.trouble}; see: taskcheck {wanted.task}")
    for note in ran.notes:
        _say(f"{wanted.task}: {note}")
    return ran.exit_code


def _say(text: str) -> None:
    complain(visible(text, None))  # whoever read it may have gone, or its disk may be full: the run goes on


def _seconds(text: str) -> float:
    from taskcheck.documents.values import duration

    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
