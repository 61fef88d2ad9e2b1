"""Faults of what is claimed: done without landing, waiting for what was dropped, trunk that nobody pulled."""

from collections.abc import Iterator
from datetime import timedelta

from tests.simulator.faults import Expected, Scene, expect, fault
from tests.simulator.world import edited, moment, register, snapshot, tombstone

AT_WORK = {"hold": "working", "here": True, "pid": True, "idle": None}


@fault({"hold": "done", "here": True, "tombstone": True, "ends": ("completed_with_pr",), "neglect": frozenset()})
def done_without_a_pull_request(scene: Scene, task: str) -> Iterator[Expected]:
    """A run ended with a pull request that no ledger names, and nothing of it landed that git knows of."""
    path = tombstone(task)
    drop = ("pr_url", "pr_number", "branch")
    scene.world.edit_json(path, lambda value: [value.pop(key, None) for key in drop], scene.world.root.mtimes[path])
    for tree in (scene.world.root, *scene.world.worktrees.values()):
        if tree.has(task):
            tree.edit(task, tree.mtimes[tree.task(task)], pr_url=None, pr_number=None)
    yield expect(task, "done-not-landed", also=["stale-branch-copy"])


@fault({"hold": "parked"}, {"hold": "cancelled"})
def waits_for_what_was_dropped(scene: Scene, task: str, dropped: str) -> Iterator[Expected]:
    """A task waits for one that was cancelled."""
    scene.edit(task, depends_on=f"[{dropped}]")
    yield expect(task, "dropped-dependency")


@fault({"hold": "ready"})
def nobody_ever_takes_it(scene: Scene, task: str) -> Iterator[Expected]:
    """A task has been ready for longer than anybody is willing to wait."""
    scene.world.limits["ready_max_wait"] = "500d"
    text = scene.world.root.front(task)
    old = {key: "2024-01-01T00:00:00Z" for key, value in text.items() if key.endswith("_at") or value[:4].isdecimal()}
    scene.edit(task, **old)
    yield expect(task, "waiting-too-long")


@fault({"hold": "review"}, {"hold": "review"})
def two_record_one_pull_request(scene: Scene, one: str, two: str) -> Iterator[Expected]:
    """A task's pull request stands in another task's file, too."""
    first, _ = sorted((one, two), key=scene.world.root.task)
    url = "https://github.com/acme/fleet/pull/99999"
    for task in (one, two):
        scene.world.root.edit(task, scene.now, pr_url=url, pr_number="99999")
    scene.life.commit_root("One of these is wrong")
    yield expect(first, "shared-pull-request", also=["metadata-drift", "register-orphan"])


@fault({"hold": "review"}, {"hold": "ready"})
def two_are_one_issue(scene: Scene, one: str, two: str) -> Iterator[Expected]:
    """A task was copied, with the issue that it is."""
    first, _ = sorted((one, two), key=scene.world.root.task)
    scene.edit(one, issue="777")
    scene.edit(two, issue="777")
    yield expect(first, "shared-issue")


@fault(AT_WORK, of="manager")
def manager_cries_for_help(scene: Scene, task: str) -> Iterator[Expected]:
    """A manager escalates what no ledger shows."""
    owner = scene.manager(task)
    scene.wake(owner)
    heard = moment(scene.world.json(snapshot(owner))["generated_at"])
    for path in (scene.world.root.task(task), register(owner)):
        scene.world.root.mtimes[path] = min(scene.world.root.mtimes[path], heard)
    scene.signal(task, "merge_conflict")
    yield expect(task, "unexplained-escalation", also=["metadata-drift"])


@fault({"hold": "review", "by": "worker", "tombstone": True, "neglect": frozenset()})
def nobody_pulled(scene: Scene, task: str) -> Iterator[Expected]:
    """Trunk was fetched with the task done, and root wasn't pulled."""
    world = scene.world
    scene.life.commit_root("Before the fetch")
    head = world.root.head
    files = dict(world.history.files(head))
    path = world.root.task(task)
    files[path] = edited(files[path], {"status": "completed"})
    world.fetched = world.history.add((head,), scene.now - timedelta(minutes=1), "Complete it upstream", files)
    yield expect(task, "root-behind", also=["metadata-drift", "register-orphan"])


@fault({**AT_WORK, "tree": ""}, {"hold": "ready"})
def worker_on_anothers_branch(scene: Scene, task: str, other: str) -> Iterator[Expected]:
    """A worker has checked out another task's branch in its worktree."""
    world = scene.world
    path = scene.row(task).get("worktree_path") or f".worktrees/{task}"
    tree = world.worktrees[str(path)]
    tree.branch, tree.switched_at = f"task/{other}", scene.now - timedelta(minutes=40)
    world.branches[tree.branch] = tree.head
    yield expect(task, "worktree-off-branch", also=["metadata-drift"])
