"""Show active workers, tasks that wait for a person, and tasks whose ledgers disagree.

Tasks whose ledgers disagree are sorted by the number of tasks that they block, then by severity. The age next to a
title is the time since the last activity. `blocks` counts the tasks that wait for this one. The last line of each row
is the next step.
"""

import argparse
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from taskcheck.cli import EPILOG, GONE, Failure
from taskcheck.cli.common import (
    color_option,
    colour,
    columns,
    guarded,
    history_option,
    owner_option,
    store_options,
    tell_empty,
)
from taskcheck.cli.fleet import board_of, fleet_options
from taskcheck.cli.progress import Progress
from taskcheck.cli.recorded import see_to_history, with_history
from taskcheck.config.suggest import did_you_mean

if TYPE_CHECKING:
    from taskcheck.model.fleet import Fleet
    from taskcheck.model.report import Report
    from taskcheck.report.only import Only
    from taskcheck.store import Request, Store, Where
    from taskcheck.watch.fleet.members import FleetStores
    from taskcheck.watch.looks import Sight

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
HERE = "\x1b[?2026h\x1b[H"
"""What is written next is shown at once when `DONE` comes, over what was there."""
LINE = "\x1b[K\n"
DONE = "\x1b[J\x1b[?2026l"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.epilog = EPILOG
    fleet_options(parser)
    owner_option(parser)
    store_options(parser, remembers=True)
    parser.add_argument(
        "--status",
        metavar="STATUS",
        action="append",
        default=[],
        help="show only tasks with this status or class (repeatable)",
    )
    parser.add_argument(
        "--rule",
        metavar="RULE",
        action="append",
        default=[],
        help="show only incidents with findings of this rule (repeatable)",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "jsonl"), default="text", help="output format (default: text)"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show every finding and the raw signals of managers"
    )
    parser.add_argument("--watch", action="store_true", help="refresh when a ledger changes; stop with Ctrl-C")
    history_option(parser)
    color_option(parser)


def run(options: argparse.Namespace) -> int:
    """Sight, print, and the exit code of a check."""
    from taskcheck.checks import check_store
    from taskcheck.store import Request, Where, open_store

    board = board_of(options, {"--status": options.status, "--rule": options.rule})
    if board is not None:
        return _many(board, options)
    where = Where(root=options.root, config=options.config, preset=options.preset)
    if options.watch:
        return _watch(where, Request(now=options.now, owner=options.owner, remember=not options.no_cache), options)
    progress = Progress()
    request = Request(now=options.now, owner=options.owner, remember=not options.no_cache, progress=progress.tell)
    try:
        store = guarded(lambda: open_store(where))
        only = _only(options, store)
        report = only.of(with_history(guarded(lambda: check_store(store, request)), store.location, options))
    finally:
        progress.clear()
    sys.stdout.write(_rendered(report, options))
    tell_empty(report, store)
    return report.exit_code


def _many(board: "FleetStores", options: argparse.Namespace) -> int:
    """Show many stores on one board; the worst of their exit codes."""
    from taskcheck.cli.fleet import fleets, looked_at, rendered

    def shown(fleet: "Fleet", height: int | None = None) -> str:
        return rendered(fleet, options, _width(), height, colour=colour(options.color))

    if not options.watch:
        fleet = looked_at(options, board)
        sys.stdout.write(shown(fleet))
        return fleet.exit_code
    _see_to_watch(options)
    sights = (View(says, partial(shown, fleet)) if fleet else None for fleet, says in fleets(options, board))
    return _shown_again(sights)


def _only(options: argparse.Namespace, store: "Store") -> "Only":
    """Return what of the report is to be seen.

    Raises:
        Failure: a status or a rule that is named isn't there.
    """
    from taskcheck.engine.select import UnknownRule, require_rules
    from taskcheck.report.only import Only, UnknownStatus

    try:
        require_rules(store.rules, options.rule)
        return Only.of_words(tuple(options.status), frozenset(options.rule), store.settings)
    except UnknownRule as error:
        raise Failure(f"no rule is named {error.name!r}{did_you_mean(error.name, error.known)}") from error
    except UnknownStatus as error:
        raise Failure(str(error)) from error


