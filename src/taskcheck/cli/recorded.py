"""The record of a store's incidents, as commands use it."""

import argparse
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.documents.frozen import replace

if TYPE_CHECKING:
    from taskcheck.model.report import Report
    from taskcheck.read.locate import Location


def see_to_history(location: "Location", options: argparse.Namespace) -> None:
    """See that the record that the options name can be read.

    Raises:
        Failure: it can't.
    """
    from taskcheck.read.recorded import standing_in
    from taskcheck.write.history import Trouble

    try:
        standing_in(location, options.history)
    except Trouble as error:
        raise Failure(str(error)) from error


def with_history(report: "Report", location: "Location", options: argparse.Namespace) -> "Report":
    """Return the report with what is recorded of its incidents; as it is where nothing is recorded.

    Raises:
        Failure: the file that the options name can't be read.
    """
    from taskcheck.read.recorded import standing_in
    from taskcheck.report.history import with_record
    from taskcheck.write.history import Trouble

    if not report.incidents:
        return report
    try:
        return with_record(report, standing_in(location, options.history))
    except Trouble as error:
        raise Failure(str(error)) from error


def followed(report: "Report", location: "Location", options: argparse.Namespace) -> "Report":
    """Return a check's report with what is recorded of its incidents, or what changed alone; recorded, if asked for.

    Raises:
        Failure: the record can't be read, or written.
    """
    if not (options.record or options.changes):
        return with_history(report, location, options)
    from taskcheck.read.recorded import history_of
    from taskcheck.report.history import only_changed, with_record
    from taskcheck.watch.recording import compared, record
    from taskcheck.write.history import Trouble

    try:
        history = history_of(location, options.history)
        seen = (record if options.record else compared)(history, location, report)
    except Trouble as error:
        raise Failure(f"not recorded: {error}" if options.record else str(error), 3) from error
    if history.notice:
        complain(history.notice)
    told = with_record(report, seen.standing)
    if not options.changes:
        return told
    if seen.is_first:
        told = replace(told, notices=(*told.notices, "no check is recorded yet, so everything is new"))
    return only_changed(told, seen.before, seen.transitions)


def consistent_with_record(options: argparse.Namespace) -> None:
    """See that what is to be written down is what the store's configuration makes of the whole store.

    Raises:
        Failure: it isn't.
    """
    narrowed = {
        "task, path": options.only,
        "--owner": options.owner,
        "-k": options.keyword,
        "--select": options.select,
        "--extend-select": options.extend_select,
        "--ignore": options.ignore,
        "-p": options.local,
        "--lf": options.last_failed,
        "-x, --maxfail": options.maxfail,
        "--branches": options.branches,
        "--config-from": options.config_from,
        "--preset": options.preset,
        "--diff": options.diff,
        "--gate": options.gate == "commit",
    }
    asked = "--record" if options.record else "--changes"
    for name, is_given in narrowed.items():
        if is_given:
            raise Failure(f"{asked} covers the whole store as configured, so it can't be combined with {name}")
