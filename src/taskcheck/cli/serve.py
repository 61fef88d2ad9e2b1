"""Serve the status page on the loopback address and refresh it when ledgers change; stop with Ctrl-C.

The page is read-only. The server accepts requests only from this machine, and only at the address that it prints.
`/report.json` returns the report as JSON. `/healthz` returns whether the last check succeeded.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, history_option, owner_option, port, store_options
from taskcheck.cli.fleet import asked_of, board_of, fleet_options
from taskcheck.cli.recorded import see_to_history
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.watch.fleet.members import FleetStores
    from taskcheck.web.wall import Wall

PORT = 8321


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    fleet_options(parser)
    owner_option(parser)
    store_options(parser, remembers=True)
    parser.add_argument(
        "--port", metavar="N", type=port, default=PORT, help=f"port; 0 picks a free one (default: {PORT})"
    )
    history_option(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    try:
        from taskcheck.web.server import serve
    except ImportError as error:
        missing = f"`serve` needs {error.name}, which isn't installed; try: pip install 'taskcheck-lint[serve]'"
        raise Failure(missing) from error
    board = board_of(options, {})
    begin, stores, told = _of_many(board, options) if board is not None else _of_one(options)
    try:
        serve(begin, stores, options.port, lambda address: _announce(told, address))
    except OSError as error:
        taken = f"port {options.port} can't be used: {error.strerror}; `--port 0` takes one that is free"
        raise Failure(taken) from error
    return 0


Page = tuple[Callable[[str], "Wall"], Sequence[str], str]
"""What begins the board, what the stores on it are called, and what is announced."""


def _of_one(options: argparse.Namespace) -> Page:
    """Return the page of one store."""
    from taskcheck.store import Request, Where, open_store
    from taskcheck.watch.recording import Keeper
    from taskcheck.web.board import Board

    where = Where(root=Path(os.path.realpath(options.root)), config=options.config, preset=options.preset)
    request = Request(now=options.now, owner=options.owner, remember=not options.no_cache, timelines=True)
    keeper = Keeper(options.history, writes=False)
    location = guarded(lambda: open_store(where)).location
    see_to_history(location, options)
    told = f"{visible(str(location.root), None)} is"
    return lambda nonce: Board(where, request, nonce, keeper), (where.root.name,), told


def _of_many(board: "FleetStores", options: argparse.Namespace) -> Page:
    """Return the page of many stores."""
    from taskcheck.watch.fleet.members import members
    from taskcheck.watch.fleet.rounds import Rounds
    from taskcheck.web.fleetboard import FleetBoard

    found = members(board)
    names = [member.name for member in found]
    told = f"{len(found)} stores ({visible(', '.join(names))}) are"

    def rounds() -> Rounds:
        return Rounds(found, lambda member: asked_of(options, member))

    return lambda nonce: FleetBoard(rounds, nonce), names, told


def _announce(told: str, address: str) -> None:
    """Say where it is.

    Raises:
        Failure: nobody can be told.
    """
    try:
        print(f"{told} at {address} (Ctrl-C ends it)", flush=True)
    except OSError as error:
        raise Failure(f"{error.filename or 'standard output'}: {error.strerror}", 3) from error
