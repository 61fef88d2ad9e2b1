"""What the last look saw as metrics in Prometheus' text format, by its own client library."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from taskcheck.model.fleet import Member
from taskcheck.model.report import ManagerStatus, Report
from taskcheck.report.history import plain
from taskcheck.watch.looks import Sight

SIGNALS = "signals"
"""In the place of the rule for rows in which nothing but raw signals speak."""


class _Stand:
    """What is known of one store."""

    def __init__(self) -> None:
        self.report: Report | None = None
        self.is_seen = False
        """Whether the report is what there is now."""
        self.took: float | None = None
        self.looks = 0
        self.repairs = 0


class Looked(Collector):
    """What there is to tell of the last look at each store; a scrape gets it as it is at that moment."""

    def __init__(self, stores: Iterable[str] = ("",)) -> None:
        """Take what the stores are called."""
        self._stands = {plain(store): _Stand() for store in stores}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def see(self, sight: Sight, store: str = "", repairs: int = 0) -> None:
        """Take a look at a store; where it brought no report, what the last one said goes on to be told, with its time.

        Args:
            sight: the look.
            store: what the store is called.
            repairs: findings that were repaired since the process began.
        """
        stand = self._stands.setdefault(plain(store), _Stand())
        stand.report = sight.report or stand.report
        stand.is_seen = sight.report is not None
        stand.took = sight.took
        stand.looks += 1
        stand.repairs = repairs

    def see_member(self, member: Member, now: datetime, repairs: int = 0) -> None:
        """Take a look at a store of a fleet, or what another machine reports of one."""
        stand = self._stands.setdefault(plain(member.name), _Stand())
        stand.report = member.report
        stand.is_seen = not (member.trouble or member.lateness(now))
        stand.took = None if member.is_received else member.took
        stand.looks = member.looks
        stand.repairs = repairs

    def text(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self._registry)

    @property
    def registry(self) -> CollectorRegistry:
        """What a server of the client library tells from."""
        return self._registry

    def describe(self) -> Iterable[Metric]:
        """Return nothing: which metrics there are, looks tell."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what is known."""
        looks = CounterMetricFamily("taskcheck_looks", "Checks of the store.", labels=["store"])
        repairs = CounterMetricFamily("taskcheck_repairs", "Findings that this process has fixed.", labels=["store"])
        took = _gauge("taskcheck_look_duration_seconds", "Duration of the last check of the store.")
        for store, stand in self._stands.items():
            looks.add_metric([store], stand.looks)
            repairs.add_metric([store], stand.repairs)
            if stand.took is not None:
                took.add_metric([store], stand.took)
        yield looks
        yield repairs
        if took.samples:
            yield took
        yield from _of(self._stands)


def _of(stands: Mapping[str, _Stand]) -> Iterator[Metric]:
    """Yield what the reports say of the stores that have one."""
    seen_at = _gauge("taskcheck_last_look_timestamp_seconds", "Time of the last successful check of the store.")
    complete = _gauge("taskcheck_complete", "Whether the last check could judge everything.")
    incidents = _gauge("taskcheck_incidents", "Incidents by the rule of their headline.", "rule", "severity")
    workers = _gauge("taskcheck_workers", "Open tasks at work, by the state of their newest run.", "state")
    tasks = _gauge("taskcheck_tasks", "Tasks by class of status.", "class")
    ages = _gauge("taskcheck_heartbeat_age_seconds", "Age of a manager's heartbeat at the last check.", "manager")
    fresh = _gauge("taskcheck_heartbeat_fresh", "Whether a manager's heartbeat is fresh.", "manager")
    reported = [(store, stand.report, stand.is_seen) for store, stand in stands.items() if stand.report is not None]
    for store, report, is_seen in reported:
        seen_at.add_metric([store], report.now.timestamp())
        complete.add_metric([store], float(report.complete and is_seen))
        _count(incidents, store, ((each.headline or SIGNALS, each.severity.label) for each in report.incidents))
        _count(workers, store, ((work.run or "unrecorded",) for work in report.at_work))
        for name, count in sorted(report.classes.items()):
            tasks.add_metric([store, plain(name)], count)
        _add_heartbeats(ages, fresh, store, report.managers)
    if reported:
        yield from (seen_at, complete, incidents, workers, tasks, ages, fresh)


def _add_heartbeats(
    ages: GaugeMetricFamily, fresh: GaugeMetricFamily, store: str, managers: Iterable[ManagerStatus]
) -> None:
    """Add how old the heartbeats of managers are; of one that has none, that it isn't fresh."""
    for manager in managers:
        name = plain(manager.owner)
        fresh.add_metric([store, name], float(manager.fresh))
        if manager.snapshot_age_seconds is not None:
            ages.add_metric([store, name], manager.snapshot_age_seconds)


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, labels=["store", *labels])


def _count(family: GaugeMetricFamily, store: str, kinds: Iterable[tuple[str, ...]]) -> None:
    """Add how many of each kind there are."""
    for values, count in sorted(Counter(kinds).items()):
        family.add_metric([store, *map(plain, values)], count)
