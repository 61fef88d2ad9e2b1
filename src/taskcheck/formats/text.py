"""The report for people: one row per task, under it what is wrong, who says so, and what would mend it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from taskcheck.formats.sanitize import visible
from taskcheck.formats.wording import heartbeat
from taskcheck.model.finding import REPOSITORY, Finding, Safety, Severity
from taskcheck.model.report import EMPTY, Incident, Report, SignalNote
from taskcheck.model.task import Place

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "subject": "bold",
    "rule": "magenta",
    "place": "blue",
    "dim": "dim",
    "good": "green",
}
"""What a segment is, to how rich shows it."""

Segment = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it is wrapped: how far it is indented, and its segments with their kinds."""

    indent: int
    segments: tuple[Segment, ...]
    hang: int = 0
    """How much further its continuation is indented where it is wrapped."""

    @property
    def plain(self) -> str:
        """The line without styles."""
        return " " * self.indent + "".join(text for text, _ in self.segments)


def render(
    report: Report, *, width: int | None = None, verbose: bool = False, by_rule: bool = False, links: bool = False
) -> str:
    """The report as text.

    With a width it is for a terminal of so many columns, in colour and wrapped; with links, names of rules lead to
    their pages there.
    """
    lines = list(_lines(report, verbose=verbose, by_rule=by_rule))
    if width is None:
        return "".join(f"{line.plain.rstrip()}\n" for line in lines)
    return styled(lines, width, {run.rule: run.url for run in report.runs if run.url} if links else {})


def position(place: Place) -> str:
    """``[checkout:]path[:line:column]``; root goes without saying."""
    checkout = "" if place.checkout == "root" else f"{place.checkout}:"
    numbers = "".join(f":{number}" for number in (place.line, place.column) if number is not None)
    return f"{checkout}{place.path}{numbers}"


def summary(report: Report, *, verbose: bool = False) -> list[str]:
    """The closing lines without styles: what failed, what is to be noted, and the tally."""
    return [line.plain for line in _summary(report, verbose=verbose)]


def finding_text(finding: Finding) -> str:
    """One finding by itself, after the place that it is about; plain, without a newline at the end."""
    lines = "\n".join(line.plain.rstrip() for line in _finding(finding, 0, named=True, evidence=True))
    return f"{visible(position(finding.place))}: {lines}"


def styled(lines: Iterable[Line], width: int | None, urls: Mapping[str, str] = MappingProxyType({})) -> str:
    """The lines in the colours that every terminal has, wrapped where there is a width."""
    from rich.color import ColorSystem  # noqa: PLC0415 - only for a terminal
    from rich.style import Style  # noqa: PLC0415 - as above

    styles = {kind: Style.parse(style) for kind, style in STYLES.items()}

    def painted(text: str, kind: str) -> str:
        shown = styles[kind].render(text, color_system=ColorSystem.STANDARD) if kind else text
        url = urls.get(text.rstrip(": ")) if kind == "rule" else None
        return f"\x1b]8;;{url}\x1b\\{shown}\x1b]8;;\x1b\\" if url else shown

    rows = (row for line in lines for row in (wrapped(line, width) if width else (line,)))
    return "".join(" " * row.indent + "".join(painted(*part) for part in row.segments).rstrip() + "\n" for row in rows)


@cache
def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 - 37 ms, only for a terminal

    return Console()


def wrapped(line: Line, width: int) -> Iterator[Line]:
    """A line as rows that fit into so many columns, broken between words where there are some."""
    from rich.cells import cell_len  # noqa: PLC0415 - only for a terminal
    from rich.text import Text  # noqa: PLC0415 - as above

    room = max(6, width - line.indent - line.hang)
    if cell_len(line.plain) <= line.indent + room:
        yield line
        return
    rows = Text.assemble(*line.segments).wrap(_console(), room, overflow="fold")
    for number, row in enumerate(rows):
        row.rstrip()
        # What a row begins with, a CI log would read as a command.
        parts = [("\\", "")] if row.plain.lstrip().startswith("::") else []
        end = 0
        for span in row.spans:
            parts += [(row.plain[end : span.start], ""), (row.plain[span.start : span.end], str(span.style))]
            end = span.end
        yield Line(line.indent + (line.hang if number else 0), (*parts, (row.plain[end:], "")))


