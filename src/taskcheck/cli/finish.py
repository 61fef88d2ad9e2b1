"""End a dispatch: say in which terminal state the work on a task was left.

A worker calls it last, in its worktree. The outcome goes into the worktree's task file and the dispatch's tombstone;
under `taskcheck run` that is all, and the run does the rest once the command has ended. Without one, root is
reconciled and the register entry cleared here and now.
"""

import argparse

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, store_place
from taskcheck.formats.sanitize import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("task", metavar="TASK", help="the task's id")
    parser.add_argument(
        "--outcome",
        required=True,
        metavar="OUTCOME",
        help="completed_with_pr, blocked, needs_review_fix or failed, if [outcomes] has no others",
    )
    parser.add_argument("--pr-url", metavar="URL", help="the pull request; completed_with_pr needs one")
    parser.add_argument("--reason", metavar="TEXT", help="why; blocked and failed need one")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Record the outcome; 0 when every ledger has it, or the run will see to it."""
    from taskcheck.dispatch.finish import Said, finish
    from taskcheck.dispatch.start import NotDispatched
    from taskcheck.fix.transaction import GivenUp
    from taskcheck.store import Where, open_store

    store = guarded(lambda: open_store(Where(root=options.root, config=options.config)))
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
        print("the rest is done by its run, once the command has ended")
    elif done.status:
        print(f"root says {visible(done.status)}")
    for note in done.notes:
        print(visible(note, None))
    if done.trouble:
        complain(f"{visible(done.trouble, None)}; see: taskcheck {visible(options.task)}")
        return 3
    return 0
