"""The operator's view for a terminal: managers with their heartbeats, then a row per task that needs a look."""

from collections.abc import Iterator
from textwrap import wrap

from taskcheck.documents.values import age, iso
from taskcheck.finding import Incident, Report, Severity, SignalNote
from taskcheck.formats.rows import Row, headline, heartbeat, rows, told, workers
from taskcheck.formats.sanitize import visible
from taskcheck.formats.text import Line, styled, summary

SEVERITY = 8
"""Columns of the word for the severity, under which what belongs to a row is indented."""


def render(
    report: Report, *, width: int = 80, height: int | None = None, colour: bool = False, verbose: bool = False
) -> str:
    """The view, in lines of so many columns at the most; a command is never cut, and may be longer.

    With a height as many rows as fit into so many lines, and how many more there are.
    """
    head, closing = list(_managers(report, width)), list(_closing(report, width))
    body = list(_rows(report, width, verbose=verbose))
    if height is not None:
        body = _fitting(body, width, height - len(head) - len(closing))
    lines = [*head, *body, *closing]
    return styled(lines, None) if colour else "".join(f"{line.plain.rstrip()}\n" for line in lines)


def _managers(report: Report, width: int) -> Iterator[Line]:
    names = [visible(manager.owner) for manager in report.managers]
    column = min(max(map(_cells, ["manager", *names]), default=0), width // 3)
    if names:
        yield Line(0, ((f"{_cell('manager', column)}  {'heartbeat':<22}  workers", "dim"),))
    for name, manager in zip(names, report.managers, strict=True):
        told, kind = heartbeat(manager)
        segments = ((_cell(name, column), "subject"), ("  ", ""), (f"{told:<22}", kind), ("  ", ""))
        yield Line(0, (*segments, (workers(manager), "")))
    if names:
        yield Line(0, ())


def _rows(report: Report, width: int, *, verbose: bool) -> Iterator[Line]:
    found = rows(report)
    if not found:
        return
    heads = [_cells(headline(row.incident)) for row in found]
    cause = max(heads)
    owner = max(5, min(max(_cells(_owner(row.incident)) for row in found), width - SEVERITY - cause - 29))
    names = ("what", "quiet", "owner", "worker", "blocks")
    yield Line(0, ((" " * SEVERITY + _columns(names, cause, owner), "dim"),))
    for row in found:
        yield from _row(row, width, cause, owner, verbose=verbose)
    yield Line(0, ())


def _columns(values: tuple[str, ...], cause: int, owner: int) -> str:
    what, quiet, who, worker, blocks = values
    return f"{_cell(what, cause)}  {quiet:>7}  {_cell(who, owner)}  {worker:<7}  {blocks:>6}"


def _owner(incident: Incident) -> str:
    return visible(incident.owner or incident.manager or "-")


def _row(row: Row, width: int, cause: int, owner: int, *, verbose: bool) -> Iterator[Line]:
    incident = row.incident
    word = incident.severity.label
    quiet = "-" if row.quiet is None else age(row.quiet)
    values = (headline(incident), quiet, _owner(incident), incident.worker or "-", str(incident.blocks or "-"))
    columns = _columns(values, cause, owner)
    yield Line(0, ((f"{word:<{SEVERITY}}", word), (columns[:cause], "rule"), (columns[cause:], "")))
    room = width - SEVERITY
    yield Line(SEVERITY, ((_cut(visible(incident.subject), room), "subject"),))
    if verbose:
        yield from _details(incident, room)
    elif incident.findings:
        yield Line(SEVERITY, ((_cut(visible(incident.findings[0].message), room), ""),))
    yield from _command(row.command, room)


def _details(incident: Incident, room: int) -> Iterator[Line]:
    """Every finding, and every raw signal."""
    for finding in incident.findings:
        told = f"{finding.level.label} {finding.rule}: {visible(finding.message, None)}"
        yield from (Line(SEVERITY, ((part, ""),)) for part in _wrapped(told, room))
    for note in incident.signals:
        yield from (Line(SEVERITY, ((part, "dim"),)) for part in _wrapped(_signal(note), room))


def _signal(note: SignalNote) -> str:
    return f"signal {visible(note.signal.kind)}: {', '.join(map(visible, told(note)))}"


def _command(words: tuple[str, ...], room: int) -> Iterator[Line]:
    if len(" ".join(words)) <= room:
        yield Line(SEVERITY, ((" ".join(words), "good"),))
        return
    yield Line(SEVERITY, ((f"{' '.join(words[:-1])} \\", "good"),))
    yield Line(SEVERITY, ((words[-1], "good"),))


def _closing(report: Report, width: int) -> Iterator[Line]:
    kind = "dim" if report.complete else "error"
    for text in (*summary(report), f"as of {iso(report.now)}"):
        yield from (Line(0, ((part, kind),)) for part in _wrapped(text, width))


def _fitting(body: list[Line], width: int, height: int) -> list[Line]:
    """As many lines as there is room for, the last of them for the rows that aren't whole."""
    used = 0
    for number, line in enumerate(body):
        used += max(1, -(-_cells(line.plain.rstrip()) // width))
        if used > height - (number < len(body) - 1):
            words = {severity.label for severity in Severity}
            more = sum(line.segments[0][1] in words for line in body[number:] if line.segments)
            return [*body[:number], Line(0, ((f"{more} more rows: taskcheck status shows all", "dim"),))]
    return body


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


def _cells(text: str) -> int:
    """Columns that a text takes on a terminal."""
    from rich.cells import cell_len  # noqa: PLC0415 - rich is only loaded for the view

    return cell_len(text)


def _cell(text: str, width: int) -> str:
    """A text in so many columns."""
    cut = _cut(text, width)
    return cut + " " * (width - _cells(cut))


def _cut(text: str, width: int) -> str:
    """A text of so many columns at the most, cut visibly."""
    if _cells(text) <= width:
        return text
    from rich.cells import set_cell_size  # noqa: PLC0415 - as above

    return set_cell_size(text, width - 1).rstrip() + "…"