def _lines(report: Report, *, verbose: bool, by_rule: bool) -> Iterator[Line]:
    if by_rule:
        yield from _rules(report)
    else:
        for incident in report.incidents:
            yield from _incident(incident, verbose=verbose)
            yield Line(0, ())
    yield from _fixes(report)
    yield from _managers(report)
    yield from _summary(report, verbose=verbose)


def fixes(report: Report) -> str:
    """What became of the fixes, as plain text."""
    return "".join(f"{line.plain.rstrip()}\n" for line in _fixes(report))


def _fixes(report: Report) -> Iterator[Line]:
    """What was repaired, where, by which rule; and what wasn't, and why."""
    for note in report.fixes:
        word, kind = ("kept", "warning") if note.reason else ("fixed" if note.applied else "would fix", "good")
        subject = visible(note.task or note.manager or REPOSITORY)
        word = f"{word:<8}" if len(word) < 8 else f"{word} "
        yield Line(0, ((word, kind), (subject, "subject"), ("  ", ""), (note.rule, "rule")), hang=8)
        files = ", ".join(map(visible, note.files))
        yield Line(8, ((visible(note.title), ""), ("  ", ""), (files, "place")))
        if note.reason:
            yield Line(8, (("not made: ", "dim"), (visible(note.reason, None), "")))
    for text in report.notes:
        yield Line(0, (("note    ", "dim"), (visible(text, None), "")), hang=8)
    if report.fixes:
        yield Line(0, ())


def _incident(incident: Incident, *, verbose: bool) -> Iterator[Line]:
    word = incident.severity.label
    headline = incident.headline or "signals only"
    subject = visible(incident.subject)
    yield Line(0, ((f"{word:<8}", word), (subject, "subject"), ("  ", ""), (headline, "rule")), hang=8)
    title = incident.title if incident.title != incident.subject else ""
    state = [visible(part) for part in (title, incident.status, incident.owner) if part]
    if state:
        yield Line(8, ((" · ".join(state), "dim"),))
    causes = [finding for finding in incident.findings if not finding.explained_by]
    effects = [finding for finding in incident.findings if finding.explained_by]
    for finding in causes:
        yield from _finding(finding, 2, named=finding.rule != incident.headline, evidence=True)
    if effects:
        yield Line(2, (("explains", "dim"),))
        for finding in effects:
            yield from _finding(finding, 4, named=True, evidence=verbose)
    if incident.signals:
        yield Line(2, (("signals  ", "dim"), (", ".join(_signal(note) for note in incident.signals), "")))


def _rules(report: Report) -> Iterator[Line]:
    """The findings under their rules, the rule with the most first; one line each."""
    groups: dict[str, list[tuple[Incident, Finding]]] = {}
    for incident in report.incidents:
        for finding in incident.findings:
            groups.setdefault(finding.rule, []).append((incident, finding))
    for rule, found in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield Line(0, ((rule, "rule"), (f"  {len(found)}", "dim")))
        for incident, finding in found:
            word, message = finding.level.label, visible(finding.message, None)
            yield Line(2, ((f"{word:<8}", word), (visible(incident.subject), "subject"), (f"  {message}", "")))
        yield Line(0, ())


