"""Tasks that wait for a person, and since when."""

from collections.abc import Iterable
from datetime import datetime

from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import frozen

LONGEST = 5
"""Of each class so many are named: those that have waited longest."""


@frozen(kw_only=True)
class Waiting:
    """An open task that nobody is working on."""

    task: str
    title: str
    owner: str | None
    status: str
    stage: Stage
    """In review, stopped, or ready and never picked up."""
    since: datetime | None
    """The newest sign of work on it; None where nothing tells."""
    reason: str | None = None
    """Why it is blocked or failed, in the words of who ended its run."""


@frozen(kw_only=True)
class Queue:
    """All tasks of one class that wait."""

    stage: Stage
    all: tuple[Waiting, ...]
    """Those that have waited longest first; of which nobody knows since when, last."""
    unnamed: int = 0
    """How many more wait that the report from which it was read doesn't name."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.all) + self.unnamed

    @property
    def longest(self) -> tuple[Waiting, ...]:
        """The first few."""
        return self.all[:LONGEST]


def queues(waiting: Iterable[Waiting]) -> tuple[Queue, ...]:
    """Return the tasks that wait by class, in the order of the classes; none for a class that nothing waits in."""
    by_stage: dict[Stage, list[Waiting]] = {}
    for each in waiting:
        by_stage.setdefault(each.stage, []).append(each)
    found = []
    for stage in (Stage.REVIEW, Stage.STOPPED, Stage.READY):
        tasks = sorted(by_stage.get(stage, ()), key=_longest_first)
        if tasks:
            found.append(Queue(stage=stage, all=tuple(tasks)))
    return tuple(found)


def _longest_first(waiting: Waiting) -> tuple[bool, float, str]:
    """Return a key that sorts by since when something waits."""
    since = waiting.since.timestamp() if waiting.since is not None else 0.0
    return waiting.since is None, since, waiting.task
