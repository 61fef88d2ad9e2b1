"""The operator's view for a terminal: managers with their heartbeats, then a row per task that needs a look."""

from collections.abc import Iterator

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, iso
from taskcheck.formats.lines import Line, plain_text, styled, wrapped
from taskcheck.formats.sanitize import visible
from taskcheck.formats.step import Step
from taskcheck.formats.text import summary
from taskcheck.formats.view import (
    Row,
    headline,
    heartbeat,
    rows,
    told,
    waited,
    workers,
)
from taskcheck.model.report import Incident, Report, SignalNote

SEVERITY = 8
"""Columns of the word for the severity, under which what belongs to a row is indented."""

HEARTBEAT = 22
"""Columns of what is said of a heartbeat."""

Group = list[Line]
"""Lines that belong together: a row."""

BLANK = [Line(0, ())]


def render(
    report: Report, *, width: int = 80, height: int | None = None, colour: bool = False, verbose: bool = False
) -> str:
    """Return the view, in lines of so many columns at the most; a command is never cut, and may be longer.

    With a height as much as fits into so many lines, and how much more there is.
    """
    screen = _screen(report, width, verbose=verbose)
    if height is not None:
        screen = _fitted(screen, height, width, verbose=verbose)
    lines = [line for group in (*screen.managers, *screen.rows, *screen.waiting, *screen.notes) for line in group]
    lines += screen.closing
    return styled(lines, None) if colour else plain_text(lines)


@frozen(kw_only=True)
class _Screen:
    """The view in its parts, from top to bottom."""

    managers: list[Group]
    rows: list[Group]
    waiting: list[Group]
    notes: list[Group]
    closing: list[Line]
    """What is always there: the tally, whether it is whole, and as of when."""


def _screen(report: Report, width: int, *, verbose: bool) -> _Screen:
    notes, closing = _closing(report, width, verbose=verbose)
    managers = list(_managers(report, width))
    return _Screen(
        managers=managers,
        rows=list(_rows(report, width, verbose=verbose)),
        waiting=list(_waiting(report, width)),
        notes=notes,
        closing=closing,
    )


