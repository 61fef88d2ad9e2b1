"""What the operator's view says, on a terminal as in a browser: its rows in their order, and its words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, iso, phrase
from taskcheck.formats.step import next_step
from taskcheck.formats.wording import ANSWERED, heartbeat as heartbeat_age
from taskcheck.model.report import Incident, ManagerStatus, Report, SignalNote
from taskcheck.model.step import Step
from taskcheck.model.waiting import Waiting
from taskcheck.model.work import Work

QUEUES = {Stage.REVIEW: "in review", Stage.STOPPED: "stopped", Stage.READY: "ready"}
"""How tasks of a class wait, in words."""


@frozen
class Row:
    """One incident as a view shows it."""

    incident: Incident
    quiet: timedelta | None
    """How long nothing has moved; None where nothing tells."""
    step: Step
    """What to do next."""


def rows(report: Report) -> list[Row]:
    """Return what needs a look: what holds up most others first, then by severity, then by name."""
    found = []
    for incident in sorted(report.incidents, key=_order):
        found.append(Row(incident, _quiet(incident, report), next_step(incident)))
    return found


def _order(incident: Incident) -> tuple[int, int, bool, str]:
    return -incident.blocks, -incident.severity, incident.headline is None, incident.subject


def headline(incident: Incident) -> str:
    """The rule that heads an incident, or that only signals speak."""
    return incident.headline or "signals only"


def told(note: SignalNote) -> list[str]:
    """Return what there is to say of a raw signal: how loud, whose, since when, what became of it, its own words."""
    signal = note.signal
    at = iso(signal.at) if signal.at else None
    parts = (signal.level, f"from {signal.manager}", at, _fate(note), signal.detail)
    return [part for part in parts if part]


def _fate(note: SignalNote) -> str:
    """Return what became of a raw signal."""
    if not note.refuted and note.explained_by is None:
        return ANSWERED if note.signal.answered else "unexplained"
    refuted = ["refuted"] if note.refuted else []
    explained = [f"explained by {note.explained_by}"] if note.explained_by else []
    return ", ".join((*refuted, *explained))


def heartbeat(manager: ManagerStatus) -> tuple[str, str]:
    """Return how old a manager's heartbeat is, in words, and whether that is good."""
    old = heartbeat_age(manager)
    if old is None:
        return "none", "warning"
    return (f"{old}, fresh", "good") if manager.fresh else (f"{old}, stale", "warning")


def waited(waiting: Waiting, report: Report) -> str:
    """How long a task has waited for a person, and why, as far as ledgers tell: `` (3d 4h, no key)``."""
    long = age(max(report.now - waiting.since, timedelta())) if waiting.since is not None else ""
    told = ", ".join(filter(None, (long, waiting.reason)))
    return phrase(" (", told, ")")


def workers(manager: ManagerStatus) -> str:
    """Return how many of a manager's workers live, in words."""
    if manager.entries is None:
        return "no register"
    registered = f"{manager.entries} registered"
    if manager.workers is None:
        return registered
    return f"{manager.workers} live of {registered}"


def worker(work: Work) -> str:
    """Return who is at work on a task, in words: its process, else why its worker counts as living, if it does."""
    if work.run is None:
        return "no run recorded"
    if work.pid is not None:
        return f"process {work.pid}{phrase(' on ', work.host)}"
    return work.evidence if work.run == "running" else "worker unknown"


def since(work: Work, report: Report) -> str:
    """Return for how long somebody has been at work, in words; empty where nothing tells."""
    return f"for {_ago(work.since, report)}" if work.since is not None else ""


def sign(work: Work, report: Report) -> str:
    """Return how long ago the last sign of work was, in words."""
    return f"sign {_ago(work.moved, report)} ago" if work.moved is not None else "no sign"


def stands(incident: Incident, report: Report) -> Iterator[str]:
    """Yield since when an incident stands by what is recorded, how often it was seen, and that it came back."""
    episode = incident.episode
    if episode is None:
        return
    yield f"open for {_ago(episode.first, report)}"
    yield f"seen {times(episode.looks)}"
    if episode.reopened:
        yield f"reopened {times(episode.reopened)}"


def times(number: int) -> str:
    """Return how often something happened, in words."""
    return "once" if number == 1 else f"{number} times"


def traces(work: Work) -> Iterator[str]:
    """Yield the title of a task at work where it isn't its id, and where its worktree, its branch and its log are."""
    if work.title != work.task:
        yield work.title
    where = (("worktree", work.worktree), ("branch", work.branch), ("log", work.log))
    told = [f"{name} {text}" for name, text in where if text]
    if told:
        yield " · ".join(told)


def _ago(moment: datetime, report: Report) -> str:
    """Return how long ago a moment was; of one that lies ahead, nothing less than that it is now."""
    return age(max(report.now - moment, timedelta()))


def _quiet(incident: Incident, report: Report) -> timedelta | None:
    """Return how long nothing has moved; never less than nothing, whatever a clock says."""
    if incident.moved_at is None:
        return None
    return max(report.now - incident.moved_at, timedelta())
