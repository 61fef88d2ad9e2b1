"""How many tasks wait for one: what the operator's view is sorted by."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck import Tasks
from taskcheck.config import load as config
from taskcheck.model.sources import Source, Sources
from taskcheck.report.blocked import blocked
from tests.judging import judge

SETTINGS = config.load(Path("/nowhere"), config.presets(config.builtin_presets()))


def tasks(**needs: str) -> Tasks:
    """Tasks by name: their status, and what they depend on."""
    files = []
    for name, text in needs.items():
        status, *others = text.split()
        front = f"---\ntitle: {name}\nowner: x\nstatus: {status}\ndepends_on: [{', '.join(others)}]\n---\n"
        files.append(Source(path=f"tasks/{name}.md", data=front.encode()))
    sources = Sources(root=Path("/nowhere"), tasks=tuple(files))
    return judge(sources, SETTINGS, (), datetime(2026, 3, 24, tzinfo=UTC))[0].tasks


def test_directly_and_through_others_each_once() -> None:
    found = blocked("abcd", tasks(a="ready", b="ready a", c="ready a b", d="ready c b"))
    assert found == {"a": 3, "b": 2, "c": 1, "d": 0}


def test_done_tasks_neither_wait_nor_are_waited_for_nor_pass_it_on() -> None:
    found = blocked("abcd", tasks(a="ready", b="done a", c="ready b", d="ready a"))
    assert found == {"a": 1, "b": 0, "c": 0, "d": 0}


def test_circles_and_names_that_are_not_there() -> None:
    found = blocked(["a", "b", "c", "gone"], tasks(a="ready c a", b="ready a", c="ready b nobody"))
    assert found == {"a": 2, "b": 2, "c": 2, "gone": 0}


def test_long_chains_end(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tasks(**{f"t{n}": f"ready t{n - 1}" for n in range(2000)})
    assert blocked(["t0"], many) == {"t0": 1999}
    monkeypatch.setattr("taskcheck.report.blocked.STEPS", 500)
    assert blocked(["t0"], many)["t0"] < 500