def _fitted(screen: _Screen, height: int, width: int, *, verbose: bool) -> _Screen:
    """Return as much of each part as fits into so many lines.

    Notes get a fourth of them, who waits a fourth of the rest, managers a third of what is left or what the rows leave,
    and the rows the rest.
    """
    shows = f"taskcheck status{' -v' if verbose else ''} shows all"
    room = height - len(screen.closing)
    notes = _fitting(screen.notes, room // 4, width, f"more notes: {shows}")
    room -= _height(notes, width)
    waiting = _fitting(screen.waiting, room // 4, width, f"more classes that wait: {shows}")
    room -= _height(waiting, width)
    for_managers = max(room // 3, room - _height(screen.rows, width))
    managers = _fitting(screen.managers, for_managers, width, f"more managers: {shows}")
    room -= _height(managers, width)
    rows = _fitting(screen.rows, room, width, f"more rows: {shows}")
    return _Screen(managers=managers, rows=rows, waiting=waiting, notes=notes, closing=screen.closing[:height])


def _managers(report: Report, width: int) -> Iterator[Group]:
    """Yield a line for each manager, under a heading; where that is too wide, a few lines."""
    told = [(visible(each.owner), *heartbeat(each), workers(each)) for each in report.managers]
    if not told:
        return
    widest = max(_cells(name) for name, *_ in (("manager",), *told))
    column = min(widest, width // 3)
    wide = column + HEARTBEAT + 4 + max(len(work) for *_, work in told) <= width
    lines: Group = []
    if wide:
        lines = [Line(0, ((f"{_cell('manager', column)}  {'heartbeat':<{HEARTBEAT}}  workers", "dim"),))]
    for name, beat, kind, work in told:
        if wide:
            age_told = f"{beat:<{HEARTBEAT}}"
            lines += [Line(0, ((_cell(name, column), "subject"), ("  ", ""), (age_told, kind), ("  ", ""), (work, "")))]
        else:
            lines += [Line(0, ((_cut(name, width), "subject"),))]
            lines += wrapped(Line(2, (("heartbeat ", "dim"), (beat, kind), (f" · {work}", ""))), width)
        yield lines
        lines = []
    yield BLANK


def _waiting(report: Report, width: int) -> Iterator[Group]:
    """Yield for each class how many tasks of it wait for a person, and those that have waited longest."""
    for queue in report.waiting:
        word = f"{queue.stage.value:<{SEVERITY}}"
        named = [f"{visible(each.task)}{visible(waited(each, report))}" for each in queue.longest]
        more = queue.count - len(named)
        told = f"{queue.count} waiting: {', '.join(named)}{f' and {more} more' if more else ''}"
        yield list(wrapped(Line(0, ((word, "dim"), (told, "")), hang=SEVERITY), width))
    if report.waiting:
        yield BLANK


def _rows(report: Report, width: int, *, verbose: bool) -> Iterator[Group]:
    found = rows(report)
    if not found:
        return
    cause = max(_cells(headline(row.incident)) for row in found)
    room = width - SEVERITY - cause - 29
    owner = min(max(5, *(_cells(_owner(row.incident)) for row in found)), room) if room >= 5 else 0
    lines: Group = []
    if owner:
        names = ("what", "quiet", "owner", "worker", "blocks")
        lines = [Line(0, ((" " * SEVERITY + _columns(names, cause, owner), "dim"),))]
    for row in found:
        yield [*lines, *_row(row, width, cause, owner, verbose=verbose)]
        lines = []
    yield BLANK


def _columns(values: tuple[str, ...], cause: int, owner: int) -> str:
    what, quiet, who, worker, blocks = values
    return f"{_cell(what, cause)}  {quiet:>7}  {_cell(who, owner)}  {worker:<7}  {blocks:>6}"


def _owner(incident: Incident) -> str:
    return visible(incident.owner or incident.manager or "-")


def _row(row: Row, width: int, cause: int, owner: int, *, verbose: bool) -> Iterator[Line]:
    """A row; without columns for the owner there is no room for any, and what they would say is a line of its own."""
    incident, room = row.incident, width - SEVERITY
    word = f"{incident.severity.label:<{SEVERITY}}"
    quiet = "-" if row.quiet is None else age(row.quiet)
    values = (headline(incident), quiet, _owner(incident), incident.worker or "-", str(incident.blocks or "-"))
    columns = _columns(values, cause, owner) if owner else _cut(values[0], room)
    yield Line(0, ((word, word.rstrip()), (columns[:cause], "rule"), (columns[cause:], "")))
    yield Line(SEVERITY, ((_cut(visible(incident.subject), room), "subject"),))
    if not owner:
        yield from _narrow(values[1:], width)
    if verbose:
        yield from _details(incident, width)
    elif incident.head is not None:
        yield Line(SEVERITY, ((_cut(visible(incident.head.message), room), ""),))
    yield from _step(row.step, width)


def _narrow(values: tuple[str, ...], width: int) -> Iterator[Line]:
    """Yield what the columns beside the headline would say, as far as they say something."""
    told = []
    for name, value in zip(("quiet", "owner", "worker", "blocks"), values, strict=True):
        if value != "-":
            told.append(f"{name} {value}")
    if told:
        yield from wrapped(Line(SEVERITY, ((" · ".join(told), "dim"),)), width)


def _details(incident: Incident, width: int) -> Iterator[Line]:
    """Every finding, and every raw signal."""
    for finding in incident.findings:
        told = f"{finding.level.label} {finding.rule}: {visible(finding.message, None)}"
        yield from wrapped(Line(SEVERITY, ((told, ""),), hang=2), width)
    for note in incident.signals:
        yield from wrapped(Line(SEVERITY, ((_signal(note), "dim"),), hang=2), width)


def _signal(note: SignalNote) -> str:
    return f"signal {visible(note.signal.kind)}: {', '.join(map(visible, told(note)))}"


def _step(step: Step, width: int) -> Iterator[Line]:
    """What to do next: a command, or a sentence; and what goes with it."""
    if step.words:
        yield from _command(step.words, width - SEVERITY)
    else:
        yield from wrapped(Line(SEVERITY, ((visible(step.text, None), "good"),), hang=2), width)
    if step.beside:
        yield from wrapped(Line(SEVERITY, ((visible(step.beside, None), "dim"),), hang=2), width)


def _command(words: tuple[str, ...], room: int) -> Iterator[Line]:
    """The command, broken by backslashes where it doesn't fit, so that it can be pasted."""
    line, *rest = words
    for number, word in enumerate(rest, 1):
        if _cells(f"{line} {word}") + 2 * (number < len(rest)) > room:
            yield Line(SEVERITY, ((f"{line} \\", "good"),))
            line = word
        else:
            line = f"{line} {word}"
    yield Line(SEVERITY, ((line, "good"),))


def _closing(report: Report, width: int, *, verbose: bool) -> tuple[list[Group], list[Line]]:
    """What is to be noted, and the lines that are always there: the tally, whether it is whole, and as of when."""
    kind = "dim" if report.complete else "error"
    told = [*summary(report, verbose=verbose), f"as of {iso(report.now)}"]
    lines = [list(wrapped(Line(0, ((text, kind),), hang=2), width)) for text in told]
    last = len(lines) - (2 if report.complete else 3)
    return lines[:last], [line for group in lines[last:] for line in group]


def _fitting(groups: list[Group], room: int, width: int, more: str) -> list[Group]:
    """Return as much as there is room for, the last line for how much more there is."""
    if _height(groups, width) <= room:
        return groups
    kept: list[Group] = []
    used = 1
    for number, group in enumerate(groups):
        height = _height([group], width)
        if used + height > room:
            left_out = _left_out(groups[number:], width, more) if room > 0 else []
            return [*(kept or [_beginning(group, room - used, width)]), *left_out]
        used += height
        kept.append(group)
    return kept


def _beginning(group: Group, room: int, width: int) -> Group:
    """Return the first lines of a row, as many as there is room for."""
    kept: Group = []
    for line in group:
        room -= _height([[line]], width)
        if room < 0:
            break
        kept.append(line)
    return kept


def _left_out(groups: list[Group], width: int, more: str) -> list[Group]:
    """Return a line that says how many rows are left out; none where none is."""
    left = sum(each is not BLANK for each in groups)
    return [[Line(0, ((_cut(f"{left} {more}", width), "dim"),))]] if left else []


def _height(groups: list[Group], width: int) -> int:
    """Lines of the terminal that they take: a command may take more than one."""
    return sum(max(1, -(-_cells(line.plain.rstrip()) // width)) for group in groups for line in group)


def _cells(text: str) -> int:
    """Columns that a text takes on a terminal."""
    from rich.cells import cell_len

    return cell_len(text)


def _cell(text: str, width: int) -> str:
    """A text in so many columns."""
    cut = _cut(text, width)
    return cut + " " * (width - _cells(cut))


def _cut(text: str, width: int) -> str:
    """A text of so many columns at the most, cut visibly."""
    if _cells(text) <= width:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + "…"