def _rendered(report: "Report", options: argparse.Namespace, height: int | None = None) -> str:
    """Return the view in the format that is asked for."""
    from taskcheck.formats import status, status_json

    match options.format:
        case "json":
            return status_json.as_json(report)
        case "jsonl":
            return status_json.as_lines(report)
        case _:
            return status.render(
                report, width=_width(), height=height, colour=colour(options.color), verbose=options.verbose
            )


class View(NamedTuple):
    """A look, as it is shown."""

    says: object
    """What stays the same while nothing but time passes."""
    shown: Callable[[int | None], str]
    """Returns it in so many lines; all of it for None."""


def _see_to_watch(options: argparse.Namespace) -> None:
    """See that what is shown again and again is text.

    Raises:
        Failure: it isn't.
    """
    if options.format != "text":
        raise Failure(
            "--watch prints only text; for data, run the command again or use /report.json of `taskcheck serve`"
        )


def _watch(where: "Where", request: "Request", options: argparse.Namespace) -> int:
    """Show every look until somebody ends it; elsewhere than on a terminal, those that say something new."""
    from taskcheck.store import open_store
    from taskcheck.watch.looks import looks
    from taskcheck.watch.recording import Keeper

    _see_to_watch(options)
    store = guarded(lambda: open_store(where))
    see_to_history(store.location, options)
    options.only = _only(options, store)
    sights = looks(where, request, Event(), Keeper(options.history, writes=False))
    return _shown_again(View(sight.says, partial(_shown, sight, options)) if sight else None for sight in sights)


def _shown_again(views: "Iterable[View | None]") -> int:
    """Show every look until somebody ends it; elsewhere than on a terminal, those that say something new."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return _print_news(views)
    return _fill_screen(views)


def _print_news(views: "Iterable[View | None]") -> int:
    """Print every look that says something new, below the ones before, while somebody reads."""
    said: object = None
    for view in views:
        if not _is_read():
            return GONE
        if view is not None and view.says != said:
            said = view.says
            sys.stdout.write(f"{view.shown(None)}\n")
            sys.stdout.flush()
    return 0


def _fill_screen(views: "Iterable[View | None]") -> int:
    """Show the last look on the whole terminal, in its size."""
    with _screen() as anew:
        last: View | None = None
        size = None
        for view in views:
            now = shutil.get_terminal_size()
            if view is not None or now != size or anew.is_set():
                last, size = view or last, now
                anew.clear()
                lines = last.shown(now.lines) if last else ""
                sys.stdout.write(HERE + lines.rstrip("\n").replace("\n", LINE) + DONE)
                sys.stdout.flush()
    return 0


def _is_read() -> bool:
    """Return whether somebody may still read what is printed: a pipe knows when its reader has gone."""
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return not poll.poll(0)


def _shown(sight: "Sight", options: argparse.Namespace, height: int | None = None) -> str:
    from taskcheck.formats.sanitize import visible

    if sight.report is None:
        return f"taskcheck: {visible(sight.trouble, None)}\n"
    return _rendered(options.only.of(sight.report), options, height)


@contextmanager
def _screen() -> Iterator[Event]:
    """The terminal's other screen, without a cursor; what was there before comes back, however it ends.

    Where it is stopped (Ctrl-Z) and goes on, the screen is there again, and the event is set: it has to be filled.
    """
    anew = Event()
    code = 0

    def end(number: int, _: FrameType | None) -> None:
        nonlocal code
        code = 128 + number
        raise SystemExit(code)

    def stop(number: int, _: FrameType | None) -> None:
        os.write(out, LEAVE)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # This returns when it goes on.
        signal.signal(number, stop)
        os.write(out, ENTER)
        anew.set()

    out = sys.stdout.fileno()
    before = {number: signal.signal(number, does) for number, does in ((signal.SIGTERM, end), (signal.SIGTSTP, stop))}
    os.write(out, ENTER)
    try:
        yield anew
    except KeyboardInterrupt:
        if code:  # watchfiles makes this of whatever a handler raises.
            raise SystemExit(code) from None
        raise
    finally:
        os.write(out, LEAVE)
        for number, did in before.items():
            signal.signal(number, did)


def _width() -> int:
    return columns() if sys.stdout.isatty() else 80
