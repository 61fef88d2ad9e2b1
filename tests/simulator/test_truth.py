"""Safe repairs of simulated fleets, planned in memory and held against the world: none writes what isn't true.

``TASKCHECK_REPAIRS`` sets how many fleets there are; each has two to six faults.
"""

import os

import pytest

from taskcheck.fix.overlay import overlaid
from taskcheck.fix.plan import Judged, plan
from taskcheck.model.finding import Safety
from taskcheck.model.plan import Plan
from taskcheck.model.sources import Sources
from taskcheck.model.verdict import Verdict
from taskcheck.report import build as report
from tests.judging import judge
from tests.simulator.faults import FAULTS, struck
from tests.simulator.sources import settings_of, sources_of
from tests.simulator.test_simulator import BATCHES, again, some_faults
from tests.simulator.truth import wrongs
from tests.simulator.verdict import RULES
from tests.simulator.world import World

FLEETS = int(os.environ.get("TASKCHECK_REPAIRS", "90"))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_safe_repairs_are_true(batch: int) -> None:
    """What is written is the word of the task's own worktree, of its end or of a merge; who may live stays."""
    for seed in range(batch, FLEETS, BATCHES):
        names = [sorted(FAULTS)[seed // 3 % len(FAULTS)]] if seed % 3 == 0 else some_faults(seed + 5000)
        world, _ = struck(seed, names)
        held, made = repaired(world)
        said = wrongs(world, {change.path: change.after for change in made.changes})
        assert not said, again(seed, names, said)
        assert planned(world, held).changes == (), again(seed, names, ["a second repair writes again"])


@pytest.mark.parametrize("fault", ["begun_by_hand", "merged_while_active", "pull_request_merged_while_unknown"])
def test_what_is_unsafe_may_be_untrue(fault: str) -> None:
    """The judge can say no: some fix that is marked as unsafe writes what the world doesn't say."""
    told = []
    for seed in range(12):
        world, _ = struck(seed, [fault])
        _, made = repaired(world, Safety.UNSAFE)
        told += wrongs(world, {change.path: change.after for change in made.changes})
    assert told


def repaired(world: World, safety: Safety = Safety.SAFE) -> tuple[Sources, Plan]:
    """A world's sources with all fixes made that are so safe, and the plan that makes them."""
    sources = sources_of(world, settings_of(world))
    made = planned(world, sources, safety)
    written = {change.path: change.after for change in made.changes}
    return overlaid(sources, written, settings_of(world), int(world.now.timestamp()) * 10**9), made


def planned(world: World, sources: Sources, safety: Safety = Safety.SAFE) -> Plan:
    """What such fixes of a world's findings would write."""
    settings = settings_of(world)

    def judged(of: Sources) -> Judged:
        state, runs = judge(of, settings, RULES.values(), world.now)
        made = report.build(state, runs, RULES, (), Verdict())
        return Judged(state, made, made)

    return plan(
        sources,
        settings,
        judged(sources),
        judge=judged,
        refuse=lambda _: None,
        safety=safety,
        mtime_ns=int(world.now.timestamp()) * 10**9,
    )
