"""Narrows the operator's view to tasks of some statuses, and to incidents of some rules."""

from collections.abc import Iterator
from itertools import chain

from taskcheck.config.settings import Settings, Stage
from taskcheck.config.suggest import did_you_mean
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.report import Incident, Report
from taskcheck.model.waiting import Waiting, queues
from taskcheck.model.work import Work
from taskcheck.report.build import concluded


class UnknownStatus(ValueError):
    """A word that is neither a status of the store nor a class of statuses; the message says which there are."""


@frozen(kw_only=True)
class Only:
    """What of a report is to be seen; everything, as it is."""

    statuses: frozenset[str] = frozenset()
    """Without case; empty for all."""
    rules: frozenset[str] = frozenset()
    """Empty for all."""

    @classmethod
    def of_words(cls, words: tuple[str, ...], rules: frozenset[str], settings: Settings) -> "Only":
        """Return what some words for statuses mean: a status, or a class of them such as ``review``.

        Raises:
            UnknownStatus: one is neither.
        """
        statuses: set[str] = set()
        for word in words:
            statuses.update(status.casefold() for status in _meant(word, settings))
        return cls(statuses=frozenset(statuses), rules=rules)

    def of(self, report: Report) -> Report:
        """Return the report about what is to be seen, with the exit code of what that is.

        Where rules are named, it is about incidents alone.
        """
        if not self.statuses and not self.rules:
            return report
        kept = replace(report, incidents=tuple(filter(self._means, report.incidents)), partial=True)
        waiting = chain.from_iterable(queue.all for queue in report.waiting)
        kept = replace(
            kept, at_work=tuple(filter(self._shows, report.at_work)), waiting=queues(filter(self._shows, waiting))
        )
        return concluded(kept, kept.verdict)

    def _shows(self, task: Work | Waiting) -> bool:
        """Return whether a task at work, or one that waits, is to be seen."""
        return not self.rules and self._is_status(task.status)

    def _means(self, incident: Incident) -> bool:
        """Return whether an incident is to be seen: it has a finding of one of the rules, on a task of a status."""
        if self.rules and self.rules.isdisjoint(finding.rule for finding in incident.findings):
            return False
        return self._is_status(incident.status)

    def _is_status(self, status: str | None) -> bool:
        """Return whether tasks of a status are to be seen."""
        return not self.statuses or (status or "").casefold() in self.statuses


def _meant(word: str, settings: Settings) -> Iterator[str]:
    """Yield the statuses that a word means.

    Raises:
        UnknownStatus: it means none.
    """
    if settings.knows(word):
        yield word
        return
    stages = {stage.value: stage for stage in Stage}
    stage = stages.get(word.casefold())
    if stage is None:
        known = dict.fromkeys((*settings.statuses, *stages))
        raise UnknownStatus(f"no status and no class of statuses is named {word!r}{did_you_mean(word, known)}")
    yield from settings.words(stage)
