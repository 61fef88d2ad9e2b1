"""Faults of runs: workers that are gone, ends that nobody recorded or reconciled, work that stands still."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.simulator.faults import Expected, Scene, expect, fault
from tests.simulator.world import FORGE, Tree, moment, tombstone

LEFT = ("metadata-drift", "missing-terminal-state", "stale-in-progress", "unregistered-worktree", "register-orphan")
"""What an end that nobody has seen to brings along."""
IDLE = [timedelta(hours=4, minutes=1), timedelta(hours=9), timedelta(days=4)]
ENDED: dict[str, Any] = {"hold": "ended", "here": True, "ends": ("completed_with_pr",)}
LOG_ONLY: dict[str, Any] = {"tombstone": False, "log": True}


def _tree(scene: Scene, task: str) -> Tree:
    return scene.world.worktrees.get(f".worktrees/{task}") or scene.world.worktrees[f"../trees/{task}"]


def _kill(scene: Scene, task: str) -> None:
    scene.world.processes.pop(scene.row(task)["pid"])


@fault({"hold": "working", "here": True, "pid": True})
def worker_died(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker's process is gone, and nobody has noticed."""
    _kill(scene, task)
    yield expect(task, "worker-gone", also=["metadata-drift", "stale-in-progress"])


@fault({"hold": "working", "here": True, "pid": True, "dated": True})
def pid_reused(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker's pid is another process by now."""
    row = scene.row(task)
    later = timedelta(minutes=5, seconds=scene.rng.choice([1, 600]))
    scene.world.processes[row["pid"]] = moment(row["launched_at"]) + later
    yield expect(task, "worker-gone", also=["metadata-drift", "stale-in-progress"])


@fault({"hold": "working", "here": False, "tombstone": True, "idle": IDLE})
def silent_on_another_host(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker on another host has sent no heartbeat for too long."""
    yield expect(task, "worker-gone", "stale-in-progress", also=["metadata-drift"])


@fault({"hold": "working", "here": True, "pid": False, **LOG_ONLY, "idle": IDLE})
def silent_without_pid(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker of which no process is known has left no sign for too long."""
    yield expect(task, "worker-gone", "stale-in-progress", also=["metadata-drift"])


@fault({"hold": "working", "here": True, "pid": False, **LOG_ONLY})
def signalled_gone(scene: Scene, task: str) -> Iterator[Expected]:
    """Nothing tells of a worker's process but its manager's signal."""
    scene.signal(task, "dispatch_worker_gone")
    yield expect(task, "worker-gone", also=["metadata-drift"], signals=["dispatch_worker_gone"])


@fault(
    {"hold": "working", "here": True, "pid": True, "ends": ("completed_with_pr",), "neglect": frozenset({"follow"})},
    of="manager",
)
def worker_died_and_signals(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker is gone, root never followed it, and its manager signals three things: one incident."""
    _kill(scene, task)
    for kind in ("pickup_overdue", "dispatch_worker_gone", "dispatch_retry_cooldown"):
        scene.signal(task, kind)
    kinds = ["pickup_overdue", "dispatch_worker_gone", "dispatch_retry_cooldown"]
    yield expect(task, "worker-gone", "metadata-drift", "snapshot-mismatch", signals=kinds)


@fault({"hold": "working", "here": True, "pid": True, "tombstone": True})
def worker_died_unregistered(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker is gone, and so is its row in the register: only its tombstone tells."""
    _kill(scene, task)
    scene.life.forget(scene.manager(task), task)
    yield expect(task, "worker-gone", "unregistered-worktree", also=["metadata-drift", "stale-in-progress"])


@fault(
    {
        **ENDED,
        "here": [True, False],
        "tombstone": True,
        "ends": [("completed_with_pr",), ("blocked",), ("needs_review_fix",), ("failed",)],
        "exit_code": [None, 0, 2],
        "neglect": frozenset({"reconcile"}),
    }
)
def outcome_not_reconciled(scene: Scene, task: str) -> Iterator[Expected]:
    """A run ended with an outcome, and root still says that it goes on; somebody may have written a note there."""
    if scene.rng.random() < 0.5:
        scene.edit(task, estimate="2d")
    yield expect(task, "dispatch-completed-unreconciled", also=LEFT)


@fault({**ENDED, **LOG_ONLY, "exit_code": 0, "neglect": [frozenset({"reconcile"}), frozenset({"reconcile", "pr"})]})
def log_ended_not_reconciled(scene: Scene, task: str) -> Iterator[Expected]:
    """A run's log ends well, its copy is in review, and root still says that it goes on."""
    yield expect(task, "dispatch-completed-unreconciled", also=LEFT)


@fault({**ENDED, "tombstone": True, "neglect": frozenset({"reconcile", "follow", "prune"})})
def never_followed_to_its_end(scene: Scene, task: str) -> Iterator[Expected]:
    """Root has said ready from the pickup to the end, and the register still holds the task."""
    yield expect(task, "dispatch-completed-unreconciled", "metadata-drift", "register-orphan")


UNSAID = frozenset({"reconcile", "status"})


@fault({**ENDED, **LOG_ONLY, "exit_code": 0, "neglect": [UNSAID, UNSAID | {"follow"}]})
def pull_request_not_taken_over(scene: Scene, task: str) -> Iterator[Expected]:
    """A run left a pull request in its copy and no word more: root says what it said before."""
    also = [*LEFT, "snapshot-mismatch"]
    yield expect(task, "dispatch-completed-unreconciled", "missing-terminal-state", also=also)


@fault({"hold": "working", "here": True, "pid": True})
def finished_and_gone(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker wrote its result into its copy and was gone before anybody heard of it."""
    _kill(scene, task)
    _tree(scene, task).edit(task, scene.now, status=scene.rng.choice(["in_review", "blocked", "needs_review_fix"]))
    yield expect(task, "dispatch-completed-unreconciled", also=LEFT)


@fault({"hold": "review", "tombstone": True})
def outcome_forbids_status(scene: Scene, task: str) -> Iterator[Expected]:
    """The recorded outcome isn't one after which root may be in review."""

    def change(value: dict[str, Any]) -> None:
        value.update(outcome=scene.rng.choice(["blocked", "failed"]))
        value.pop("status_after", None)

    scene.world.edit_json(tombstone(task), change, scene.now)
    yield expect(task, "dispatch-completed-unreconciled", also=LEFT)


MUTE = frozenset({"status", "reconcile", "pr"})


@fault({**ENDED, **LOG_ONLY, "exit_code": [0, 1], "early_pull": False, "neglect": MUTE})
def ended_in_silence(scene: Scene, task: str) -> Iterator[Expected]:
    """A run's log ends, and no ledger says how."""
    yield expect(task, "missing-terminal-state", also=LEFT)


@fault(
    {**ENDED, "tombstone": True, "early_pull": False, "neglect": MUTE | {"outcome", "prune"}, "idle": IDLE, "log": True}
)
def ended_without_outcome(scene: Scene, task: str) -> Iterator[Expected]:
    """A tombstone has no outcome, or one that isn't in the vocabulary; long ago, and still registered."""
    outcome = scene.rng.choice([None, "done", "success", ""])
    scene.world.edit_json(tombstone(task), lambda value: value.update(outcome=outcome), scene.now)
    yield expect(task, "missing-terminal-state", "stale-in-progress", "register-orphan", also=["metadata-drift"])


@fault({**ENDED, "tombstone": True, "early_pull": False, "neglect": frozenset({"pr"})})
def completed_without_pull_request(scene: Scene, task: str) -> Iterator[Expected]:
    """A run ended as completed_with_pr, and no ledger names a pull request."""
    yield expect(task, "missing-terminal-state")


@fault({"hold": "working", "by": "person", "idle": IDLE})
def left_lying(scene: Scene, task: str) -> Iterator[Expected]:
    """A person began a task, and nothing has moved since."""
    scene.life.edit_register(scene.manager(task), lambda rows: None)
    yield expect(task, "stale-in-progress")


@fault(
    {
        "hold": "done",
        "here": True,
        "tree": ["", "locked", "outside", "named"],
        "merge": ["no-ff", "squash"],
        "tidy": False,
        "neglect": frozenset({"complete"}),
    }
)
def merged_and_left(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch was merged, and root doesn't say that the task is done; the worktree may be gone already."""
    tree = _tree(scene, task)
    if tree.branch == f"task/{task}" and scene.rng.random() < 0.5:
        del scene.world.worktrees[tree.path]
    yield expect(task, "merged-not-completed", also=["missing-terminal-state"])


def _merge(scene: Scene, task: str) -> Tree:
    """Merge the task's branch, with something in it, at this moment."""
    tree = _tree(scene, task)
    tree.write(f"src/{task}.py", b"all_of_it()\n", scene.now)
    scene.world.commit(tree, scene.now, "All of it")
    scene.life.commit_root("Note what was left")
    scene.world.merge(tree.branch or "", scene.now, scene.rng.choice(["no-ff", "squash"]))
    return tree


ON_BRANCH: dict[str, Any] = {"here": True, "tree": ["", "outside"], "ends": ("completed_with_pr",)}


@fault({"hold": "working", **ON_BRANCH, "pid": True, "early_pull": False})
def merged_while_active(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch was merged under its worker's hands."""
    _merge(scene, task)
    yield expect(task, "merged-not-completed", also=["metadata-drift"])


@fault({"hold": "working", **ON_BRANCH, "pid": True, "early_pull": False, "follow": "launch"})
def first_slice_merged(scene: Scene, task: str) -> Iterator[Expected]:
    """A first slice of a branch was merged, that left the task's file alone; its worker is at the next one."""
    tree = _tree(scene, task)
    path = tree.task(task)
    tree.write(
        path, scene.world.history.files(scene.world.history.base(scene.world.root.head, tree.head))[path], scene.now
    )
    _merge(scene, task)
    yield expect(task, "merged-not-completed", also=["metadata-drift", "stale-branch-copy"])


@fault({"hold": "working", **ON_BRANCH, "pid": False, **LOG_ONLY})
def merged_while_unknown(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch was merged, its task is registered still, and nothing tells of its worker."""
    _merge(scene, task)
    yield expect(task, "merged-not-completed", "register-orphan", also=["metadata-drift"])


@fault({"hold": "working", **ON_BRANCH, "pid": True}, authority="branch")
def merged_and_ahead(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch was merged, and its worktree says more since: a branch may run ahead only until then."""
    _merge(scene, task)
    scene.edit(task, status="in_progress")
    _tree(scene, task).edit(task, scene.now, status="in_review")
    yield expect(task, "merged-not-completed", "metadata-drift")


@fault({**ENDED, "tree": "named", "tombstone": True, "neglect": frozenset({"prune"})})
def merged_by_the_register(scene: Scene, task: str) -> Iterator[Expected]:
    """Only the register tells which branch was a task's, and that one was merged."""
    tree = _merge(scene, task)
    del scene.world.worktrees[tree.path]
    yield expect(task, "merged-not-completed", "register-orphan", also=["missing-terminal-state"])


def _merge_pull(scene: Scene, task: str, word: str) -> None:
    scene.life.entry(scene.manager(task), task, pr_state=word)
    scene.world.pulls[scene.life.number(task)] = "merged"


@fault({"hold": "working", "here": True, "pid": True, "early_pull": True, "ends": ("completed_with_pr",)})
def pull_request_merged_while_active(scene: Scene, task: str) -> Iterator[Expected]:
    """The register records that the pull request is merged, and root hasn't even heard that there is one."""
    _merge_pull(scene, task, "merged")
    yield expect(task, "merged-not-completed", "metadata-drift")


@fault({"hold": "working", "here": True, "pid": False, **LOG_ONLY})
def pull_request_merged_while_unknown(scene: Scene, task: str) -> Iterator[Expected]:
    """The same, and nothing tells of its worker: the entry outlives the pull request."""
    _merge_pull(scene, task, "Merged")
    yield expect(task, "merged-not-completed", "register-orphan", also=["metadata-drift"])


@fault({**ENDED, "tombstone": True, "neglect": frozenset({"prune", "reconcile"})})
def pull_request_merged(scene: Scene, task: str) -> Iterator[Expected]:
    """The register records that the pull request is merged; root has heard neither of that nor of the run's end."""
    _merge_pull(scene, task, "MERGED")
    yield expect(task, "merged-not-completed", "dispatch-completed-unreconciled", "register-orphan", also=LEFT)


@fault({"hold": "done", "here": True, "ends": ("completed_with_pr",), "neglect": frozenset()})
def pull_request_left_open(scene: Scene, task: str) -> Iterator[Expected]:
    """Root says that it's completed, and the forge that its pull request waits."""
    number = scene.life.number(task)
    scene.world.pulls[number] = "open"
    if "pr_number" not in scene.world.root.front(task):  # its only record went with the worktree
        scene.edit(task, pr_url=f"https://{'/'.join(FORGE)}/pull/{number}", pr_number=str(number))
    yield expect(task, "done-with-open-pr")


@fault({"hold": "working", "here": True, "pid": True, "overtaken": True})
def closed_under_its_worker(scene: Scene, task: str) -> Iterator[Expected]:
    """A person completed the task an hour ago, and its worker is still at it."""
    scene.edit(task, completed_at=scene.ago(hours=1))
    yield expect(task, "worker-outlives-task")
