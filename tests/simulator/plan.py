"""What is to become of one task of a fleet: how far it goes, who does it, how each of its runs ends."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Literal

Hold = Literal[
    "parked", "ready", "registered", "launched", "working", "ended", "stopped", "review", "done", "cancelled"
]
End = Literal["completed_with_pr", "blocked", "needs_review_fix", "failed", "crash", "mute"]
Duty = Literal["follow", "reconcile", "prune", "outcome", "notice", "complete", "register", "status", "pr"]

Kind = Literal["", "locked", "detached", "outside", "stacked", "named", "unmounted"]

HOLDS: tuple[Hold, ...] = (
    "parked", "ready", "registered", "launched", "working", "working", "stopped", "review", "done", "done", "cancelled",
)  # fmt: skip
RETRIED: tuple[End, ...] = ("blocked", "needs_review_fix", "failed", "crash", "mute")
"""Ends after which somebody sets the task up again; a mute one is seen to at once."""
STOPS: tuple[End, ...] = ("blocked", "needs_review_fix", "failed", "crash")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The fate of one task; every field has an everyday value, so that a fault names only what matters to it."""

    hold: Hold
    """How far the task comes before it is looked at."""
    by: Literal["worker", "person"] = "worker"
    owner: Literal["person", "role", "pair", "nobody"] = "person"
    ends: tuple[End, ...] = ("completed_with_pr",)
    """How its runs end; each but the last is retried."""
    here: bool = True
    """Whether the worker runs on this host."""
    pid: bool = True
    tombstone: bool = True
    log: bool = True
    """What its dispatch records."""
    dated: bool = True
    """Whether the register says when the worker was launched."""
    exit_code: int | None = None
    """Of the last run; None for what goes with its end."""
    follow: Literal["launch", "pickup"] = "launch"
    """Whether root says in_progress from the launch on, or follows the worker's copy. Where nothing tells how long a
    worker has been alive, nobody knows that a pickup is a fresh one, and root has to follow at once."""
    tree: Kind = ""
    """What is special about its worktree: ``named``, its branch isn't called by the pattern."""
    named: bool = True
    """Whether the register has the task under its id, not under another name with its path."""
    merge: Literal["no-ff", "squash", "ff"] = "no-ff"
    tidy: bool = False
    """Whether worktree and branch are removed in the end."""
    archive: bool = False
    """Whether a completed task's file is moved."""
    pending: bool = False
    """Whether root's last change is left uncommitted."""
    early_pull: bool = False
    """Whether the worker opens its pull request long before it ends."""
    overtaken: bool = False
    """Whether a person completes the task while its worker is still at it."""
    idle: timedelta | None = None
    """How long ago the last sign of the last run is to be."""
    neglect: frozenset[Duty] = frozenset()
    """What its manager, its worker or its person omits in the last run."""

    @property
    def bare(self) -> bool:
        """Whether nothing but the worktree tells of its worker."""
        return not (self.pid or self.tombstone or self.log)

    @property
    def at_launch(self) -> bool:
        """Whether root follows as soon as the worker is launched."""
        return self.follow == "launch" or not (self.tombstone or (self.pid and self.dated))

    def neglects(self, duty: Duty) -> bool:
        """Whether a duty is omitted."""
        return duty in self.neglect


def some_plan(rng: Random) -> Plan:
    """Any fate at all; all duties are kept."""
    hold = rng.choice(HOLDS)
    by: Literal["worker", "person"] = "person" if rng.random() < 0.2 else "worker"
    retried = tuple(rng.choice(RETRIED) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    here = rng.random() < 0.8
    pid = rng.random() < 0.8
    tombstone = not here or rng.random() < 0.6
    last = rng.choice(STOPS) if hold == "stopped" else "completed_with_pr"
    dated = rng.random() < 0.8
    log = here and rng.random() < 0.7
    told = pid or tombstone or log
    trees: tuple[Kind, ...] = ("", "", "", "", "locked", "detached", "outside", "stacked", "named", "unmounted")
    return Plan(
        hold=hold,
        by=by,
        owner=rng.choice(("person", "person", "person", "role", "role", "pair", "nobody")),
        ends=(*retried, last),
        here=here,
        pid=pid,
        tombstone=tombstone,
        dated=dated,
        log=log,
        follow=rng.choice(("launch", "pickup")),
        tree=rng.choice(trees if told else trees[:-1]),
        named=not (tombstone and here) or rng.random() < 0.9,
        # A worker may live for long without a sign, where its process can be seen.
        idle=timedelta(hours=9) if by == "worker" and here and pid and rng.random() < 0.3 else None,
        merge=rng.choice(("no-ff", "squash", "ff")),
        tidy=rng.random() < 0.5,
        archive=rng.random() < 0.3,
        pending=rng.random() < 0.2,
        early_pull=rng.random() < 0.4,
    )
