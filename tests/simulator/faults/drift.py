"""Faults of drift: root doesn't follow a worktree, or a branch would set it back."""

from collections.abc import Iterator

from tests.simulator.faults import Expected, Scene, expect, fault

ONE_RUN = {"ends": ("completed_with_pr",), "here": True}


@fault({"hold": "working", **ONE_RUN, "pid": True, "neglect": frozenset({"follow"})})
def never_followed(scene: Scene, task: str) -> Iterator[Expected]:
    """A worker has been at it for longer than a pickup takes, and root still says ready."""
    yield expect(task, "metadata-drift")


@fault(
    {
        "hold": "working",
        "here": True,
        "pid": True,
        "ends": [("blocked", "completed_with_pr"), ("failed", "completed_with_pr")],
        "neglect": frozenset({"follow"}),
    }
)
def never_followed_again(scene: Scene, task: str) -> Iterator[Expected]:
    """A second run has begun in the worktree of the first, and root says ready, or what the first run left."""
    scene.edit(task, status="ready")
    yield expect(task, "metadata-drift", also=["snapshot-mismatch"])


@fault({"hold": "working", **ONE_RUN, "pid": True, "neglect": frozenset({"follow"})}, of="manager")
def never_followed_and_overdue(scene: Scene, task: str) -> Iterator[Expected]:
    """The same, and the manager calls the pickup overdue: the signal is refuted, and the drift is the cause."""
    scene.signal(task, "pickup_overdue", "attention")
    yield expect(task, "metadata-drift", "snapshot-mismatch", signals=["pickup_overdue"])


@fault(
    {
        "hold": "ended",
        **ONE_RUN,
        "tombstone": False,
        "log": True,
        "exit_code": [1, 130],
        "neglect": frozenset({"reconcile"}),
    }
)
def ended_ahead(scene: Scene, task: str) -> Iterator[Expected]:
    """A run ended badly, and its copy says more than root."""
    yield expect(task, "metadata-drift", also=["unregistered-worktree", "stale-in-progress"])


@fault({"hold": "ready"})
def begun_by_hand(scene: Scene, task: str) -> Iterator[Expected]:
    """Somebody began a ready task in a worktree of their own."""
    scene.stray(task, status=scene.rng.choice(["in_progress", "in_review", "completed"]))
    yield expect(task, "metadata-drift", also=["snapshot-mismatch"])


@fault({"hold": "ready"})
def begun_by_two(scene: Scene, task: str) -> Iterator[Expected]:
    """Two worktrees began a ready task, and say different things of it."""
    scene.stray(task, status="in_progress", pr_number="7")
    scene.stray(task, status="in_review", pr_number="8")
    yield expect(task, "metadata-drift", also=["snapshot-mismatch"])


@fault({"hold": ["done", "review", "stopped", "cancelled"]})
def branch_sets_back(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch that began where root is sets the status back."""
    scene.stray(task, committed=True, status=scene.rng.choice(["ready", "draft"]))
    yield expect(task, "stale-branch-copy")


@fault({"hold": "stopped", "ends": ("needs_review_fix",), "tombstone": True})
def branch_resumes_for_nobody(scene: Scene, task: str) -> Iterator[Expected]:
    """A branch takes a stopped task up again, though its dispatch is over."""
    scene.stray(task, committed=True, status="in_progress")
    yield expect(task, "stale-branch-copy")
