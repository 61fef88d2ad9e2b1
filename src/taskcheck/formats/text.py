"""The report for people: one row per task, under it what is wrong, who says so, and what would mend it."""

from collections.abc import Iterable, Iterator

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import phrase
from taskcheck.formats.lines import Line, Segment, plain_text, styled
from taskcheck.formats.sanitize import visible
from taskcheck.formats.tally import tally
from taskcheck.formats.wording import heartbeat, names, not_looked_at, position, signal_fate
from taskcheck.model.finding import Finding
from taskcheck.model.report import FixNote, Incident, ManagerStatus, Report
from taskcheck.model.task import Place

BLANK = Line(0, ())

SHORTLY = 20
"""Incidents that are only seen, of which a line each is shown."""


def render(
    report: Report,
    *,
    width: int | None = None,
    verbose: bool = False,
    by_rule: bool = False,
    links: bool = False,
    steps: bool = True,
    passed: bool = False,
    colour: bool = True,
) -> str:
    """Return the report as text.

    With a width it is for a terminal of so many columns: wrapped, and in colour unless there is to be none. With links
    names of rules lead to their pages. Without steps no incident says what to do next. What passed is told
    where that is asked for.
    """
    lines = list(_lines(report, verbose=verbose, by_rule=by_rule, steps=steps))
    if passed:
        from taskcheck.formats.passes import passes

        lines += passes(report)
    lines += _summary(report, verbose=verbose)
    if width is None:
        return plain_text(lines)
    urls = {run.rule: run.url for run in report.runs if run.url} if links else {}
    return styled(lines, width, urls, colour=colour)


def summary(report: Report, *, verbose: bool = False) -> list[str]:
    """Return the closing lines without styles: what failed, what is to be noted, and the tally."""
    return [line.plain for line in _summary(report, verbose=verbose)]


def finding_text(finding: Finding) -> str:
    """Return one finding by itself, after the place that it is about; plain, without a newline at the end."""
    lines = "\n".join(line.plain.rstrip() for line in _finding(finding, 0, named=True, evidence=True))
    return f"{visible(position(finding.place))}: {lines}"


def fixes(report: Report) -> str:
    """Return what became of the fixes, as plain text."""
    return plain_text(_fixes(report))


def _lines(report: Report, *, verbose: bool, by_rule: bool, steps: bool) -> Iterator[Line]:
    if by_rule:
        yield from _rules(report)
    elif report.gated:
        yield from _of_commit(report, verbose=verbose, steps=steps)
    else:
        yield from _incidents(report.incidents, verbose=verbose, steps=steps)
    yield from _changes(report)
    yield from _fixes(report)
    for manager in report.managers:
        yield _manager(manager)
    if report.root:
        yield Line(0, (("root    ", "warning"), (visible(report.root, None), "")), hang=8)


def _changes(report: Report) -> Iterator[Line]:
    """Yield what is gone since the last look, and which incidents another finding heads."""
    if not report.changes:
        return
    from taskcheck.model.episode import Kind

    told = [each for each in report.changes if each.kind in {Kind.CLOSED, Kind.CHANGED}]
    for transition in told:
        episode = transition.episode
        is_gone = transition.kind is Kind.CLOSED
        word = ("gone    ", "good") if is_gone else ("changed ", "warning")
        was = "" if is_gone else f" (was {transition.was})"
        yield Line(0, (word, (visible(episode.subject), "subject"), ("  ", ""), (f"{episode.headline}{was}", "rule")))
    if told:
        yield BLANK


def _fixes(report: Report) -> Iterator[Line]:
    """Yield what was repaired, where, by which rule; and what wasn't, and why."""
    for note in report.fixes:
        yield from _fix_note(note)
    for text in report.notes:
        yield Line(0, (("note    ", "dim"), (visible(text, None), "")), hang=8)
    if report.fixes:
        yield BLANK


