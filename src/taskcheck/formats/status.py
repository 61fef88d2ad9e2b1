"""The operator's view for a terminal: managers, who is at work, what waits for a person, and what disagrees."""

from collections.abc import Iterable, Iterator

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, first_few, iso
from taskcheck.formats.cells import cells
from taskcheck.formats.lines import Line, plain_text, styled, wrapped
from taskcheck.formats.sanitize import visible
from taskcheck.formats.screen import BLANK, Group, cell, cut, cut_inside, fitting, height
from taskcheck.formats.text import summary
from taskcheck.formats.view import (
    QUEUES,
    Row,
    headline,
    heartbeat,
    rows,
    sign,
    since,
    stands,
    told,
    traces,
    waited,
    worker,
    workers,
)
from taskcheck.model.finding import Finding
from taskcheck.model.report import Incident, Report, SignalNote
from taskcheck.model.step import Step
from taskcheck.model.waiting import LONGEST, Queue
from taskcheck.model.work import Work

SEVERITY = 8
"""Columns of the word for the severity, under which what belongs to a row is indented."""

HEARTBEAT = 22
"""Columns of what is said of a heartbeat."""

INDENT = 2

SCREEN = 24
"""Lines in which everybody at work, the oldest of what waits and the worst that disagrees have to be, if they can."""

GAP = "  "

SHORTEST = 9
"""Columns that an id keeps where it is cut."""


def render(
    report: Report, *, width: int = 80, height: int | None = None, colour: bool = False, verbose: bool = False
) -> str:
    """Return the view, in lines of so many columns at the most; a command is never cut, and may be longer.

    With a height as much as fits into so many lines, and how much more there is.
    """
    screen = _screen(report, width, verbose=verbose)
    if height is not None:
        screen = _fitted(screen, height, width, verbose=verbose)
    parts = (screen.managers, screen.at_work, screen.waiting, screen.rows, screen.notes)
    lines = [line for part in parts for group in part for line in group]
    lines += screen.closing
    return styled(lines, None) if colour else plain_text(lines)


def parts(report: Report, width: int, *, verbose: bool) -> list[Group]:
    """Return managers, who is at work, what waits and what disagrees, for a view of many stores."""
    screen = _screen(report, width, verbose=verbose)
    at_work = screen.at_work if report.at_work else []
    return [*screen.managers, *at_work, *screen.waiting, *screen.rows]


@frozen(kw_only=True)
class _Screen:
    """The view in its parts, from top to bottom."""

    managers: list[Group]
    at_work: list[Group]
    waiting: list[Group]
    rows: list[Group]
    notes: list[Group]
    closing: list[Line]
    """What is always there: the tally, whether it is whole, and as of when."""


def _screen(report: Report, width: int, *, verbose: bool) -> _Screen:
    notes, closing = _closing(report, width, verbose=verbose)
    managers = list(_managers(report, width))
    at_work = list(_at_work(report, width, verbose=verbose))
    found = list(_rows(report, width, verbose=verbose))
    above = height([*managers, *at_work, *found[:1]], width)
    waiting = list(_waiting(report, width, LONGEST)) if verbose else _waiting_within(report, width, SCREEN - above)
    return _Screen(managers=managers, at_work=at_work, waiting=waiting, rows=found, notes=notes, closing=closing)


