"""Show recorded incidents: open since when, closed, reopened, and how long each took.

`taskcheck check --record` and `taskcheck watch` write the record. This command reads only the record, not the store.
"""

import argparse
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.cli.common import color_option, colour, guarded, history_option, moment, opened, store_options, width

if TYPE_CHECKING:
    from taskcheck.model.chronicle import Chronicle
    from taskcheck.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("task", metavar="TASK", nargs="?", help="a task or a manager; default: all")
    store_options(parser)
    history_option(parser)
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_begin,
        help="show incidents closed since a timestamp or within a duration such as 7d or 12h; default: all",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output format (default: text)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every closed incident and every change")
    color_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read the record, and print."""
    from taskcheck.formats import history as formats

    store = guarded(lambda: opened(options))
    told = _chronicle(store, options)
    if told is None:
        raise Failure("nothing is recorded yet: run `taskcheck check --record` or `taskcheck watch`")
    if options.task is not None:
        told = told.about(_subject(options.task, told, store))
    if options.format == "json":
        sys.stdout.write(formats.as_json(told))
        return 0
    shown = formats.as_text(told, width=width(options.color), colour=colour(options.color), verbose=options.verbose)
    sys.stdout.write(shown)
    return 0


def _chronicle(store: "Store", options: argparse.Namespace) -> "Chronicle | None":
    """Return what is recorded; None where nothing is.

    Raises:
        Failure: the record can't be read.
    """
    from taskcheck.read.recorded import chronicle, history_of
    from taskcheck.store import clock
    from taskcheck.write.history import Trouble

    now = options.now or clock()
    since = now - options.since if isinstance(options.since, timedelta) else options.since
    try:
        history = history_of(store.location, options.history)
        return history.read(lambda book: chronicle(book, store.location, now, since))
    except Trouble as error:
        raise Failure(str(error)) from error


def _subject(written: str, told: "Chronicle", store: "Store") -> str:
    """Return the task or the manager that is named, by its exact id, else by a spelling that only one has.

    Raises:
        Failure: nothing is recorded of it.
    """
    from taskcheck.cli.named import store_path
    from taskcheck.config.suggest import did_you_mean

    path = store_path(written, store.location)
    stem = path.rpartition("/")[2].removesuffix(".md")
    known = told.subjects
    for name in (written, stem):
        if name in known:
            return name
        folded = [subject for subject in known if subject.casefold() == name.casefold()]
        if len(folded) == 1:
            return folded[0]
    raise Failure(f"no incident of {written!r} is recorded{did_you_mean(written, known)}")


def _begin(text: str) -> datetime | timedelta:
    """Return a moment, or how long ago it was, from the command line."""
    from taskcheck.documents.values import duration

    try:
        return duration(text)
    except ValueError:
        return moment(text)
