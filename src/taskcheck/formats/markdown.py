"""The report as Markdown for a pull request's comment or a job's summary: a row per task, details to unfold."""

from collections.abc import Iterable, Iterator

from taskcheck.documents.values import phrase
from taskcheck.formats import wording
from taskcheck.formats.sanitize import code, html, markdown
from taskcheck.formats.step import next_step
from taskcheck.formats.tally import tally
from taskcheck.formats.wording import position
from taskcheck.model.finding import Finding
from taskcheck.model.report import Incident, ManagerStatus, Report, SignalNote

MAX_LENGTH = 65_536
"""Characters of a comment on GitHub."""

NOTICES = 500
"""Characters kept for saying what was left out."""

HEAD = ("| | task | what is wrong | owner · status | what to do |", "|---|---|---|---|---|")


def render(report: Report) -> str:
    """Return summary, table and details; of what a comment can't hold the least severe is left out, and said."""
    urls = {run.rule: run.url for run in report.runs}
    room = MAX_LENGTH - NOTICES
    head = _head(report, room // 8)
    foot = _foot(report, room // 8)
    room -= _length(head) + _length(foot)
    table = _table(report, urls, room // 2)
    room -= _length(table)
    details = ("\n".join(_details(incident, urls)) for incident in report.incidents)
    left_out = "The details of {} incidents don't fit here.\n"
    folds = _fitting(details, len(report.incidents), room, left_out)
    return "\n".join([*head, *table, *folds, *foot]).rstrip() + "\n"


def _head(report: Report, room: int) -> list[str]:
    """Return the summary, and what failed."""
    title = f"### taskcheck: {markdown(''.join(tally(report)), None)}"
    notes = [f"- **failed** {markdown(error.where)}: {markdown(error.message)}" for error in report.errors]
    unseen = wording.not_looked_at(report)
    if unseen is not None:
        notes.append(f"- **not looked at** {markdown(unseen, None)}")
    notes += [f"- **root** {markdown(report.root, None)}"] if report.root else []
    notes += [f"- **notice** {markdown(notice, None)}" for notice in report.notices]
    return [title, "", *_fitting(notes, len(notes), room, "- {} more failures don't fit here"), ""]


def _foot(report: Report, room: int) -> list[str]:
    """Return how fresh the managers' heartbeats are."""
    managers = map(_manager, report.managers)
    return _fitting(managers, len(report.managers), room, "- {} more managers don't fit here")


def _table(report: Report, urls: dict[str, str | None], room: int) -> list[str]:
    """Return a row per incident, under its heading; nothing where there is none."""
    rows = (_row(incident, urls) for incident in report.incidents)
    left_out = "\n{} more incidents don't fit here, none of them worse"
    table = _fitting(rows, len(report.incidents), room, left_out)
    return [*HEAD, *table, ""] if table else []


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
    state = " · ".join(code(part) for part in (incident.owner, incident.status) if part)
    wrong, todo = _wrong(incident, urls), _todo(incident)
    return f"| {incident.severity.label} | {code(incident.subject)} | {wrong} | {state} | {todo} |"


def _wrong(incident: Incident, urls: dict[str, str | None]) -> str:
    head = incident.head
    if head is None:
        return "signals only: " + ", ".join(map(_signal, incident.signals))
    return f"{_rule(head.rule, urls)}: {markdown(head.message, 200)}"


def _todo(incident: Incident) -> str:
    """Return what to do next: a command as code, or a sentence; and what goes with it."""
    step = next_step(incident)
    told = code(step.text, None) if step.words else markdown(step.text, None)
    return f"{told} ({markdown(step.beside, None)})" if step.beside else told


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
    cause = phrase(" (explained by ", finding.explained_by, ")")
    rule = _rule(finding.rule, urls)
    yield f"- **{finding.level.label}** {rule}: {markdown(finding.message, None)}{cause}"
    for item in finding.evidence:
        yield f"  - {code(position(item.place))} says: {markdown(item.saw)}"
    if finding.expected:
        yield f"  - expected: {markdown(finding.expected, None)}"
    if finding.fix:
        doubt = phrase(" (", markdown(finding.fix.why), ")")
        yield f"  - {finding.fix.safety.label} fix: {markdown(finding.fix.title)}{doubt}"


def _rule(name: str, urls: dict[str, str | None]) -> str:
    url = urls.get(name)
    return f"[{name}]({url})" if url else name


def _signal(note: SignalNote) -> str:
    return f"{code(note.signal.kind)}{wording.signal_fate(note)}"


def _manager(manager: ManagerStatus) -> str:
    name = f"- manager {code(manager.owner)}:"
    old = wording.heartbeat(manager)
    if old is None:
        return f"{name} no heartbeat"
    stale = "" if manager.fresh else ", **stale**"
    return f"{name} heartbeat {old}{stale}"