def _fitted(screen: _Screen, lines: int, width: int, *, verbose: bool) -> _Screen:
    """Return as much of each part as fits into so many lines.

    Notes get a fourth of them, who waits a fourth of the rest, who is at work a third of what is left, managers a third
    of what is left then or what the rows leave, and the rows the rest.
    """
    shows = f"taskcheck status{' -v' if verbose else ''} shows all"
    room = lines - len(screen.closing)
    notes = fitting(screen.notes, room // 4, width, f"more notes: {shows}")
    room -= height(notes, width)
    waiting = fitting(screen.waiting, room // 4, width, f"more classes that wait: {shows}")
    room -= height(waiting, width)
    at_work = fitting(
        screen.at_work, max(room // 3, room - height(screen.rows, width)), width, f"more at work: {shows}"
    )
    room -= height(at_work, width)
    for_managers = max(room // 3, room - height(screen.rows, width))
    managers = fitting(screen.managers, for_managers, width, f"more managers: {shows}")
    room -= height(managers, width)
    return _Screen(
        managers=managers,
        at_work=at_work,
        waiting=waiting,
        rows=fitting(screen.rows, room, width, f"more rows: {shows}"),
        notes=notes,
        closing=screen.closing[:lines],
    )


def _heading(text: str, count: int, width: int) -> Group:
    """Return what stands above a part."""
    return list(wrapped(Line(0, ((text, "subject"), (f": {count}", "dim"))), width))


def _managers(report: Report, width: int) -> Iterator[Group]:
    """Yield a line for each manager, under a heading; where that is too wide, a few lines."""
    told = [(visible(each.owner), *heartbeat(each), workers(each)) for each in report.managers]
    if not told:
        return
    widest = max(cells(name) for name, *_ in (("manager",), *told))
    column = min(widest, width // 3)
    wide = column + HEARTBEAT + 4 + max(len(work) for *_, work in told) <= width
    lines: Group = []
    if wide:
        lines = [Line(0, ((f"{cell('manager', column)}  {'heartbeat':<{HEARTBEAT}}  workers", "dim"),))]
    for name, beat, kind, work in told:
        if wide:
            age_told = f"{beat:<{HEARTBEAT}}"
            lines += [Line(0, ((cell(name, column), "subject"), (GAP, ""), (age_told, kind), (GAP, ""), (work, "")))]
        else:
            lines += [Line(0, ((cut(name, width), "subject"),))]
            lines += wrapped(Line(2, (("heartbeat ", "dim"), (beat, kind), (f" · {work}", ""))), width)
        yield lines
        lines = []
    yield BLANK


def _at_work(report: Report, width: int, *, verbose: bool) -> Iterator[Group]:
    """Yield a row for each task at work: in columns where all names fit, else the name above what is told of it."""
    if not report.at_work:
        if report.tasks and not report.partial:
            yield [Line(0, (("nobody is at work", "dim"),))]
            yield BLANK
        return
    table = [_cells_of(work, report) for work in report.at_work]
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    fits = INDENT + sum(widths) + len(GAP) * (len(widths) - 1) <= width
    lines = _heading("at work", len(report.at_work), width)
    for work, (name, *others) in zip(report.at_work, table, strict=True):
        if fits:
            first = cell(name, widths[0])
            rest = GAP.join(cell(each, column) for each, column in zip(others, widths[1:], strict=True))
            lines.append(Line(INDENT, ((first, "subject"), (f"{GAP}{rest}", ""))))
        else:
            lines.append(Line(INDENT, ((cut_inside(name, width - INDENT), "subject"),)))
            told = " · ".join(filter(None, (*others[1:], others[0])))
            lines.append(Line(2 * INDENT, ((cut(told, width - 2 * INDENT), ""),)))
        if verbose:
            lines += _traces(work, width)
        yield lines
        lines = []
    yield BLANK


def _cells_of(work: Work, report: Report) -> tuple[str, ...]:
    """Return what the columns say of a task at work: its name, whose it is, its worker, since when, the last sign."""
    owner = visible(work.owner or work.manager or "")
    return visible(work.task, None), owner, visible(worker(work)), since(work, report), sign(work, report)


def _traces(work: Work, width: int) -> Iterator[Line]:
    """Yield the title of a task at work, and where its traces are: its worktree, its branch, its log."""
    for text in traces(work):
        yield from wrapped(Line(2 * INDENT, ((visible(text, None), "dim"),), hang=2), width)


def _waiting_within(report: Report, width: int, room: int) -> list[Group]:
    """Return what waits, of each class as many named as there is room for: one at least."""
    for named in range(LONGEST, 1, -1):
        groups = list(_waiting(report, width, named))
        if height(groups, width) <= room:
            return groups
    return list(_waiting(report, width, 1))


def _waiting(report: Report, width: int, named: int) -> Iterator[Group]:
    """Yield for each class how many tasks of it wait for a person, and some that have waited longest."""
    if not report.waiting:
        return
    lines = _heading("waiting for a person", sum(queue.count for queue in report.waiting), width)
    for queue in report.waiting:
        lines += wrapped(_queue(queue, report, named), width)
        yield lines
        lines = []
    yield BLANK


def _queue(queue: Queue, report: Report, named: int) -> Line:
    """Return how many tasks of a class wait, and some that have waited longest."""
    told = [f"{visible(each.task)}{visible(waited(each, report))}" for each in queue.all]
    told += [""] * queue.unnamed
    count = f"{queue.count} {QUEUES[queue.stage]}"
    return Line(INDENT, ((count, "subject"), (f": {first_few(told, named)}", "")), hang=INDENT)


def _rows(report: Report, width: int, *, verbose: bool) -> Iterator[Group]:
    found = rows(report)
    if not found:
        return
    lines = _heading("disagree", len(found), width)
    for row in found:
        yield [*lines, *_row(row, report, width, verbose=verbose)]
        lines = []
    yield BLANK


def _row(row: Row, report: Report, width: int, *, verbose: bool) -> Iterator[Line]:
    """Yield a row: severity, title and how long nothing has moved; what it is about; what is wrong; what to do next."""
    incident, room = row.incident, width - SEVERITY
    word = f"{incident.severity.label:<{SEVERITY}}"
    quiet = "" if row.quiet is None else f"{GAP}{age(row.quiet)}"
    title = cell(visible(incident.title or incident.subject), room - cells(quiet))
    yield Line(0, ((word, word.rstrip()), (title, "subject"), (quiet, "dim")))
    yield from _about(incident, report, width, verbose=verbose)
    if verbose:
        yield from _details(incident, width)
    elif incident.head is not None:
        yield Line(SEVERITY, ((_message(incident, incident.head, room), ""),))
    yield from _step(row.step, width)


def _message(incident: Incident, head: Finding, room: int) -> str:
    """Return what is wrong; where that is too long, the name that stands above it is shortened, then its end is cut."""
    message = visible(head.message)
    if cells(message) <= room:
        return message
    subject = visible(incident.subject)
    return cut(message.replace(subject, cut_inside(subject, SHORTEST)), room)


def _about(incident: Incident, report: Report, width: int, *, verbose: bool) -> Iterator[Line]:
    """Yield the rule as a tag, then the task's id where the title says another thing, its owner, its worker."""
    room = width - SEVERITY
    tag = headline(incident)
    others = list(_facts(incident, report))
    if incident.title and incident.title != incident.subject:
        used = cells(" · ".join((tag, *others))) + 3
        subject = visible(incident.subject, None)
        others.insert(0, subject if verbose else cut_inside(subject, max(room - used, SHORTEST)))
    told = "".join(f" · {each}" for each in others)
    yield from wrapped(Line(SEVERITY, ((tag, "rule"), (told, "dim"))), width)


def _facts(incident: Incident, report: Report) -> Iterator[str]:
    """Yield whose an incident is, how its worker stands, what waits for it, and since when it stands."""
    owner = incident.owner or incident.manager
    if owner and owner != incident.subject:
        yield visible(owner)
    if incident.worker:
        yield f"worker {incident.worker}"
    if incident.blocks:
        yield f"blocks {incident.blocks}"
    yield from stands(incident, report)


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


def _command(words: Iterable[str], room: int) -> Iterator[Line]:
    """The command, broken by backslashes where it doesn't fit, so that it can be pasted."""
    line, *rest = words
    for number, word in enumerate(rest, 1):
        if cells(f"{line} {word}") + 2 * (number < len(rest)) > room:
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
