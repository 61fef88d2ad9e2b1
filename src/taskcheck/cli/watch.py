"""Check the store whenever a ledger changes, and once a minute, and record the incidents, until a signal stops it.

Each change is printed. If several processes watch one store, one of them checks and the others wait until it ends.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, history_option, port, store_place
from taskcheck.cli.fleet import board_of, fleet_options

if TYPE_CHECKING:
    from taskcheck.read.locate import Location
    from taskcheck.store import Where
    from taskcheck.watch.looks import Sight
    from taskcheck.watch.mending import Mender
    from taskcheck.watch.metrics import Looked
    from taskcheck.watch.notices import Deliverer
    from taskcheck.write.history import History

STANDBY = 1.0
"""Seconds between two tries to become the one that looks."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    fleet_options(parser)
    store_place(parser)
    parser.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    history_option(parser)
    parser.add_argument(
        "--on-change",
        metavar="COMMAND",
        help="run this command without a shell, with the changes as JSON on stdin; retry later if it fails",
    )
    parser.add_argument(
        "--metrics",
        metavar="PORT",
        type=port,
        help="serve Prometheus metrics on this loopback port; 0 picks a free one",
    )
    parser.add_argument("--fix", action="store_true", help="also apply safe fixes")


def run(options: argparse.Namespace) -> int:
    """Watch until a signal comes."""
    board = board_of(options, {})
    if board is not None:
        from taskcheck.cli.watches import watch_many

        return watch_many(board, options)
    from taskcheck.read.recorded import history_of
    from taskcheck.store import Where, open_store
    from taskcheck.write.history import Trouble

    where = Where(root=options.root, config=options.config, preset=options.preset)
    location = guarded(lambda: open_store(where)).location
    stop = Event()
    try:
        history = history_of(location, options.history)
        deliverer = _deliverer(options, history, location)
        mender = _mender(options, where, history)
        with ended_by_signals(stop), _alone(history, stop) as is_alone:
            if is_alone:
                with metrics(options, [location.root.name]) as looked:
                    _watch(where, options, stop, deliverer, mender, looked)
    except Trouble as error:
        raise Failure(str(error), 3) from error
    return 0


def _watch(
    where: "Where",
    options: argparse.Namespace,
    stop: Event,
    deliverer: "Deliverer | None",
    mender: "Mender | None",
    looked: "Looked | None",
) -> None:
    """Look, write down, tell, and mend, until it is to stop."""
    from taskcheck.store import Request
    from taskcheck.watch.looks import looks
    from taskcheck.watch.recording import Keeper

    said = ""
    if deliverer is not None:
        deliverer.begin()
    try:
        for sight in looks(where, Request(remember=not options.no_cache), stop, Keeper(options.history, writes=True)):
            if sight is not None:
                said = _tell(sight, said)
                if mender is not None:
                    mender.mend(sight)
                if looked is not None:
                    looked.see(sight, sight.name or where.root.name, mender.repairs if mender is not None else 0)
            if deliverer is not None:
                deliverer.tick(news=sight is not None)
    finally:
        if deliverer is not None:
            deliverer.close()


def _tell(sight: "Sight", said: str) -> str:
    """Print what changed; the trouble that there is, which is said once."""
    from taskcheck.formats.notice import became

    recorded = sight.recorded
    for transition in recorded.transitions if recorded is not None else ():
        say(became(transition))
    trouble = sight.trouble or sight.notice
    if trouble and trouble != said:
        complain(trouble)
    return trouble


def say(line: str) -> None:
    """Print a line now."""
    print(line)
    sys.stdout.flush()


def _deliverer(options: argparse.Namespace, history: "History", location: "Location") -> "Deliverer | None":
    """Return what tells the command of changes; None where there is none.

    Raises:
        Failure: it can't be found.
    """
    command = command_of(options)
    if not command:
        return None
    from taskcheck.watch.notices import Deliverer

    return Deliverer(command, history, location, complain)


def command_of(options: argparse.Namespace) -> list[str]:
    """Return the command that is to be told of changes, the program by its whole path; nothing where there is none.

    Raises:
        Failure: it can't be found.
    """
    if options.on_change is None:
        return []
    from taskcheck.read.program import program

    try:
        words = shlex.split(options.on_change)
    except ValueError as error:
        raise Failure(f"--on-change: {error}: {options.on_change}") from error
    if not words:
        raise Failure("--on-change: name a command")
    name = words[0]
    found = name if "/" in name else program(name)
    if found is None:
        raise Failure(f"--on-change: there is no program {name!r}; to run the command in a shell, write `sh -c '…'`")
    return [found, *words[1:]]


def _mender(options: argparse.Namespace, where: "Where", history: "History") -> "Mender | None":
    """Return what makes repairs; None where none are to be made."""
    if not options.fix:
        return None
    from taskcheck.watch.mending import Mender

    return Mender(where, history, say, complain)


@contextmanager
def metrics(options: argparse.Namespace, stores: Iterable[str]) -> Iterator["Looked | None"]:
    """Tell Prometheus on a port of loopback what the looks see; None where that isn't asked for.

    Raises:
        Failure: the client library isn't installed, or the port can't be had.
    """
    if options.metrics is None:
        yield None
        return
    try:
        from prometheus_client import start_http_server

        from taskcheck.watch.metrics import Looked
    except ImportError as error:
        missing = f"`--metrics` needs {error.name}, which isn't installed; try: pip install 'taskcheck-lint[metrics]'"
        raise Failure(missing) from error
    looked = Looked(stores)
    try:
        server, thread = start_http_server(options.metrics, addr="127.0.0.1", registry=looked.registry)
    except OSError as error:
        raise Failure(f"port {options.metrics} can't be used: {error.strerror}") from error
    say(f"metrics are at http://127.0.0.1:{server.server_port}/metrics")
    try:
        yield looked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _alone(history: "History", stop: Event) -> Iterator[bool]:
    """Whether this is the one that looks; it waits until no other one is, or it is to stop."""
    from contextlib import ExitStack

    from taskcheck.write.locks import Held

    told = False
    with ExitStack() as stack:
        while not stop.is_set():
            try:
                stack.enter_context(history.alone("watch"))
            except Held:
                if not told:
                    complain("another watch checks this store; this one waits until it ends")
                told = True
                stop.wait(STANDBY)
            else:
                yield True
                return
        yield False


@contextmanager
def ended_by_signals(stop: Event) -> Iterator[None]:
    """Let signals end the watch between two steps: a look, or a fix, is seen to its end."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, lambda *_: stop.set())
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
