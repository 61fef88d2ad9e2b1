"""Loops over more points than `make test` has time for: some of them there, all of them nightly."""

import os
import time
from collections.abc import Callable, Iterable
from random import Random
from typing import TypeVar

T = TypeVar("T")

WHOLE = bool(os.environ.get("TASKCHECK_WHOLE"))
"""Whether every point is tried."""


def sampled(points: Iterable[T], share: int) -> list[T]:
    """One of each so many points that follow each other, always the same ones; with TASKCHECK_WHOLE all of them."""
    points = list(points)
    if WHOLE:
        return points
    chance = Random(7)
    return [chance.choice(points[start : start + share]) for start in range(0, len(points), share)]


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long four times as much work takes, in CPU seconds, the least of some tries; 4 is linear.

    What takes less than two milliseconds is no measure, and counts as two.
    """

    def least(size: int) -> float:
        return max(0.002, min(_seconds(work, size) for _ in range(3)))

    return least(4 * size) / least(size)


def _seconds(work: Callable[[int], object], size: int) -> float:
    before = time.process_time()
    work(size)
    return time.process_time() - before