def _fix_note(note: FixNote) -> Iterator[Line]:
    word, kind = _fate(note)
    subject = visible(note.subject)
    word = f"{word:<8}" if len(word) < 8 else f"{word} "
    yield Line(0, ((word, kind), (subject, "subject"), ("  ", ""), (note.rule, "rule")), hang=8)
    files = ", ".join(map(visible, note.files))
    yield Line(8, ((visible(note.title), ""), ("  ", ""), (files, "place")))
    if note.reason:
        yield Line(8, (("not made: ", "dim"), (visible(note.reason, None), "")))


def _fate(note: FixNote) -> Segment:
    if note.reason:
        return "kept", "warning"
    return ("fixed" if note.applied else "would fix"), "good"


def _of_commit(report: Report, *, verbose: bool, steps: bool) -> Iterator[Line]:
    """Yield what stops a commit, first in a line each, then in full; and apart from it what was merely seen."""
    stopping = [incident for incident in report.incidents if any(map(report.fails, incident.findings))]
    for incident in stopping:
        for finding in filter(report.fails, incident.findings):
            told = f"{visible(incident.subject)}: {finding.rule}: {visible(finding.message, None)}"
            yield Line(0, (("stops the commit  ", "error"), (told, "")), hang=8)
    if stopping:
        yield BLANK
    yield from _incidents(stopping, verbose=verbose, steps=steps)
    yield from _seen(
        [incident for incident in report.incidents if incident not in stopping], verbose=verbose, steps=steps
    )


def _seen(incidents: list[Incident], *, verbose: bool, steps: bool) -> Iterator[Line]:
    """Yield the incidents that stop no commit: in a line each, or in full."""
    if not incidents:
        return
    how = "" if verbose else " (-v shows them in full)"
    yield Line(0, ((f"other findings, which don't stop the commit{how}:", "dim"),))
    if verbose:
        yield BLANK
        yield from _incidents(incidents, verbose=verbose, steps=steps)
        return
    yield from map(_in_short, incidents[:SHORTLY])
    if len(incidents) > SHORTLY:
        yield Line(0, ((f"  and {len(incidents) - SHORTLY} more", "dim"),))
    yield BLANK


def _in_short(incident: Incident) -> Line:
    """Return an incident in one line."""
    word = incident.severity.label
    message = visible(incident.head.message, None) if incident.head else "signals only"
    rule = f"  {incident.headline}: " if incident.headline else "  "
    return Line(
        2, ((f"{word:<8}", word), (visible(incident.subject), "subject"), (rule, "rule"), (message, "")), hang=8
    )


def _incidents(incidents: Iterable[Incident], *, verbose: bool, steps: bool) -> Iterator[Line]:
    for incident in incidents:
        yield from _incident(incident, verbose=verbose, steps=steps)
        yield BLANK


def _incident(incident: Incident, *, verbose: bool, steps: bool) -> Iterator[Line]:
    word = incident.severity.label
    headline = incident.headline or "signals only"
    subject = visible(incident.subject)
    yield Line(0, ((f"{word:<8}", word), (subject, "subject"), ("  ", ""), (headline, "rule")), hang=8)
    about = _about(incident)
    if about:
        yield Line(8, ((about, "dim"),))
    for finding in incident.causes:
        yield from _finding(finding, 2, named=finding.rule != incident.headline, evidence=True)
    if incident.effects:
        yield Line(2, (("explains", "dim"),))
    for finding in incident.effects:
        yield from _finding(finding, 4, named=True, evidence=verbose)
    if incident.signals:
        signals = ", ".join(f"{visible(note.signal.kind)}{signal_fate(note)}" for note in incident.signals)
        yield Line(2, (("signals  ", "dim"), (signals, "")))
    if steps:
        yield from _next(incident)


def _next(incident: Incident) -> Iterator[Line]:
    """Yield what to do next; a command is one line, however long, so that it can be copied."""
    from taskcheck.formats.step import next_step

    step = next_step(incident)
    yield Line(2, (("next  ", "dim"), (visible(step.text, None), "good")), hang=6, whole=bool(step.words))
    if step.beside:
        yield Line(8, ((visible(step.beside, None), "dim"),))