def _finding(finding: Finding, indent: int, *, named: bool, evidence: bool) -> Iterator[Line]:
    word = finding.level.label
    name: tuple[Segment, ...] = ((f"{word} ", word), (f"{finding.rule}: ", "rule")) if named else ()
    yield Line(indent, (*name, (visible(finding.message, None), "")), hang=2)
    if not evidence:
        return
    for item in finding.evidence:
        yield Line(indent + 4, ((visible(item.saw), ""), ("  ", ""), (_where(item.place), "place")), hang=4)
    if finding.expected:
        yield Line(indent + 4, (("expected: ", "dim"), (visible(finding.expected, None), "")))
    if finding.fix:
        why = f" ({visible(finding.fix.why)})" if finding.fix.why else ""
        title = visible(finding.fix.title)
        yield Line(indent + 4, ((f"{finding.fix.safety.label} fix: ", "good"), (title, ""), (why, "dim")))


def _where(place: Place) -> str:
    """The place for people: the line will do."""
    return visible(position(replace(place, column=None)))


def _signal(note: SignalNote) -> str:
    fate = " (refuted)" if note.refuted else "" if note.explained_by else " (unexplained)"
    return f"{visible(note.signal.kind)}{fate}"


def _managers(report: Report) -> Iterator[Line]:
    for manager in report.managers:
        old = heartbeat(manager)
        beat = (f"heartbeat {old}" if old else "no heartbeat", "dim" if old and manager.fresh else "warning")
        yield Line(0, (("manager ", "dim"), (visible(manager.owner), "subject"), ("  ", ""), beat))


def tally(report: Report, *, verbose: bool = False) -> tuple[str, str]:
    """How many tasks and incidents there are; and beside it, what isn't counted among these."""
    counts = [
        f"{number} {severity.label}{'' if number == 1 else 's'}"
        for severity in sorted(Severity, reverse=True)
        if (number := report.count(severity))
    ]
    incidents = len(report.incidents)
    counted = ", ".join(counts) or "signals only"
    found = "all agree" if report.complete and not report.partial else "nothing found"
    if incidents:
        found = f"{incidents} incident{'' if incidents == 1 else 's'} ({counted})"
    if report.exit_code == EMPTY:
        found = "nothing to check"
    hidden = [f"{report.suppressed} suppressed"] if report.suppressed else []
    if report.baselined:
        hidden.append(f"{report.baselined} in the baseline")
    if report.baseline_gone:
        hidden.append(f"{report.baseline_gone} of the baseline gone (--prune-baseline drops them)")
    hidden += _repairs(report)
    rules = len({rule for rule, _ in report.skipped})
    if rules:
        hidden.append(f"{rules} rule{'' if rules == 1 else 's'} skipped{'' if verbose else ' (-v says why)'}")
    checkouts = f"{report.checkouts} checkout{'' if report.checkouts == 1 else 's'}"
    text = f"{report.tasks} task{'' if report.tasks == 1 else 's'} in {checkouts}: {found}"
    return text, f"; {', '.join(hidden)}" if hidden else ""


def _summary(report: Report, *, verbose: bool) -> Iterator[Line]:
    for error in report.errors:
        yield Line(0, (("failed  ", "error"), (f"{visible(error.where)}: {visible(error.message)}", "")))
    for notice in report.notices:
        yield Line(0, (("notice  ", "warning"), (visible(notice, None), "")), hang=8)
    for rule, reason in report.skipped if verbose else ():
        yield Line(0, (("skipped ", "dim"), (f"{rule}: {visible(reason)}", "dim")))
    text, hidden = tally(report, verbose=verbose)
    yield Line(0, ((text, "subject"), (hidden, "dim")))
    if not report.complete:
        yield Line(0, (("incomplete: what failed was not checked", "error"),))


def _repairs(report: Report) -> list[str]:
    """How many fixes were made, and how many there are."""
    told = [f"{report.fixed} fixed (taskcheck undo {report.undo})"] if report.undo else []
    safe, unsafe = report.fixable(Safety.SAFE), report.fixable(Safety.UNSAFE)
    if safe and not report.fixes:
        told.append(f"{safe} fixable with --fix" + (f", {unsafe} more with --unsafe-fixes" if unsafe else ""))
    elif unsafe:
        told.append(f"{unsafe} fixable with --fix --unsafe-fixes")
    return told
