"""What tests have counted, added up over all of them and all workers, in the last lines of a run.

A test tells by the fixture `figure`: how often it killed or refused something, or how long the slowest of many took.
"""

from collections import defaultdict
from collections.abc import Callable

import pytest

KILLED, WITHIN, REFUSED = "kills", "of these kills within the writing", "injected errors"
SLOWEST = "slowest: "
"""What begins so isn't added up: the largest is told."""

MARK = "figure of "

Figure = Callable[[str, float], None]


class Sum:
    """Adds up what the reports of tests bring along."""

    def __init__(self) -> None:
        self.told: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name.startswith(MARK) and isinstance(value, int | float):
                self._add(name.removeprefix(MARK), value)

    def _add(self, name: str, value: float) -> None:
        self.told[name] = max(self.told[name], value) if name.startswith(SLOWEST) else self.told[name] + value

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name, value in sorted(self.told.items()):
            text = f"{name.removeprefix(SLOWEST)}: the slowest took {value:.3f} CPU seconds"
            terminalreporter.write_line(text if name.startswith(SLOWEST) else f"{value:,.0f} {name}")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Tells a figure, to be added to what other tests tell by the same name."""
    return lambda name, value: record_property(MARK + name, value)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Sum(), "taskcheck-figures")
