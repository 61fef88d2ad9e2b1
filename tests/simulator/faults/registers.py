"""Faults of registers: entries that outlive their work, are there twice, or are missing."""

from collections.abc import Iterator
from datetime import timedelta

from tests.simulator.faults import Expected, Scene, expect, fault
from tests.simulator.world import register


@fault({"hold": "done", "neglect": frozenset({"prune"})})
def done_and_registered(scene: Scene, task: str) -> Iterator[Expected]:
    """A task is done, and its entry still there; its manager signals that itself."""
    scene.signal(task, "register_orphan", "attention")
    yield expect(task, "register-orphan", signals=["register_orphan"])


@fault({"hold": "ready"})
def entry_of_no_task(scene: Scene, task: str) -> Iterator[Expected]:
    """An entry names a task that isn't there."""
    ghost = f"{task}-of-old"
    scene.life.entry(scene.manager(task), ghost, branch=f"task/{ghost}", registered_at=scene.ago(hours=30))
    yield expect(ghost, "register-orphan")


@fault({"hold": "ready"})
def worktree_missing(scene: Scene, task: str) -> Iterator[Expected]:
    """An entry names a worktree that isn't there, longer ago than a pickup takes."""
    at = scene.ago(minutes=15, seconds=scene.rng.choice([1, 60, 9_000]))
    scene.life.entry(scene.manager(task), task, worktree_path=f".worktrees/{task}", registered_at=at)
    yield expect(task, "register-orphan")


UNKNOWN = {"hold": "working", "here": True, "pid": False, "tombstone": False, "log": True}


@fault({**UNKNOWN, "tree": ["", "outside"]})
def worktree_deleted_or_broken(scene: Scene, task: str) -> Iterator[Expected]:
    """The worktree of a run was deleted behind git's back, or it and git don't know each other any more."""
    path = str(scene.row(task)["worktree_path"])
    scene.world.worktrees[path].state = scene.rng.choice(["missing", "broken", "unlisted"])
    yield expect(task, "broken-worktree")


@fault(
    {
        "hold": ["stopped"],
        "ends": [("blocked",), ("needs_review_fix",), ("failed",), ("failed", "blocked")],
        "tombstone": True,
        "neglect": frozenset({"prune"}),
    }
)
def ended_and_registered(scene: Scene, task: str) -> Iterator[Expected]:
    """A run ended, root says so, and the entry is still there."""
    yield expect(task, "register-orphan")


@fault({"hold": "working", "owner": "pair"})
def registered_by_two(scene: Scene, task: str) -> Iterator[Expected]:
    """A task that two may act for stands in both registers."""
    other = scene.world.root.front(task)["owner"].strip("[]").split(", ")[1]
    row = scene.row(task)
    scene.wake(other)
    scene.life.entry(other, task, **row)
    yield expect(task, "duplicate-registration")


@fault({"hold": "working", "here": True}, {"hold": "working", "here": True})
def two_in_one_worktree(scene: Scene, one: str, two: str) -> Iterator[Expected]:
    """Two entries name one worktree."""
    path = scene.row(one)["worktree_path"]
    scene.life.entry(scene.manager(two), two, worktree_path=path)
    yield expect(one, "duplicate-registration")
    yield expect(two, "duplicate-registration", also=["unregistered-worktree"])


@fault({"hold": "working", "here": True, "pid": True}, of="manager")
def registered_twice(scene: Scene, task: str) -> Iterator[Expected]:
    """One register, a list, has a task twice, with two processes."""
    owner = scene.manager(task)
    rows = scene.life.rows(owner)
    listed = [*rows.values(), {**rows[task], "pid": next(scene.life.pids)}]
    path = register(owner)
    scene.world.edit_json(path, lambda value: value.update(entries=listed), scene.now)
    yield expect(task, "duplicate-registration")


@fault({"hold": "working", "here": True, "tombstone": True, "neglect": frozenset({"register"})})
def never_registered(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker is at it in a worktree that no register knows."""
    scene.life.edit_register(scene.manager(task), lambda rows: None)
    yield expect(task, "unregistered-worktree")


@fault({"hold": "working", "here": True, "tombstone": True, "idle": timedelta(hours=1)})
def forgotten_too_early(scene: Scene, task: str) -> Iterator[Expected]:
    """An entry was dropped while its worker is at it."""
    scene.life.forget(scene.manager(task), task)
    yield expect(task, "unregistered-worktree")
