"""What the last look saw as metrics in Prometheus' text format, by its own client library."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from taskcheck.model.report import ManagerStatus, Report
from taskcheck.report.history import plain
from taskcheck.watch.looks import Sight

SIGNALS = "signals"
"""In the place of the rule for rows in which nothing but raw signals speak."""


class Looked(Collector):
    """What there is to tell of the last look; a scrape gets it as it is at that moment."""

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._report: Report | None = None
        self._looks = 0
        self.repairs = 0
        """Findings that were repaired since the process began."""
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def see(self, sight: Sight) -> None:
        """Take a look; where it brought no report, what the last one said goes on to be told, with its time."""
        self._sight = sight
        self._report = sight.report or self._report
        self._looks += 1

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
        looks = CounterMetricFamily("taskcheck_looks", "Looks at the store.")
        looks.add_metric([], self._looks)
        yield looks
        repairs = CounterMetricFamily("taskcheck_repairs", "Findings that this process has repaired.")
        repairs.add_metric([], self.repairs)
        yield repairs
        if self._sight is not None:
            yield _gauge("taskcheck_look_duration_seconds", "How long the last look took.", self._sight.took)
        if self._report is not None:
            yield from _of(self._report, failed=self._sight is None or self._sight.report is None)


def _of(report: Report, *, failed: bool) -> Iterator[Metric]:
    """Yield what a report says; failed where there was no report since."""
    is_whole = report.complete and not failed
    yield _gauge("taskcheck_last_look_timestamp_seconds", "When the store was last seen.", report.now.timestamp())
    yield _gauge("taskcheck_complete", "Whether the last look could judge all that was asked.", float(is_whole))
    incidents: Counter[tuple[str, ...]] = Counter(
        (each.headline or SIGNALS, each.severity.label) for each in report.incidents
    )
    yield _counted("taskcheck_incidents", "Incidents by the rule that heads them.", ("rule", "severity"), incidents)
    workers: Counter[tuple[str, ...]] = Counter((work.run or "unrecorded",) for work in report.at_work)
    yield _counted("taskcheck_workers", "Open tasks at work, by how their newest run stands.", ("state",), workers)
    classes: dict[tuple[str, ...], int] = {(name,): count for name, count in report.classes.items()}
    yield _counted("taskcheck_tasks", "Tasks by class of status.", ("class",), classes)
    yield from _heartbeats(report.managers)


def _heartbeats(managers: Iterable[ManagerStatus]) -> Iterator[Metric]:
    """Yield how old the heartbeats of managers are; of one that has none, that it isn't fresh."""
    ages = GaugeMetricFamily(
        "taskcheck_heartbeat_age_seconds", "How old a manager's heartbeat was at the last look.", labels=["manager"]
    )
    fresh = GaugeMetricFamily(
        "taskcheck_heartbeat_fresh", "Whether a manager's heartbeat is as new as it has to be.", labels=["manager"]
    )
    for manager in managers:
        name = plain(manager.owner)
        fresh.add_metric([name], float(manager.fresh))
        if manager.snapshot_age_seconds is not None:
            ages.add_metric([name], manager.snapshot_age_seconds)
    yield ages
    yield fresh


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _counted(name: str, about: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> Metric:
    """Return how many of each kind there are."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric([plain(value) for value in values], count)
    return family
