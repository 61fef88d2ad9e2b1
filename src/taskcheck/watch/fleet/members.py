"""Which stores a fleet has, what each is called, and the reports that other machines write."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from taskcheck.documents import DocumentError, read_json
from taskcheck.documents.bounded import Unreadable, read_still
from taskcheck.documents.frozen import frozen, replace
from taskcheck.formats.sanitize import shell
from taskcheck.model.fleet import Member
from taskcheck.model.report import Incident, Report

MAX_BYTES = 16 * 1024 * 1024
"""Of a report; so much is more than five thousand incidents take."""

HOW = "write it by `taskcheck check --exit-zero --format json`, to a temporary file first, and then rename it"


@frozen(kw_only=True)
class FleetStores:
    """What is to be on the board of a fleet."""

    stores: tuple[Path, ...]
    reports: tuple[Path, ...]
    max_age: timedelta
    """How old a report may be."""
    skew: timedelta
    """How far the clock of another machine may be ahead."""
    is_configured: bool = False
    """Whether a configuration names the stores, and not whoever started us."""


def members(board: FleetStores) -> list[Member]:
    """Return the stores of a fleet in the order in which they are named, none of which was looked at yet."""
    stores = [Path(os.path.realpath(store)) for store in board.stores]
    reports = [report.absolute() for report in board.reports]  # a link stays one
    names = [*_called(stores), *_called([report.with_suffix("") for report in reports])]
    found = [Member(name=name, where=str(path)) for name, path in zip(names, (*stores, *reports), strict=True)]
    for at in range(len(stores), len(found)):
        found[at] = replace(found[at], is_received=True, max_age=board.max_age, skew=board.skew)
    return [replace(member, name=name) for member, name in zip(found, _distinct(names), strict=True)]


def _called(paths: Iterable[Path]) -> Iterator[str]:
    """Yield what stores are called: their folder, and where two folders are called so, that above it too."""
    distinct = list(dict.fromkeys(paths))
    parts = {path: [part for part in path.parts if part != path.anchor] or ["/"] for path in distinct}
    length = dict.fromkeys(distinct, 1)
    for _ in range(max(map(len, parts.values()), default=0)):
        names = {path: "/".join(parts[path][-length[path] :]) for path in distinct}
        often = Counter(names.values())
        for path, name in names.items():
            length[path] += often[name] > 1
    for path in paths:
        yield "/".join(parts[path][-length[path] :])


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """Yield names, of which each further one that is the same has a number."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def with_report(member: Member) -> Member:
    """Return a member with what the file of its report holds now; where that can't be used, with why."""
    from taskcheck.report.received import NotAReport, received

    file = member.where
    try:
        document = read_json(read_still(file, MAX_BYTES, follow=True))
    except DocumentError as error:
        trouble = error.trouble
        return _without(member, f"{file}:{trouble.line}:{trouble.column}: {trouble.message}; {HOW}")
    except Unreadable as error:
        return _without(member, f"{file}: {error}; {HOW}")
    try:
        report = received(document.values, is_foreign=True)
    except NotAReport as error:
        line, column = document.locate(error.route)
        return _without(member, f"{file}:{line}:{column}: {error}; {HOW}")
    return replace(member, report=report, told=document.values, trouble="", code=0, looks=member.looks + 1)


def _without(member: Member, trouble: str) -> Member:
    """Return a member whose report can't be used now; the last one that could goes on to be shown."""
    return replace(member, trouble=trouble, code=2, looks=member.looks + 1)


def with_folder(report: Report, folder: str) -> Report:
    """Return a report whose commands go to the store's folder first: on a board of many, nobody stands in it."""
    quoted = shell(folder)
    if quoted is None:
        return report
    to = ("cd", quoted, "&&")
    return replace(report, incidents=tuple(_from_folder(incident, to) for incident in report.incidents))


def _from_folder(incident: Incident, to: tuple[str, ...]) -> Incident:
    """Return an incident whose next step, where it is a command, begins with some words."""
    step = incident.step
    if step is None or not step.words:
        return incident
    words = (*to, *step.words)
    return replace(incident, step=replace(step, words=words, text=" ".join(words)))
