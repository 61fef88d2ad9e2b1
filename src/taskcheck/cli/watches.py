"""Watch many stores: look at each when a ledger of it changes, write down, tell, and mend, as for one."""

import argparse
from threading import Event
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.fleet import asked_of
from taskcheck.cli.watch import command_of, ended_by_signals, metrics, say
from taskcheck.formats.sanitize import visible
from taskcheck.store import clock
from taskcheck.watch.fleet.keeping import Keeping
from taskcheck.watch.fleet.members import members
from taskcheck.watch.fleet.pool import PATIENCE
from taskcheck.watch.fleet.rounds import Rounds, Seen

if TYPE_CHECKING:
    from taskcheck.model.fleet import Member
    from taskcheck.watch.fleet.asked import Asked
    from taskcheck.watch.fleet.members import FleetStores
    from taskcheck.watch.metrics import Looked


def watch_many(board: "FleetStores", options: argparse.Namespace) -> int:
    """Watch until a signal comes.

    Raises:
        Failure: stores are to be repaired that a configuration names: whoever may write one decides over no others.
    """
    if options.fix and board.is_configured:
        raise Failure("--fix requires the stores on the command line: taskcheck watch --fix DIR …")
    command = command_of(options)
    found = members(board)
    keepings = {member.name: Keeping(member, command, complain) for member in found}
    stop = Event()

    def ask(member: "Member") -> "Asked | None":
        keeping = keepings[member.name]
        if not keeping.may_look():
            return None
        return asked_of(options, member)._replace(records=keeping.is_held, fixes=options.fix)

    rounds = Rounds(found, ask, patience=PATIENCE)
    try:
        with ended_by_signals(stop), metrics(options, keepings) as looked:
            for seen in rounds.again(stop):
                if seen is not None:
                    _tell(seen, keepings[seen.member.name], looked)
                for name, keeping in keepings.items():
                    keeping.tick(news=seen is not None and seen.member.name == name)
    finally:
        for keeping in keepings.values():
            keeping.close()
    return 0


def _tell(seen: Seen, keeping: Keeping, looked: "Looked | None") -> None:
    """Print what a look changed; say once what keeps its store from being seen."""
    now = clock()
    name = visible(seen.member.name, None)
    for line in seen.said:
        say(f"{name}: {line}")
    for text in seen.complaints:
        keeping.say(text)
    keeping.tell(seen.member.trouble or seen.member.lateness(now))
    if looked is not None:
        looked.see_member(seen.member, now, seen.repairs)
