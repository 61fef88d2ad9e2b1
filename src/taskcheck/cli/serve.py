"""Serve the operator's view as a page on loopback, kept up to date while ledgers change; Ctrl-C ends it.

It is read-only, and answers this machine alone, by the address that it prints. `/report.json` has the report as JSON,
`/healthz` whether the last look went well.
"""

import argparse
import os
from pathlib import Path

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, history_option, owner_option, port, store_options
from taskcheck.cli.recorded import see_to_history
from taskcheck.formats.sanitize import visible

PORT = 8321


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    owner_option(parser)
    store_options(parser, remembers=True)
    parser.add_argument("--port", metavar="N", type=port, default=PORT, help=f"0 takes a free one (default: {PORT})")
    history_option(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    from taskcheck.store import Request, Where, open_store
    from taskcheck.watch.recording import Keeper

    try:
        from taskcheck.web.server import serve
    except ImportError as error:
        missing = f"`serve` needs {error.name}, which isn't installed; try: pip install 'taskcheck-lint[serve]'"
        raise Failure(missing) from error
    where = Where(root=Path(os.path.realpath(options.root)), config=options.config)
    request = Request(now=options.now, owner=options.owner, remember=not options.no_cache, timelines=True)
    keeper = Keeper(options.history, writes=False)
    location = guarded(lambda: open_store(where)).location
    see_to_history(location, options)
    root = visible(str(location.root), None)
    try:
        serve(where, request, keeper, options.port, lambda address: _announce(root, address))
    except OSError as error:
        taken = f"port {options.port} can't be had: {error.strerror}; `--port 0` takes one that is free"
        raise Failure(taken) from error
    return 0


def _announce(root: str, address: str) -> None:
    """Say where it is.

    Raises:
        Failure: nobody can be told.
    """
    try:
        print(f"{root} is at {address} (Ctrl-C ends it)", flush=True)
    except OSError as error:
        raise Failure(f"{error.filename or 'standard output'}: {error.strerror}", 3) from error