def _about(incident: Incident) -> str:
    """Return title, status and owner, as far as there are any."""
    title = incident.title if incident.title != incident.subject else ""
    return " · ".join(visible(part) for part in (title, incident.status, incident.owner) if part)


def _rules(report: Report) -> Iterator[Line]:
    """Yield the findings under their rules, the rule with the most first; one line each."""
    groups: dict[str, list[tuple[Incident, Finding]]] = {}
    for incident in report.incidents:
        for finding in incident.findings:
            groups.setdefault(finding.rule, []).append((incident, finding))
    for rule, found in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield Line(0, ((rule, "rule"), (f"  {len(found)}", "dim")))
        for incident, finding in found:
            word = finding.level.label
            message = visible(finding.message, None)
            subject = visible(incident.subject)
            column = () if names(message, subject) else ((f"{subject}  ", "subject"),)
            yield Line(2, ((f"{word:<8}", word), *column, (message, "")))
        yield BLANK


def _finding(finding: Finding, indent: int, *, named: bool, evidence: bool) -> Iterator[Line]:
    word = finding.level.label
    name: tuple[Segment, ...] = ((f"{word} ", word), (f"{finding.rule}: ", "rule")) if named else ()
    yield Line(indent, (*name, (visible(finding.message, None), "")), hang=2)
    if evidence:
        yield from _evidence(finding, indent + 4)


def _evidence(finding: Finding, indent: int) -> Iterator[Line]:
    """Yield who says so, what is expected instead, and what would mend it."""
    for item in finding.evidence:
        yield Line(indent, ((visible(item.saw), ""), ("  ", ""), (_where(item.place), "place")), hang=4)
    if finding.expected:
        yield Line(indent, (("expected: ", "dim"), (visible(finding.expected, None), "")))
    if finding.fix:
        why = phrase(" (", visible(finding.fix.why), ")")
        title = visible(finding.fix.title)
        yield Line(indent, ((f"{finding.fix.safety.label} fix: ", "good"), (title, ""), (why, "dim")))


def _where(place: Place) -> str:
    """Return the place for people: the line will do."""
    return visible(position(replace(place, column=None)))


def _manager(manager: ManagerStatus) -> Line:
    old = heartbeat(manager)
    told = f"heartbeat {old}" if old else "no heartbeat"
    kind = "dim" if old and manager.fresh else "warning"
    return Line(0, (("manager ", "dim"), (visible(manager.owner), "subject"), ("  ", ""), (told, kind)))


def _blind_spots(report: Report) -> Iterator[Line]:
    """Yield the rules that could not look at all, and what others could not tell, by name."""
    for run in report.runs:
        if run.skipped is not None:
            yield Line(0, (("skipped ", "dim"), (f"{run.rule}: {visible(run.skipped)}", "dim")))
    for subject, rule, reason in report.undecided:
        yield Line(0, (("unsure  ", "dim"), (f"{visible(str(subject))}: {rule}: {visible(reason)}", "dim")), hang=8)


def _summary(report: Report, *, verbose: bool) -> Iterator[Line]:
    for error in report.errors:
        yield Line(0, (("failed  ", "error"), (f"{visible(error.where)}: {visible(error.message)}", "")))
    for notice in report.notices:
        yield Line(0, (("notice  ", "warning"), (visible(notice, None), "")), hang=8)
    unseen = not_looked_at(report)
    if unseen is not None:
        yield Line(0, (("unseen  ", "warning"), (visible(unseen, None), "")), hang=8)
    if verbose:
        yield from _blind_spots(report)
    text, beside = tally(report, verbose=verbose)
    yield Line(0, ((text, "subject"), (beside, "dim")))
    if not report.complete:
        yield Line(0, (("incomplete: the parts that failed were not checked", "error"),))
