"""What the tests cost: CPU seconds of each test, its children's too, and of all of it."""

import json
import os
import resource
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.samples import WHOLE

LIMIT = 420.0
"""The CPU seconds in which two cores are done with `make test` in four minutes."""


def spent() -> float:
    """The CPU seconds of this process, and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Meter:
    """Adds up over all workers; with TASKCHECK_CPU a file, says there what each test took."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.workers = 0.0
        name = os.environ.get("TASKCHECK_CPU")
        self.log = Path(name).absolute() if name else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = spent()
        try:
            return (yield)
        finally:
            if self.log is not None:
                line = json.dumps({"test": item.nodeid, "seconds": round(spent() - before, 4)}) + "\n"
                with self.log.open("a") as file:
                    file.write(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output["cpu"] = spent()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        self.workers += getattr(node, "workeroutput", {}).get("cpu", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        seconds = self.workers + time.process_time() if self.workers else spent()
        late = seconds > LIMIT and not WHOLE
        terminalreporter.write_line(
            f"{'WARNING: ' if late else ''}{seconds:.0f} CPU seconds" + (f", above {LIMIT:.0f}" if late else ""),
            yellow=late,
        )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Meter(config), "taskcheck-cpu")
