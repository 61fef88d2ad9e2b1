"""The report as Markdown for a pull request's comment or a job's summary: a row per task, details to unfold."""

from collections.abc import Iterable, Iterator

from taskcheck.formats import wording
from taskcheck.formats.sanitize import code, html, markdown
from taskcheck.formats.text import position, tally
from taskcheck.model.finding import Finding
from taskcheck.model.report import (
    Incident,
    ManagerStatus,
    Report,
    SignalNote,
)

MAX_LENGTH = 65_536
"""Characters of a comment on GitHub."""

NOTICES = 500
"""Characters kept for saying what was left out."""

HEAD = ("| | task | what is wrong | owner · status | what to do |", "|---|---|---|---|---|")


def render(report: Report) -> str:
    """The summary, the table, the details; of what a comment can't hold the least severe is left out, and said."""
    urls = {run.rule: run.url for run in report.runs}
    room = MAX_LENGTH - NOTICES
    errors = [f"- **failed** {markdown(error.where)}: {markdown(error.message)}" for error in report.errors]
    errors += [f"- **notice** {markdown(notice, None)}" for notice in report.notices]
    head = [f"### taskcheck: {markdown(''.join(tally(report)), None)}", ""]
    head += [*_fitting(errors, len(errors), room // 8, "- {} more failures don't fit here"), ""]
    managers = map(_manager, report.managers)
    foot = _fitting(managers, len(report.managers), room // 8, "- {} more managers don't fit here")
    room -= _length(head) + _length(foot)
    number = len(report.incidents)
    rows = (_row(incident, urls) for incident in report.incidents)
    table = _fitting(rows, number, room // 2, "\n{} more incidents don't fit here, none of them worse")
    if table:
        table = [*HEAD, *table, ""]
    details = ("\n".join(_details(incident, urls)) for incident in report.incidents)
    folds = _fitting(details, number, room - _length(table), "The details of {} incidents don't fit here.\n")
    return "\n".join([*head, *table, *folds, *foot]).rstrip() + "\n"


def _fitting(texts: Iterable[str], number: int, room: int, left_out: str) -> list[str]:
    """The first of so many texts, as many as have room, and how many are left out."""
    kept: list[str] = []
    for text in texts:
        room -= len(text) + 1
        if room < 0:
            return [*kept, left_out.format(number - len(kept))]
        kept.append(text)
    return kept


def _length(texts: Iterable[str]) -> int:
    return sum(len(text) + 1 for text in texts)


def _row(incident: Incident, urls: dict[str, str | None]) -> str:
    wrong = "signals only: " + ", ".join(map(_signal, incident.signals))
    todo = "look at the signals"
    if head := next((f for f in incident.findings if f.rule == incident.headline), None):
        wrong = f"{_rule(head.rule, urls)}: {markdown(head.message, 200)}"
        todo = f"see to: {markdown(head.expected, 200)}" if head.expected else ""
    if safeties := wording.remedies(incident):
        todo = code(wording.fix_command(incident, safeties[0]), None)
    state = " · ".join(code(part) for part in (incident.owner, incident.status) if part)
    return f"| {incident.severity.label} | {code(incident.subject)} | {wrong} | {state} | {todo} |"


def _details(incident: Incident, urls: dict[str, str | None]) -> Iterator[str]:
    name = f"<code>{html(incident.subject)}</code>"
    yield f"<details><summary>{incident.severity.label} {name} {incident.headline or 'signals only'}</summary>"
    yield ""
    if incident.title != incident.subject:
        yield f"Title: {markdown(incident.title)}"
        yield ""
    for finding in incident.findings:
        yield from _finding(finding, urls)
    if incident.signals:
        yield f"- signals: {', '.join(map(_signal, incident.signals))}"
    yield ""
    for safety in wording.remedies(incident):
        shown, made = (code(wording.fix_command(incident, safety, verb), None) for verb in ("--diff", "--fix"))
        yield f"The {safety.label} repair: {shown} shows it, {made} makes it."
        yield ""
    yield "</details>"
    yield ""


def _finding(finding: Finding, urls: dict[str, str | None]) -> Iterator[str]:
    cause = f" (explained by {finding.explained_by})" if finding.explained_by else ""
    rule = _rule(finding.rule, urls)
    yield f"- **{finding.level.label}** {rule}: {markdown(finding.message, None)}{cause}"
    for item in finding.evidence:
        yield f"  - {code(position(item.place))} says: {markdown(item.saw)}"
    if finding.expected:
        yield f"  - expected: {markdown(finding.expected, None)}"
    if finding.fix:
        doubt = f" ({markdown(finding.fix.why)})" if finding.fix.why else ""
        yield f"  - {finding.fix.safety.label} fix: {markdown(finding.fix.title)}{doubt}"


def _rule(name: str, urls: dict[str, str | None]) -> str:
    url = urls.get(name)
    return f"[{name}]({url})" if url else name


def _signal(note: SignalNote) -> str:
    fate = " (refuted)" if note.refuted else "" if note.explained_by else " (unexplained)"
    return f"{code(note.signal.kind)}{fate}"


def _manager(manager: ManagerStatus) -> str:
    name = f"- manager {code(manager.owner)}:"
    old = wording.heartbeat(manager)
    return f"{name} heartbeat {old}" + ("" if manager.fresh else ", **stale**") if old else f"{name} no heartbeat"
