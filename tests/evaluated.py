"""Writes down which test evaluates a place of the code, in every process of the copy that tests/mutants.py makes.

It is copied to the copy's installed packages, where a path file imports it at each start of Python. There it is a
plugin of pytest, too, that runs the chosen tests alone.
"""

import builtins
import json
import os
from pathlib import Path
from typing import TypeVar

SEEN = Path(__file__).with_name("seen.jsonl")
"""Where each line is the number of a place and a test."""
CHOSEN = Path(__file__).with_name("chosen.json")
"""The tests that are run, in order."""

T = TypeVar("T")

_written: set[tuple[int, str]] = set()
_open, _write, _close = os.open, os.write, os.close  # some tests replace these, to have them fail


def evaluated(number: int, value: T) -> T:
    """Return the value of a place, having written down which test asked for it."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test and (number, test) not in _written:
        _written.add((number, test))
        file = _open(SEEN, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        _write(file, (json.dumps([number, test]) + "\n").encode())
        _close(file)
    return value


builtins.evaluated = evaluated  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list) -> None:
    place = {test: number for number, test in enumerate(json.loads(CHOSEN.read_text()))}
    items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])
