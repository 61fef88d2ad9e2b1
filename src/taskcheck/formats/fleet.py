"""Many stores for a terminal: a line for each, then what each that has something to tell says, as its own view does."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, counted, how_old, iso
from taskcheck.formats.cells import cells
from taskcheck.formats.lines import Line, plain_text, styled, wrapped
from taskcheck.formats.sanitize import visible
from taskcheck.formats.screen import BLANK, Group, cell, cut, fitting, height as height_of
from taskcheck.formats.status import parts
from taskcheck.formats.tally import severities
from taskcheck.model.finding import Severity
from taskcheck.model.fleet import Fleet, Member
from taskcheck.model.report import EMPTY, Report

GAP = "  "
COLUMNS = ("store", "disagree", "at work", "waiting", "seen")


@frozen(kw_only=True)
class Standing:
    """How a store of a fleet stands, in a few words each."""

    found: str
    """What disagrees."""
    kind: str
    """How that is shown: `error`, `warning`, `good` or `dim`."""
    works: str
    waits: str
    seen: str
    """How old that is."""
    is_late: bool
    trouble: str
    """Why it isn't what there is now; empty while all is well."""


def standing(member: Member, now: datetime) -> Standing:
    """Return how a store stands at a moment."""
    report = member.report
    found, kind = _found(member)
    return Standing(
        found=found,
        kind=kind,
        works=str(len(report.at_work)) if report is not None else "",
        waits=str(sum(queue.count for queue in report.waiting)) if report is not None else "",
        seen=_seen(member, now),
        is_late=bool(member.lateness(now)),
        trouble=member.trouble or member.lateness(now),
    )


def tells(member: Member) -> bool:
    """Return whether there is more to say of a store than how it stands."""
    report = member.report
    return report is not None and bool(report.incidents or report.at_work or report.waiting or report.errors)


def closing(fleet: Fleet) -> str:
    """Return how many stores there are, what disagrees in them, and how many can't be believed."""
    told = [counted(len(fleet.members), "store")]
    for severity in sorted(Severity, reverse=True):
        number = sum(member.count(severity) for member in fleet.members)
        if number:
            told.append(counted(number, severity.label))
    if fleet.unwell:
        told.append(f"{len(fleet.unwell)} not seen as they are now")
    return ", ".join(told)


def render(
    fleet: Fleet, *, width: int = 80, height: int | None = None, colour: bool = False, verbose: bool = False
) -> str:
    """Return the view in lines of so many columns at the most, as `status.render` does; with a height what fits."""
    table = list(_table(fleet, width))
    below = [group for member in fleet.members for group in _section(member, width, verbose=verbose)]
    last = [
        *wrapped(Line(0, ((closing(fleet), "dim"),), hang=2), width),
        Line(0, ((f"as of {iso(fleet.now)}", "dim"),)),
    ]
    if height is not None:
        room = max(0, height - len(last))
        more = "more: taskcheck status shows all"
        table = fitting(table, max(room // 2, room - height_of(below, width)), width, more)
        below = fitting(below, room - height_of(table, width), width, more)
    lines = [line for group in (*table, *below) for line in group]
    lines += last
    return styled(lines, None) if colour else plain_text(lines)


def _found(member: Member) -> tuple[str, str]:
    """Return what disagrees in a store, and how that is shown."""
    report = member.report
    if report is None:
        return "can't be looked at", "error"
    if report.exit_code == EMPTY:
        return "nothing to check", "warning"
    told = ", ".join(severities(report))
    if not report.complete:
        return ", ".join(filter(None, ("incomplete", told))), "error"
    if not report.incidents:
        return ("agree as far as read", "warning") if report.unseen else ("all agree", "good")
    worst = max(incident.severity for incident in report.incidents)
    return told or "signals only", worst.label


def _seen(member: Member, now: datetime) -> str:
    """Return how old what is known of a store is."""
    old = member.age(now)
    if old is None:
        return "never"
    if not member.is_received:
        return "now" if not member.trouble else f"{age(max(old, -old))} ago"
    told = how_old(old)
    return f"{told}, late" if member.lateness(now) else told


def _table(fleet: Fleet, width: int) -> Iterator[Group]:
    """Yield a line for each store under a heading; where that is too wide, a few lines."""
    rows = [(member, standing(member, fleet.now)) for member in fleet.members]
    table = [COLUMNS, *(_cells(member, stands) for member, stands in rows)]
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    widths[0] = min(widths[0], max(12, width - sum(widths[1:]) - len(GAP) * (len(widths) - 1)))
    fits = sum(widths) + len(GAP) * (len(widths) - 1) <= width
    lines: Group = [Line(0, ((_row(COLUMNS, widths), "dim"),))] if fits else []
    for (member, stands), texts in zip(rows, table[1:], strict=True):
        lines += _in_columns(texts, widths, stands) if fits else _stacked(member, stands, width)
        if stands.trouble:
            lines += wrapped(Line(2, ((visible(stands.trouble, None), "warning"),), hang=2), width)
        yield lines
        lines = []
    yield BLANK


def _cells(member: Member, stands: Standing) -> tuple[str, ...]:
    """Return what the columns say of a store."""
    return visible(member.name, None), stands.found, stands.works, stands.waits, stands.seen


def _row(texts: Iterable[str], widths: list[int]) -> str:
    """Return a line of the table; numbers stand at the right of their columns."""
    name, found, works, waits, seen = (cell(text, width) for text, width in zip(texts, widths, strict=True))
    numbers = [f"{text.strip():>{len(text)}}" for text in (works, waits)]
    return GAP.join((name, found, *numbers, seen.rstrip()))


def _in_columns(texts: tuple[str, ...], widths: list[int], stands: Standing) -> Group:
    """Return the line of a store in columns."""
    name, found = cell(texts[0], widths[0]), cell(texts[1], widths[1])
    rest = _row(texts, widths)[len(name) + len(found) + 2 * len(GAP) :]
    age_kind = "warning" if stands.is_late else ""
    return [Line(0, ((name, "subject"), (GAP, ""), (found, stands.kind), (f"{GAP}{rest}", age_kind)))]


def _stacked(member: Member, stands: Standing, width: int) -> Group:
    """Return the lines of a store on a narrow terminal."""
    numbers = [f"{stands.works} at work", f"{stands.waits} waiting"] if stands.works else []
    told = " · ".join((stands.found, *numbers, stands.seen))
    name = Line(0, ((cut(visible(member.name, None), width), "subject"),))
    return [name, *wrapped(Line(2, ((told, stands.kind),), hang=2), width)]


def _section(member: Member, width: int, *, verbose: bool) -> Iterator[Group]:
    """Yield what a store's own view says, below its name and where it is."""
    report = member.report
    if report is None or not tells(member):
        return
    name, where = visible(member.name, None), visible(member.where, None)
    kind = "report " if member.is_received else ""
    heading = Line(0, ((f"== {name}", "subject"), (f"{GAP}{kind}{where}", "dim")), hang=3)
    yield [*wrapped(heading, width), *BLANK]
    yield from _errors(report, width)
    yield from parts(report, width, verbose=verbose)


def _errors(report: Report, width: int) -> Iterator[Group]:
    """Yield what couldn't be judged."""
    for error in report.errors:
        told = f"error {visible(error.where, None)}: {visible(error.message, None)}"
        yield list(wrapped(Line(0, ((told, "error"),), hang=2), width))
    if report.errors:
        yield BLANK
