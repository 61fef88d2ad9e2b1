"""End a dispatch and record its outcome.

A worker calls this command last, in its worktree. The outcome is written to the task file in the worktree and to the
tombstone of the dispatch. Under `taskcheck run`, the run updates root and the register after the worker's command has
ended. Otherwise this command does so at once.

With --check, nothing is written: the command reports whether the task of the current worktree has a recorded outcome.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, store_place
from taskcheck.cli.stophook import AGENTS, MOST_BYTES, folder, handed_over
from taskcheck.formats.sanitize import shell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskcheck.dispatch.unended import Unended
    from taskcheck.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("task", metavar="TASK", nargs="?", help="the task's id")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--check", action="store_true", help="exit 0 if an outcome is recorded or none is needed, else 1; write nothing"
    )
    asked.add_argument(
        "--hook",
        choices=tuple(AGENTS),
        help="act as the stop hook of this coding agent: prevent it once from stopping without a recorded outcome",
    )
    parser.add_argument(
        "--outcome",
        metavar="OUTCOME",
        help="completed_with_pr, blocked, needs_review_fix or failed, unless [outcomes] defines others",
    )
    parser.add_argument("--pr-url", metavar="URL", help="URL of the pull request; required for completed_with_pr")
    parser.add_argument("--reason", metavar="TEXT", help="reason for the outcome; required for blocked and failed")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Record the outcome; 0 when every ledger has it, or the run will see to it."""
    if options.hook:
        return _hook(options)
    if options.check:
        return _check(options)
    if options.task is None or options.outcome is None:
        raise Failure("finish needs a task and its --outcome; `taskcheck finish --check` says whether one is recorded")
    return _finish(options)


def _check(options: argparse.Namespace) -> int:
    """Say which tasks have no end; 0 where none lacks one, else 1."""
    found = guarded(lambda: _unended(options.root, options))
    for line in _told(found):
        print(line)
    return 1 if found else 0


def _unended(root: Path, options: argparse.Namespace) -> "list[Unended]":
    """Return the tasks that have no end."""
    from taskcheck.dispatch.unended import unended

    return unended(_store(root, options), options.task)


def _store(root: Path, options: argparse.Namespace) -> "Store":
    """Return the store that the worker belongs to."""
    from taskcheck.dispatch.home import store_of_worker
    from taskcheck.store import Where

    where = Where(root=root, config=options.config, preset=options.preset)
    return store_of_worker(where, os.environ)


def _told(found: "Iterable[Unended]") -> list[str]:
    """Return what is missing, and the commands that record it."""
    lines = []
    for each in found:
        lines.append(f"{visible(each.task)} has no recorded outcome; record one of these before you stop:")
        for words in each.commands:
            quoted = [shell(word) or visible(word) for word in words]
            lines.append(f"  {' '.join(quoted)}")
    return lines


def _hook(options: argparse.Namespace) -> int:
    """Be a stop hook: keep the agent from stopping while no end is recorded, once; let it go on anything else.

    A worker that can't stop because of a broken configuration would be worse than one without an end.
    """
    agent = AGENTS[options.hook]
    try:
        handed = handed_over(sys.stdin.buffer.read(MOST_BYTES))
        if agent.has_blocked(handed):
            return 0
        found = guarded(lambda: _unended(folder(handed) or options.root, options))
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker may stop
        complain(f"finish --hook: {error}; the worker may stop")
        return 0
    if found:
        print(json.dumps(agent.answer("\n".join(_told(found)))))
    return 0


def _finish(options: argparse.Namespace) -> int:
    """Record the outcome."""
    from taskcheck.dispatch.finish import Said, finish
    from taskcheck.dispatch.start import NotDispatched
    from taskcheck.fix.transaction import GivenUp

    store = guarded(lambda: _store(options.root, options))
    said = Said(outcome=options.outcome, pr_url=options.pr_url, reason=options.reason)
    try:
        done = guarded(lambda: finish(store, options.task, said))
    except NotDispatched as error:
        raise Failure(visible(str(error), None), 1) from error
    except GivenUp as error:
        raise Failure(f"the outcome couldn't be recorded: {visible(str(error), None)}", 3) from error
    if done.worktree:
        print(f"{visible(done.worktree, None)}: {visible(options.outcome)}")
    if done.handed_over:
        print("its run does the rest once the command has ended")
    elif done.status:
        print(f"root says {visible(done.status)}")
    for note in done.notes:
        print(visible(note, None))
    if done.trouble:
        complain(f"{visible(done.trouble, None)}; see: taskcheck {visible(options.task)}")
        return 3
    return 0
