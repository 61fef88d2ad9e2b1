"""Many stores on the command line: which ones, what is asked of them, and what can't be asked of many."""

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure

if TYPE_CHECKING:
    from taskcheck.model.fleet import Fleet, Member
    from taskcheck.watch.fleet.asked import Asked
    from taskcheck.watch.fleet.members import FleetStores


def fleet_options(parser: argparse.ArgumentParser) -> None:
    """Which stores, and which reports of other machines."""
    parser.add_argument(
        "stores", metavar="DIR", nargs="*", type=Path, help="a folder in a store; several stores share one board"
    )
    parser.add_argument(
        "--report",
        dest="reports",
        metavar="FILE",
        action="append",
        default=[],
        type=Path,
        help="add a store from the JSON report that another machine writes to this file (repeatable)",
    )


def board_of(options: argparse.Namespace, one_store_only: Mapping[str, object]) -> "FleetStores | None":
    """Return the stores that are to be on one board; None for one store alone, whose folder is the root then.

    Args:
        options: what the command line says.
        one_store_only: options that are about one store, each with what it says; nothing where it isn't given.

    Raises:
        Failure: the configuration can't be used, or an option isn't for many stores.
    """
    if len(options.stores) == 1 and not options.reports:
        (options.root,) = options.stores
        _demand_folder(options.root)
        return None
    board = _named(options)
    if board is None:
        return None
    of_one = {"--config": options.config, "--preset": options.preset, "--history": options.history}
    for name, said in {**of_one, **one_store_only}.items():
        if said:
            raise Failure(f"{name} works with a single store, but several are given")
    if board.reports and getattr(options, "owner", None):
        raise Failure("--owner doesn't apply to reports of other machines: use it there")
    return board


def _demand_folder(store: Path) -> None:
    """Say what shows a task, where a name of no folder is given for a store.

    Raises:
        Failure: that is so.
    """
    may_be_task = len(store.parts) == 1 and not os.path.lexists(store)
    if may_be_task:
        from taskcheck.formats.sanitize import visible

        name = visible(str(store), None)
        raise Failure(f"there is no folder {name}; `taskcheck timeline {name}` shows what happened to a task")


def _named(options: argparse.Namespace) -> "FleetStores | None":
    """Return the stores that the command line names, else those of the configuration; None where neither names any."""
    from taskcheck.config.load import ConfigError
    from taskcheck.config.settings import Limits
    from taskcheck.read.runner import GitError
    from taskcheck.store import UsageError, Where, open_store
    from taskcheck.watch.fleet.members import FleetStores

    is_configured = not (options.stores or options.reports)
    stores, reports, limits = tuple(options.stores), tuple(options.reports), Limits()
    try:
        here = open_store(Where(root=options.root, config=options.config, preset=options.preset))
    except (ConfigError, GitError, NotADirectoryError, UsageError):
        here = None  # Where nothing else is named, the view of this one store says what is wrong with it.
    if here is not None:
        limits = here.settings.limits
        if is_configured:
            stores = tuple(here.location.root / name for name in here.settings.fleet_stores)
            reports = tuple(here.location.root / name for name in here.settings.fleet_reports)
    if not (stores or reports):
        return None
    return FleetStores(
        stores=stores,
        reports=reports,
        max_age=limits.report_max_age,
        skew=limits.clock_skew,
        is_configured=is_configured,
    )


def asked_of(options: argparse.Namespace, member: "Member") -> "Asked":
    """Return what is asked of a store of many."""
    from taskcheck.documents.values import iso
    from taskcheck.watch.fleet.asked import Asked

    now = getattr(options, "now", None)
    return Asked(
        root=member.where,
        now=iso(now) if now is not None else None,
        owner=getattr(options, "owner", None),
        remember=not options.no_cache,
    )


def looked_at(options: argparse.Namespace, board: "FleetStores") -> "Fleet":
    """Return a fleet, all of whose stores were looked at once."""
    from taskcheck.cli.progress import Progress
    from taskcheck.watch.fleet.members import members
    from taskcheck.watch.fleet.rounds import Rounds

    progress = Progress()
    rounds = Rounds(members(board), lambda member: asked_of(options, member))
    try:
        for number, seen in enumerate(rounds.once(), 1):
            progress.tell(f"looked at {seen.member.name}", number, len(rounds.members))
    finally:
        progress.clear()
    return fleet_of(options, rounds.members)


def fleets(options: argparse.Namespace, board: "FleetStores") -> "Iterator[tuple[Fleet | None, object]]":
    """Yield the fleet whenever one of its stores was looked at, and what stays the same while nothing but time passes.

    That begins when each was looked at once. None a few times a second while there is nothing new.
    """
    from threading import Event

    from taskcheck.watch.fleet.members import members
    from taskcheck.watch.fleet.rounds import Rounds

    rounds = Rounds(members(board), lambda member: asked_of(options, member))
    for seen in rounds.again(Event()):
        is_whole = all(member.looks for member in rounds.members)
        if seen is None or not is_whole:
            yield None, None
            continue
        fleet = fleet_of(options, rounds.members)
        told = [(member.trouble, bool(member.lateness(fleet.now)), _says(member)) for member in fleet.members]
        yield fleet, told


def _says(member: "Member") -> object:
    """Return what a store's report says that stays the same while nothing but time passes."""
    from taskcheck.watch.looks import Sight

    return Sight(report=member.report).says if member.report is not None else None


def fleet_of(options: argparse.Namespace, found: "list[Member]") -> "Fleet":
    """Return stores as a fleet, as of the moment that the options name, else of now."""
    from taskcheck.model.fleet import Fleet
    from taskcheck.store import clock

    return Fleet(now=getattr(options, "now", None) or clock(), members=tuple(found))


def rendered(fleet: "Fleet", options: argparse.Namespace, width: int, height: int | None, *, colour: bool) -> str:
    """Return the view of a fleet in the format that is asked for."""
    from taskcheck.formats import fleet as text, fleet_json

    match options.format:
        case "json":
            return fleet_json.as_json(fleet)
        case "jsonl":
            return fleet_json.as_lines(fleet)
        case _:
            return text.render(fleet, width=width, height=height, colour=colour, verbose=options.verbose)
