"""Hundreds of seeded fleets: healthy ones are silent, every fault is found, under its rule and on its task.

``TASKCHECK_FLEETS`` sets how many live in memory, ``TASKCHECK_GIT_FLEETS`` how many are built with real git.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest

from taskcheck.checks import check_request
from taskcheck.store import Request, Where
from tests.simulator.disk import build
from tests.simulator.faults import FAULTS, struck
from tests.simulator.sources import ROOT, forges_of, processes_of
from tests.simulator.verdict import RULES, complaints, judged, lines
from tests.simulator.world import World, moment, register

FLEETS = int(os.environ.get("TASKCHECK_FLEETS", "320"))
GIT_FLEETS = int(os.environ.get("TASKCHECK_GIT_FLEETS", "6"))
SMALL = 5
"""Tasks, beside those that faults strike, in a fleet that is built."""
BATCHES = 10
HEALTHY = FLEETS * 4 // 10
EACH = max(2, FLEETS * 4 // 10 // len(FAULTS))
MANY = FLEETS - HEALTHY - EACH * len(FAULTS)

ABSENT = {"no register, tombstone or dispatch log", "no register file"}
"""Why a rule may have nothing to look at: nobody was dispatched yet."""


def again(seed: int, names: Sequence[str], said: Iterable[str], size: int | None = None) -> str:
    """What a failure shows: how to see that fleet again, and what was said of it."""
    words = ["python -m tests.simulator", str(seed), *names, *([f"--size {size}"] if size is not None else [])]
    return "\n".join([f"see it again: {' '.join(words)}", *said])


def hold(seed: int, names: Sequence[str]) -> None:
    """One fleet, with some faults or none, is judged as expected."""
    world, expected = struck(seed, names)
    found = judged(world)
    said = complaints(found, expected)
    if not names:
        said += [f"skipped: {rule}: {reason}" for rule, reason in found.skipped if reason not in ABSENT]
    assert not said, again(seed, names, said)


def some_faults(seed: int) -> list[str]:
    """Two to six kinds of faults, not more than one of them about a manager."""
    rng = Random(f"many {seed}")
    names = rng.sample(sorted(name for name in FAULTS if FAULTS[name].of != "ledger"), rng.randint(2, 6))
    of_manager = [name for name in names if FAULTS[name].of == "manager"]
    return [name for name in names if name not in of_manager[1:]]


@pytest.mark.parametrize("batch", range(BATCHES))
def test_healthy_fleets_are_silent(batch: int) -> None:
    for seed in range(batch, HEALTHY, BATCHES):
        hold(seed, [])


@pytest.mark.parametrize("seed", [223, 663, 682, 701])
def test_fleets_that_were_not_silent_once_are(seed: int) -> None:
    """A stacked branch of another task that landed, a status that isn't committed yet, an end that names no branch."""
    hold(seed, [])


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_found(name: str) -> None:
    for seed in range(EACH):
        hold(seed, [name])


@pytest.mark.parametrize("batch", range(BATCHES))
def test_faults_together_are_found_each(batch: int) -> None:
    for seed in range(batch, MANY, BATCHES):
        hold(seed, some_faults(seed))


@pytest.mark.parametrize("seed", range(GIT_FLEETS))
def test_real_git_says_the_same(seed: int, tmp_path: Path) -> None:
    """A fleet in memory is judged as the same one on disk is, word for word: the shortcut is a true one."""
    names = [] if seed % 5 == 0 else some_faults(seed) if seed % 5 == 1 else [sorted(FAULTS)[seed * 7 % len(FAULTS)]]
    world, expected = struck(seed, names, SMALL)
    root = build(world, tmp_path.resolve())
    found = check_request(
        Where(root=root, third_party=False),
        Request(now=world.now, processes=processes_of(world), pull_requests=forges_of(world)),
    )
    assert not complaints(found, expected), again(seed, names, complaints(found, expected), SMALL)
    memory = judged(world)
    real = [line.replace(str(root.parent), "") for line in lines(found)]
    assert real == [line.replace(str(ROOT.parent), "") for line in lines(memory)], again(seed, names, (), SMALL)
    assert [(i.subject, i.headline) for i in found.incidents] == [(i.subject, i.headline) for i in memory.incidents]
    assert found.skipped == memory.skipped


