"""The catalogue of faults: each function breaks one thing in a fleet that was healthy, and says what is to be found."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from random import Random
from typing import Any, Literal

from tests.simulator.life import Life
from tests.simulator.plan import STOPS, Plan, some_plan
from tests.simulator.stories import live
from tests.simulator.verdict import Expected
from tests.simulator.world import Authority, World, moment, register, snapshot, stamp

Struck = Literal["task", "manager", "ledger"]
MODULES = ("files", "managers", "runs", "registers", "drift", "claims")


@dataclass(frozen=True)
class Fault:
    """One kind of fault: the fates of the tasks that it strikes, and how."""

    name: str
    roles: tuple[dict[str, Any], ...]
    """What each task's plan has to be; a list is a choice, the rest is as it comes."""
    strike: Callable[..., Iterator[Expected]]
    authority: Authority
    of: Struck
    """What it strikes: a fleet has at most one fault of a manager, for a manager has one incident; and where a whole
    ledger is lost, no other fault can be told by it."""

    def cast(self, rng: Random) -> list[Plan]:
        """The plans of the tasks that it strikes."""
        return [_plan(rng, role) for role in self.roles]


@dataclass(frozen=True)
class Scene:
    """A fleet, with what a fault needs to strike it."""

    life: Life
    rng: Random

    @property
    def world(self) -> World:
        """The fleet."""
        return self.life.world

    @property
    def now(self) -> datetime:
        """When it is looked at."""
        return self.life.now

    def ago(self, **span: float) -> str:
        """A timestamp before now."""
        return stamp(self.now - timedelta(**span))

    def manager(self, task: str) -> str:
        """Who acts for a task."""
        return self.world.routed(self.world.root.front(task)["owner"]) or ""

    def status(self, task: str) -> str | None:
        """What root says of a task; None when it has none of that name."""
        return self.world.root.front(task)["status"] if self.world.root.has(task) else None

    def row(self, task: str) -> dict[str, Any]:
        """Its row in its manager's register."""
        return self.life.rows(self.manager(task))[task]

    def edit(self, task: str, **values: str | None) -> None:
        """Change root's file of a task, in a commit or not."""
        self.world.root.edit(task, self.now, **values)
        if self.rng.random() < 0.5:
            self.life.commit_root("What should not be")

    def heartbeat(self, owner: str, edit: Callable[[dict[str, Any]], object]) -> None:
        """Change a snapshot that stays as old as it is."""
        path = snapshot(owner)
        self.world.edit_json(path, edit, self.world.root.mtimes[path])

    def wake(self, owner: str) -> None:
        """See that a manager's heartbeat is a fresh one, if it was at rest."""
        at = self.now - timedelta(minutes=3)
        path = snapshot(owner)
        if self.world.root.mtimes[path] < self.now - timedelta(minutes=10):
            self.world.edit_json(path, lambda value: value.update(generated_at=stamp(at)), at)

    def signal(self, task: str, kind: str, level: str = "escalation") -> None:
        """Add a raw signal to the heartbeat of a task's manager; the counts follow."""

        def add(value: dict[str, Any]) -> None:
            one = {"task": task, "kind": kind, "level": level, "at": value["generated_at"]}
            value["escalation"]["signals"].append(one)
            value["counts"][level] += 1

        self.heartbeat(self.manager(task), add)

    def rest(self, owner: str) -> None:
        """Date a register well before the heartbeat, which then has to agree with it."""
        path = register(owner)
        before = moment(self.world.json(snapshot(owner))["generated_at"]) - timedelta(minutes=6)
        self.world.edit_json(path, lambda value: value.update(updated_at=stamp(before)), before)

    def stray(self, task: str, *, committed: bool = False, **values: str | None) -> str:
        """A worktree from root's head, where somebody changes a task, in a commit or not; its name."""
        name = f"stray-{len(self.world.worktrees)}"
        self.life.commit_root("Note what was left")
        tree = self.world.add_worktree(f".worktrees/{name}", f"hand/{name}", self.world.root.head)
        tree.edit(task, self.now, **values)
        if committed or self.rng.random() < 0.6:
            self.world.commit(tree, self.now, "By hand")
        return name


FAULTS: dict[str, Fault] = {}


def fault(
    *roles: dict[str, Any], of: Struck = "task", authority: Authority = "root"
) -> Callable[[Callable[..., Iterator[Expected]]], Fault]:
    """Put a fault into the catalogue, under the name of its function."""

    def make(strike: Callable[..., Iterator[Expected]]) -> Fault:
        assert inspect.getdoc(strike), strike
        FAULTS[strike.__name__] = Fault(strike.__name__, roles, strike, authority, of)
        return FAULTS[strike.__name__]

    return make


def expect(subject: str, headline: str, *rules: str, also: Sequence[str] = (), signals: Sequence[str] = ()) -> Expected:
    """The incident that is to be found: its headline, the other rules that must and that may speak."""
    return Expected(
        subject=subject,
        headline=headline,
        rules=frozenset({headline, *rules}),
        also=frozenset(also),
        signals=frozenset(signals),
    )


def _plan(rng: Random, role: dict[str, Any]) -> Plan:
    fixed = {key: rng.choice(value) if isinstance(value, list) else value for key, value in role.items()}
    plan = replace(some_plan(rng), by="worker", owner=rng.choice(("person", "role", "pair")), pending=False)
    plan = replace(plan, named=True, overtaken=False, idle=None, tree="" if plan.tree == "unmounted" else plan.tree)
    plan = replace(plan, **fixed)
    if "ends" not in role:
        last = rng.choice(STOPS[:-1]) if plan.hold == "stopped" else "completed_with_pr"
        plan = replace(plan, ends=(*plan.ends[:-1], last))
    if not plan.here and "tombstone" not in role:
        plan = replace(plan, tombstone=True, log=False)
    if not plan.pid and not (plan.log or plan.tombstone):
        plan = replace(plan, log=True)
    return plan


def struck(seed: int, names: Sequence[str], size: int | None = None) -> tuple[World, list[Expected]]:
    """A fleet with some faults in it, each on tasks of its own, and what is to be found."""
    rng = Random(f"faults {seed}")
    names = sorted(names, key=lambda name: FAULTS[name].of != "task")
    casts = [FAULTS[name].cast(rng) for name in names]
    authorities = {FAULTS[name].authority for name in names}
    authority = None if not names else authorities.pop() if len(authorities) == 1 else "root"
    life = Life(seed, [plan for cast in casts for plan in cast], size, authority)
    live(life)
    tasks = iter(life.cast)
    expected: list[Expected] = []
    for name, cast in zip(names, casts, strict=True):
        expected += FAULTS[name].strike(Scene(life, rng), *(next(tasks) for _ in cast))
    return life.world, expected


for _module in MODULES:
    import_module(f"{__name__}.{_module}")
