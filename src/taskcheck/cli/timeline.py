"""Show what every ledger says about one task or manager, in chronological order, with the source of each line.

The task's current state comes first. The events follow, with the contradictions that began at each event, the gaps in
which nothing was recorded, and the timestamps that are in doubt.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from taskcheck.cli import EPILOG, Failure
from taskcheck.cli.common import color_option, colour, guarded, opened, store_options, tell_empty, width
from taskcheck.cli.named import store_path
from taskcheck.cli.progress import Progress
from taskcheck.documents.values import first_few

if TYPE_CHECKING:
    from taskcheck.checks import Look
    from taskcheck.model.history import OwnCommit
    from taskcheck.model.report import Incident
    from taskcheck.model.step import Step
    from taskcheck.model.timeline import Timeline
    from taskcheck.read.locate import Location

SHOWN = 5
"""Of the tasks that a name means so many are told."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.epilog = EPILOG
    parser.add_argument("task", metavar="TASK", help="a task (id in any spelling, or path of its file) or a manager")
    store_options(parser)
    parser.add_argument("--online", action="store_true", help="query the forges of the task's pull requests")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output format (default: text)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the file and line of each event")
    color_option(parser)


def run(options: argparse.Namespace) -> int:
    """Look, put in order, print; the exit code of a check of the task."""
    from taskcheck.checks import check_settled
    from taskcheck.formats import timeline as formats
    from taskcheck.store import Request

    progress = Progress()
    try:
        store = guarded(lambda: opened(options))
        name = store_path(options.task, store.location)
        request = Request(now=options.now, only=(name,), history=(name,), online=options.online, progress=progress.tell)
        seen = guarded(lambda: check_settled(store, request))
        subject = _subject(options.task, name, seen)
        incident = next((each for each in seen.report.incidents if each.subject == subject), None)
        told = _timeline(subject, incident, seen, store.location)
    finally:
        progress.clear()
    if options.format == "json":
        sys.stdout.write(formats.as_json(told))
    else:
        shown = formats.as_text(
            told,
            width=width(options.color),
            colour=colour(options.color),
            verbose=options.verbose,
            step=_step(incident),
        )
        sys.stdout.write(shown)
    tell_empty(seen.report, store)
    return seen.report.exit_code


def _subject(written: str, name: str, seen: "Look") -> str:
    """Return the task, or the manager, that is named.

    Raises:
        Failure: none is, or several are.
    """
    from taskcheck.report.narrow import named

    meant = sorted(named(seen.runs, (name,), seen.state, gone=False).subjects)
    if not meant:
        raise Failure(f"{written} is neither a task nor a manager")
    if len(meant) > 1:
        raise Failure(f"{written} names {len(meant)} tasks; name one: {first_few(meant, SHOWN)}")
    return meant[0]


def _timeline(subject: str, incident: "Incident | None", seen: "Look", location: "Location") -> "Timeline":
    """Return what ledgers say about the task or the manager that is named."""
    from taskcheck.assemble.tasks import one_file_each
    from taskcheck.report.timeline import timeline, timeline_of_manager

    findings = incident.findings if incident is not None else ()
    managers = {manager.key: manager for manager in seen.state.known_managers}
    if subject in managers and subject not in seen.state.tasks.by_id:
        return timeline_of_manager(managers[subject], seen.state, findings)
    commits, gaps = _own_commits(subject, seen, location)
    git = one_file_each(seen.sources, seen.state.settings).git
    return timeline(subject, seen.state, git, findings, commits, gaps)


def _own_commits(task: str, seen: "Look", location: "Location") -> tuple[tuple["OwnCommit", ...], tuple[str, ...]]:
    """Return the commits of a task's own branch, and what couldn't be learnt of it."""
    from taskcheck.read.commits import read_commits
    from taskcheck.read.runner import GitError
    from taskcheck.report.conditions import own_range

    ends = own_range(task, seen.state, seen.sources.git)
    if ends is None:
        return (), ()
    try:
        return read_commits(location, *ends), ()
    except GitError as error:
        return (), (f"commits of its branch: {error}",)


def _step(incident: "Incident | None") -> "Step | None":
    """Return what to do next about a task; None where nothing is wrong with it."""
    from taskcheck.formats.step import next_step

    return next_step(incident) if incident is not None else None
