"""Repairs of simulated fleets, with real git and real files: no fleet is left worse, and every one can be had back."""

import json
from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.fix import repair
from taskcheck.model.finding import Safety, Severity
from taskcheck.model.report import Report
from taskcheck.store import Request, Where, open_store
from tests.e2e.test_promises import fingerprint
from tests.simulator.disk import build
from tests.simulator.faults import FAULTS, struck
from tests.simulator.sources import processes_of
from tests.simulator.test_simulator import GIT_FLEETS, SMALL, again, some_faults
from tests.simulator.truth import wrongs
from tests.simulator.world import World


def failing(report: Report) -> set[tuple[str | None, str | None]]:
    """The incidents that have an error."""
    return {(i.task, i.manager) for i in report.incidents if i.severity is Severity.ERROR}


def files(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time and content of every file beside git's own."""
    return {path: held for path, held in fingerprint(root).items() if "/.git/" not in path and Path(path).is_file()}


def live_rows(world: World, root: Path) -> set[tuple[str, int]]:
    """Register rows whose process lives: task and pid."""
    live = processes_of(world).started
    rows = set()
    for path in root.rglob("*.register.json"):
        try:
            entries = json.loads(path.read_text())["entries"]
        except (ValueError, KeyError):
            continue
        for task, row in entries.items() if isinstance(entries, dict) else ():
            if isinstance(row, dict) and row.get("pid") in live:
                rows.add((task, row["pid"]))
    return rows


@pytest.mark.parametrize("safety", [Safety.SAFE, Safety.UNSAFE])
@pytest.mark.parametrize("seed", range(max(4, GIT_FLEETS // 2)))
def test_repaired_fleets(seed: int, safety: Safety, tmp_path: Path) -> None:
    """No error where there was none, no live worker's entry lost, nothing left for a second run, all of it undone.

    What is safe is held against the world besides: it writes nothing that isn't true.
    """
    names = some_faults(seed + 100) if seed % 4 else [sorted(FAULTS)[seed * 5 % len(FAULTS)]]
    world, _ = struck(seed, names, SMALL)
    root = build(world, tmp_path.resolve())
    where = Where(root=root, third_party=False)
    request = Request(now=world.now, processes=processes_of(world))
    start, before, live = files(root), check_request(where, request), live_rows(world, root)
    order = repair.Order(safety=safety)
    report, plan = repair.fix(open_store(where), request, order)
    said = again(seed, names, (f"{note}" for note in report.fixes), SMALL)
    assert report.complete, said
    assert failing(report) <= failing(before), said
    assert live_rows(world, root) >= live, said
    untrue = wrongs(world, {change.path: change.after for change in plan.changes}) if safety is Safety.SAFE else []
    assert not untrue, f"{said}\n{untrue}"
    once = files(root)
    touched = {path for path in start.keys() | once.keys() if start.get(path) != once.get(path)}
    assert touched == {str(root / change.path) for change in plan.changes}, said
    again_, _ = repair.fix(open_store(where), request, order)
    assert (again_.undo, files(root)) == (None, once), said
    if plan.changes:
        repair.take_back(open_store(where))
    assert files(root) == start, said


@pytest.mark.parametrize("seed", range(max(2, GIT_FLEETS // 6)))
def test_nothing_is_repaired_in_a_healthy_fleet(seed: int, tmp_path: Path) -> None:
    world, _ = struck(seed, [], SMALL)
    root = build(world, tmp_path.resolve())
    where = Where(root=root, third_party=False)
    request = Request(now=world.now, processes=processes_of(world))
    start = files(root)
    report, _ = repair.fix(open_store(where), request, repair.Order(safety=Safety.UNSAFE))
    assert (report.fixes, files(root)) == ((), start)
