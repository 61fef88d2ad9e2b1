"""Fleets with real git are judged the same when the last check is remembered, and when something happened since.

``TASKCHECK_GIT_FLEETS`` sets how many.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from taskcheck.checks import check_store
from taskcheck.documents.frozen import replace
from taskcheck.formats import json_report
from taskcheck.read import recall
from taskcheck.store import Request, Where, open_store
from tests.simulator.disk import build
from tests.simulator.faults import struck
from tests.simulator.sources import forges_of, processes_of
from tests.simulator.test_simulator import some_faults

FLEETS = max(1, int(os.environ.get("TASKCHECK_GIT_FLEETS", "6")) // 2)
SMALL = 8


def moved(path: Path, chance: Random) -> None:
    path.write_text(path.read_text().replace("status: ", f"status: {chance.choice(['', 'x'])}", 1))


def grown(path: Path, chance: Random) -> None:
    path.write_text(path.read_text() + "more\n" * chance.randint(1, 3))


def gone(path: Path, _: Random) -> None:
    path.unlink()


def torn(path: Path, chance: Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randint(0, 40)])


def doubled(path: Path, _: Random) -> None:
    path.with_name(f"other-{path.name}").write_bytes(path.read_bytes())


HAPPENS: list[Callable[[Path, Random], None]] = [moved, grown, gone, torn, doubled]


@pytest.mark.parametrize("seed", range(FLEETS))
def test_a_fleet_that_is_remembered_is_judged_the_same(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(recall, "SETTLED_NS", 0)
    world, _ = struck(seed, some_faults(seed) if seed % 3 else [], SMALL)
    root = build(world, (tmp_path / "fleet").resolve())
    store = open_store(Where(root=root, third_party=False))
    request = Request(now=world.now, processes=processes_of(world), pull_requests=forges_of(world))
    remembering = replace(request, remember=True)
    chance = Random(seed)
    for step in range(5):
        expected = json_report.render(check_store(store, request))
        assert json_report.render(check_store(store, remembering)) == expected, (seed, step, "after a change")
        assert json_report.render(check_store(store, remembering)) == expected, (seed, step, "warm")
        tasks = sorted(path for path in root.parent.rglob("tasks/**/*.md") if path.is_file())
        for path in chance.sample(tasks, min(3, len(tasks))):
            chance.choice(HAPPENS)(path, chance)
