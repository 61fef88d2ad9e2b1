"""Waiting for what may never come."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what some work gives; it is done in a thread that nobody waits for any longer than that.

    Raises:
        TimeoutError: it gave nothing in time.
        BaseException: what the work raised.
    """
    from threading import Thread

    given: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody is listening
            failures.append(error)

    working = Thread(target=run, daemon=True)
    working.start()
    working.join(seconds)
    if failures:
        raise failures[0]
    if not given:
        raise TimeoutError(f"no answer in {seconds:g} s")
    return given[0]