@cache
def headed_by() -> Mapping[str, str]:
    """By rule the first of the faults that it heads: a world of each is made to see that, once."""
    found: dict[str, str] = {}
    for name in sorted(FAULTS):
        for one in struck(1, [name])[1]:
            found.setdefault(one.headline, name)
    return found


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_rule_can_be_spared(rule: str) -> None:
    """Without any one rule some fault is missed."""
    assert rule in headed_by(), f"no fault is headed by {rule}"
    world, expected = struck(1, [headed_by()[rule]])
    assert complaints(judged(world), expected) == []
    assert complaints(judged(world, without={rule}), expected)


def test_a_seed_gives_the_same_fleet_again() -> None:
    names = some_faults(3)
    assert struck(3, names) == struck(3, names)


SITUATIONS = (
    "worktree on a branch, open", "worktree on a branch, locked", "worktree off a branch, open",
    "worktree outside of root", "branch that landed is still there", "uncommitted copy", "uncommitted root", "archived",
    "registered, not launched", "without pid", "on another host", "launched just now", "overdue", "at rest", "accepted",
    "tombstone: running", "tombstone: ended completed_with_pr", "tombstone: ended blocked",
    "tombstone: ended needs_review_fix", "tombstone: ended failed",
)  # fmt: skip
"""What a healthy fleet may have that could be taken for a fault."""


def test_fleets_are_rich() -> None:
    """A fleet in which nothing happens is healthy too: each situation in which it could look broken comes up."""
    met: Counter[str] = Counter()
    for seed in range(80):
        met.update(situations(struck(seed, [])[0]))
    assert [name for name in SITUATIONS if met[name] < 3] == [], met


def situations(world: World) -> Iterable[str]:
    """The situations in one fleet."""
    trees = [tree for tree in world.worktrees.values() if "spike" not in tree.path]
    yield from (f"worktree {'on' if tree.branch else 'off'} a branch, {tree.state or 'open'}" for tree in trees)
    yield from ("worktree outside of root" for tree in trees if tree.path.startswith(".."))
    yield from ("branch that landed is still there" for branch in world.landed if branch in world.branches)
    yield from ("uncommitted copy" for tree in trees if tree.files != world.history.files(tree.head))
    yield from ("uncommitted root" for _ in range(world.root.tracked != world.history.files(world.root.head)))
    yield from ("archived" for path in world.root.files if path.startswith("tasks/completed/"))
    rows = [row for person in world.people for row in rows_of(world, person)]
    yield from ("registered, not launched" for row in rows if not {"launched_at", "pid"} & row.keys())
    yield from ("without pid" for row in rows if "pid" not in row)
    yield from ("on another host" for row in rows if row.get("host") == "build-7")
    yield from ("launched just now" for row in rows if "launched_at" in row and age(world, row["launched_at"]) < 900)
    stones = [world.json(path) for path in world.root.files if path.endswith(".status.json")]
    yield from (f"tombstone: {stone['state']} {stone.get('outcome', '')}".rstrip() for stone in stones)
    yield from ("accepted" for path in world.root.files if path == "tasks/legacy-import.md")
    snapshots = [path for path in world.root.files if path.endswith(".snapshot.json")]
    yield from ("at rest" for path in snapshots if age(world, world.json(path)["generated_at"]) > 600)
    signals = [signal for path in snapshots for signal in world.json(path)["escalation"]["signals"]]
    yield from ("overdue" for signal in signals if signal["kind"] == "pickup_overdue")


def rows_of(world: World, person: str) -> list[dict[str, str]]:
    path = register(person)
    return list(world.json(path)["entries"].values()) if path in world.root.files else []


def age(world: World, at: str) -> float:
    return (world.now - moment(at)).total_seconds()
