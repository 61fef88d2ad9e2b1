"""Times every format over a report of many incidents: python bench/formats.py [INCIDENTS]; the best of three."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from taskcheck.formats import FORMATS, renderer, text
from taskcheck.model.report import Report

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.unit.formats.reports import many


def timed(render: Callable[[Report], str], report: Report) -> tuple[float, int]:
    took = []
    for _ in range(3):
        started = time.perf_counter()
        shown = render(report)
        took.append(time.perf_counter() - started)
    return min(took), len(shown)


def main() -> None:
    report = many(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    renders = {name: renderer(name) for name in FORMATS}
    renders["text on a terminal"] = partial(text.render, width=100, links=True)
    for name, render in renders.items():
        seconds, size = timed(render, report)
        print(f"{name:<20}{seconds:7.2f} s {size / 1e6:8.2f} MB")


if __name__ == "__main__":
    main()
