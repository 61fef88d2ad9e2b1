"""What became of incidents from one look to the next, and what that adds up to; nothing here reads or writes."""

from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.episode import Episode, Key, Kind, Repair, Transition
from taskcheck.model.finding import Finding
from taskcheck.model.report import EMPTY, Incident, Report
from taskcheck.report.build import concluded

if TYPE_CHECKING:
    from taskcheck.model.cases import RuleRun

Past = Callable[[Key], Iterable[Episode]]
"""Gives the earlier incidents of a subject that are closed."""

LONGEST = 500
"""Characters of a text that are kept."""


@frozen(kw_only=True)
class Followed:
    """How the incidents are after a look."""

    episodes: tuple[Episode, ...]
    """Those that have changed in any way, the closed ones too."""
    transitions: tuple[Transition, ...]


def follow(standing: Iterable[Episode], report: Report, past: Past, repairs: Iterable[Repair] = ()) -> Followed:
    """Return what a look makes of the incidents that stood before it.

    Whatever the look couldn't judge stays as it was: not seen again, and not closed.

    Args:
        standing: the incidents that stand.
        report: what was found, about the whole store.
        past: gives what was closed before.
        repairs: fixes that were made, in order.
    """
    before = {episode.key: episode for episode in standing}
    seen = {_key(incident): incident for incident in report.incidents if incident.head is not None}
    doubts = Doubts(report)
    episodes: list[Episode] = []
    transitions: list[Transition] = []
    for key, incident in seen.items():
        known = before.get(key)
        if known is None:
            followed = _begun(incident, report.now, past)
        else:
            followed = _seen_again(known, incident, report.now, doubts)
        episodes.append(followed.episode)
        if followed.transition is not None:
            transitions.append(followed.transition)
    made = list(repairs)
    for key, known in before.items():
        if key not in seen and not doubts.about(known):
            closed = replace(known, closed=report.now, repair=_closing(known, made))
            episodes.append(closed)
            transitions.append(Transition(kind=Kind.CLOSED, at=report.now, episode=closed))
    return Followed(episodes=tuple(episodes), transitions=tuple(transitions))


@frozen
class _Step:
    """One incident after a look."""

    episode: Episode
    transition: Transition | None


def _begun(incident: Incident, now: datetime, past: Past) -> _Step:
    """Return an incident that wasn't there at the look before."""
    episode = _episode(incident, now)
    prints = {fingerprint for fingerprint, _ in episode.findings}
    earlier = 0
    for each in past(episode.key):
        earlier += any(fingerprint in prints for fingerprint, _ in each.findings)
    episode = replace(episode, reopened=earlier)
    kind = Kind.REOPENED if earlier else Kind.OPENED
    return _Step(episode, Transition(kind=kind, at=now, episode=episode))


def _seen_again(known: Episode, incident: Incident, now: datetime, doubts: "Doubts") -> _Step:
    """Return an incident that stood before; its headline stays where the look couldn't judge that."""
    fresh = _episode(incident, now)
    again = replace(fresh, first=known.first, looks=known.looks + 1, reopened=known.reopened, id=known.id)
    if fresh.fingerprint == known.fingerprint:
        return _Step(again, None)
    if doubts.about_rule(known.headline, known.subject):
        kept = replace(
            again,
            headline=known.headline,
            fingerprint=known.fingerprint,
            message=known.message,
            findings=((known.fingerprint, known.headline), *again.findings),
        )
        return _Step(kept, None)
    return _Step(again, Transition(kind=Kind.CHANGED, at=now, episode=again, was=known.headline))


def _episode(incident: Incident, now: datetime) -> Episode:
    """Return an incident as it is first seen."""
    head = incident.findings[0]
    task, manager = _key(incident)
    return Episode(
        task=task,
        manager=manager,
        title=plain(incident.title),
        owner=plain(incident.owner) if incident.owner else None,
        severity=incident.severity.label,
        headline=head.rule,
        fingerprint=head.fingerprint,
        message=plain(head.message),
        findings=tuple((finding.fingerprint, finding.rule) for finding in incident.findings),
        first=now,
        last=now,
    )


def _key(incident: Incident) -> Key:
    """Return what an incident is about, as the record names it."""
    task = incident.task
    manager = incident.manager
    return (plain(task) if task else None), (plain(manager) if manager else None)


def plain(text: str) -> str:
    """Return a text of bounded length that any file can hold: what is no text is spelled out."""
    return text[:LONGEST].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _closing(episode: Episode, repairs: Iterable[Repair]) -> str | None:
    """Return the newest fix since an incident was last seen that settled a finding of it; None where none did."""
    rules = {rule for _, rule in episode.findings}
    name = None
    for repair in repairs:
        settles = any(rule in rules and subject == episode.subject for rule, subject in repair.about)
        if settles and repair.at >= episode.last:
            name = repair.name
    return name


class Doubts:
    """What a look couldn't judge."""

    def __init__(self, report: Report) -> None:
        self._runs: Mapping[str, RuleRun] = {run.rule: run for run in report.runs}
        self._is_blind = not report.complete or report.exit_code == EMPTY

    def about(self, episode: Episode) -> bool:
        """Return whether an incident that wasn't seen may still be there."""
        return any(self.about_rule(rule, episode.subject) for _, rule in episode.findings)

    def about_rule(self, rule: str, subject: str) -> bool:
        """Return whether a rule couldn't tell of a subject, or nothing could be told at all.

        That a forge might have added something is no doubt: else no task with a pull request would ever be closed by
        looks that ask none.
        """
        if self._is_blind:
            return True
        run = self._runs.get(rule)
        if run is None:
            return False
        if run.skipped is not None and run.skipped in run.untold.values():
            return True
        return any(plain(case.subject.group) == subject for case in run.undecided)


def only_changed(report: Report, before: Iterable[Episode], transitions: Iterable[Transition]) -> Report:
    """Return the report of what is new or changed since the look before; only findings that are new can make it fail.

    Args:
        report: about the whole store.
        before: the incidents that stood at the look before.
        transitions: what became of them.
    """
    changed = {transition.episode.key for transition in transitions}
    known = {fingerprint for episode in before for fingerprint, _ in episode.findings}
    incidents = []
    for incident in report.incidents:
        told = replace(incident, findings=tuple(_weighed(finding, known) for finding in incident.findings))
        has_news = any(finding.fingerprint not in known for finding in incident.findings)
        if has_news or _key(incident) in changed:
            incidents.append(told)
    narrowed = replace(report, incidents=tuple(incidents), changes=tuple(transitions), partial=True, chosen=True)
    return concluded(narrowed, report.verdict, fixes=report.fixes, notes=report.notes, undo=report.undo)


def _weighed(finding: Finding, known: Container[str]) -> Finding:
    """Return a finding, which can't make a run fail where it was known."""
    return replace(finding, advisory=True) if finding.fingerprint in known else finding


def with_record(report: Report, standing: Iterable[Episode]) -> Report:
    """Return the report with what is recorded of its incidents."""
    known = {episode.key: episode for episode in standing}
    if not known:
        return report
    incidents = []
    for incident in report.incidents:
        incidents.append(replace(incident, episode=known.get(_key(incident))))
    return replace(report, incidents=tuple(incidents))
