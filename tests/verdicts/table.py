"""The decision table: for every state that the ledgers of a task can be in, what is to be said first, and why.

It was written before it was held against the rules, and knows nothing of them. A row says what each dimension may be:
one value, several as ``ready|active``, all but some as ``!none``, or any as ``*``. The first row that a state meets
counts. docs/verdicts.md is made of it.
"""

from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple, get_args

Root = Literal["parked", "ready", "active", "review", "stopped", "done", "dropped", "unknown"]
"""The class of the status in root; unknown: a word outside of the vocabulary."""

Copy = Literal["none", "ready", "active", "review", "stopped", "done"]
"""The class of the status in a checkout that has another version of the file than root; none: no checkout has."""

Tie = Literal["record", "pattern", "presumed", "foreign"]
"""By what that checkout is the task's own; foreign: another one is."""

Dispatch = Literal[
    "none", "running", "completed_with_pr", "blocked", "needs_review_fix", "failed", "no outcome", "log", "gone",
    "unknown",
]  # fmt: skip
"""The newest run: its outcome where it ended, none recorded in the tombstone, or nothing but a log that ends with 0;
gone: its process is dead; unknown: a worker on another host, heard of within `in_progress_max_idle`."""

Branch = Literal["none", "unmerged", "merged", "reverted", "deleted"]
"""The task's branch: a record ties it wherever there is a run; deleted: merged by the word of a commit's subject."""

Entry = Literal["none", "entry"]
"""Whether a register has the task."""


class State(NamedTuple):
    """One combination."""

    root: Root
    copy: Copy
    tie: Tie
    dispatch: Dispatch
    branch: Branch
    entry: Entry


class Row(NamedTuple):
    """What is to be said of the states that it meets, and why."""

    root: str
    copy: str
    tie: str
    dispatch: str
    branch: str
    entry: str
    verdict: str
    """Severity and rule of the headline; empty for silence, `IMPOSSIBLE` for what can't be."""
    why: str

    def meets(self, state: State) -> bool:
        """Tell whether a state is one of the row's."""
        return all(_allows(pattern, value) for pattern, value in zip(self[:6], state, strict=True))


IMPOSSIBLE = "impossible"


def _allows(pattern: str, value: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("!"):
        return value not in pattern[1:].split("|")
    return value in pattern.split("|")


OPEN = "!done|dropped"
ENDED = "completed_with_pr|blocked|needs_review_fix|failed"
OVER = f"{ENDED}|no outcome|log|gone"


def rows() -> Iterator[Row]:
    """Yield the rows in their order."""
    yield from map(Row._make, _ROWS)


def all_states() -> Iterator[State]:
    """Yield all combinations, those that can't exist among them."""
    kinds = (Root, Copy, Tie, Dispatch, Branch, Entry)
    for values in product(*(get_args(kind) for kind in kinds)):
        yield State(*values)


def first(state: State) -> Row:
    """Return the row that counts for a state."""
    return next(row for row in rows() if row.meets(state))


MERGED = "error merged-not-completed"
UNRECONCILED = "error dispatch-completed-unreconciled"
NO_END = "error missing-terminal-state"
GONE = "error worker-gone"
ORPHAN = "error register-orphan"
LEFT_OVER = "warning register-orphan"
DRIFT = "error metadata-drift"
IN_FLIGHT = "info metadata-drift"
BACK = "warning stale-branch-copy"
UNREGISTERED = "warning unregistered-worktree"
NOT_LANDED = "warning done-not-landed"
OUTLIVES = "warning worker-outlives-task"
DRIFT_ELSEWHERE = "warning metadata-drift"
MERGED_BY_NAME = "warning merged-not-completed"
LEFT = "info merged-not-completed"

_ROWS: tuple[tuple[str, str, str, str, str, str, str, str], ...] = (
    # root, copy, tie, dispatch, branch, entry: verdict, why
    ("*", "none", "presumed|foreign", "*", "*", "*",
     IMPOSSIBLE, "Where no checkout differs, there is none to be presumed or foreign."),
    ("*", "!none", "*", "*", "deleted", "*",
     IMPOSSIBLE, "git deletes no branch that a worktree has checked out."),

    # Tasks that are closed: done, or dropped
    ("done|dropped", "*", "*", "!running", "*", "entry",
     ORPHAN, "The task is closed: its entry counts a worker that has nothing to do."),
    ("done|dropped", "ready|active|review|stopped", "*", "*", "none|merged", "*",
     BACK, "A merge of that checkout would open the task again."),
    ("dropped", "ready|active|review|stopped", "*", "*", "unmerged|reverted", "*",
     BACK, "A merge of that checkout would open the task again."),
    ("done", "*", "record", "!blocked|needs_review_fix|failed", "unmerged", "*",
     NOT_LANDED, "The task is done, but the branch recorded for it isn't on trunk."),
    ("done", "*", "*", "*", "reverted", "*",
     NOT_LANDED, "The task is done, but the recorded branch has been reverted on trunk since."),
    ("done", "*", "!record", "!none|log|blocked|needs_review_fix|failed", "unmerged", "*",
     NOT_LANDED, "The task is done, but the branch of its run isn't on trunk."),
    ("done|dropped", "none|done", "*", "running", "*", "*",
     OUTLIVES, "The worker of a closed task is still running, and nobody watches it."),
    ("done", "ready|active|review|stopped", "*", "*", "*", "*",
     BACK, "A merge of that checkout would open the task again."),
    ("done|dropped", "*", "*", "*", "*", "*",
     "", "Closed, and no ledger says otherwise."),

    # Merged
    (OPEN, "none", "*", "*", "deleted", "*",
     MERGED, "A commit of trunk names the recorded branch, which is gone: the work has landed."),
    (OPEN, "none|active|review|done", "!record", "none|log", "merged", "none",
     MERGED_BY_NAME, "A branch with the task's name has landed, but no record assigns it to the task."),
    ("ready", "ready", "!record", "none|log", "merged", "none",
     MERGED_BY_NAME, "A branch of that name has landed, and left the status alone."),
    ("stopped", "stopped", "!record", "none|log", "merged", "none",
     MERGED_BY_NAME, "A branch of that name has landed, and left the status alone."),
    (OPEN, "none|active|review|done", "*", "*", "merged", "*",
     MERGED, "The recorded branch has landed, and didn't leave the task unfinished."),
    ("ready", "ready", "*", "*", "merged", "*",
     MERGED, "The recorded branch has landed, and left the status alone."),
    ("stopped", "stopped", "*", "*", "merged", "*",
     MERGED, "The recorded branch has landed, and left the status alone."),

    # A run that ended, and root doesn't say how
    ("!review|done|dropped", "*", "*", "completed_with_pr", "*", "*",
     UNRECONCILED, "The run ended with a pull request, but root doesn't say so."),
    ("!stopped|done|dropped", "*", "*", "blocked", "*", "*",
     UNRECONCILED, "The run ended as blocked, but root doesn't say so."),
    (OPEN, "*", "*", "needs_review_fix|failed", "*", "*",
     UNRECONCILED, "The outcome of the run requires another status than root has."),

    # A run that ended without a word
    ("ready", "active|review|stopped|done", "!foreign", "no outcome|log", "*", "*",
     UNRECONCILED, "The run is over, and its own worktree is further than root."),
    ("active", "review|stopped|done", "!foreign", "no outcome|log", "*", "*",
     UNRECONCILED, "The run is over, and its own worktree is further than root."),
    ("parked", "ready|active|review|stopped|done", "!foreign", "no outcome", "*", "*",
     UNRECONCILED, "The run is over, and its own worktree is further than root."),
    ("parked", "ready|active|review|stopped|done", "!foreign", "log", "*", "*",
     UNRECONCILED, "The run is over, and its own worktree is further than root."),
    (OPEN, "*", "*", "no outcome", "*", "*",
     NO_END, "The run is over, and no ledger says how it ended."),
    ("parked|ready|active|unknown", "none|ready|active", "*", "log", "*", "*",
     NO_END, "The log has ended, but no ledger records the outcome of the run."),
    ("parked|ready|active|unknown", "*", "foreign", "log", "*", "*",
     NO_END, "The log has ended, and only another task's checkout has an end."),

    # A worker that is gone
    ("parked|ready|active", "review|stopped|done", "!foreign", "gone", "*", "*",
     UNRECONCILED, "The worker is gone, and had finished in its own worktree."),
    ("ready|active", "*", "*", "gone", "*", "*",
     GONE, "The worker is gone without a recorded end, and root waits for it."),

    ("parked|review|stopped|unknown", "*", "*", "gone", "*", "entry",
     LEFT_OVER, "The worker is gone, but its entry still counts it. The manager may still need the entry."),
    (OPEN, "*", "*", "completed_with_pr|blocked|log", "*", "entry",
     LEFT_OVER, "The run is over and root has its outcome, but the entry still counts a worker."),

    # Another checkout says otherwise
    ("ready", "active|review|stopped|done", "foreign", "none|running|unknown", "*", "*",
     DRIFT_ELSEWHERE, "A checkout that isn't the task's own has begun the task, and root should know."),
    ("ready", "active|review|stopped|done", "*", "none|running|unknown", "*", "*",
     DRIFT, "Its own worktree has begun the task, and the queue would dispatch it again."),
    ("active|review|stopped", "ready", "*", "*", "*", "*",
     BACK, "A merge of that checkout would set the task back."),
    ("review|stopped", "active", "*", "completed_with_pr|blocked|log|gone", "*", "*",
     BACK, "The run is over, and a merge of its checkout would set the task back."),
    ("active", "!none", "!presumed", "none|running|unknown", "*", "none",
     UNREGISTERED, "The task is active in a worktree, but no register has an entry for it."),
    (OPEN, "ready|stopped", "*", "*", "merged", "*",
     LEFT, "The branch has landed, but its own copy says that work is left."),
    ("ready", "ready", "*", "none|running|unknown", "*", "*",
     "", "The checkout has the status that root has; what else it changed comes with its merge."),
    ("stopped", "stopped", "*", "*", "*", "*",
     "", "Root and checkout agree that the task is stopped."),
    ("active", "active", "*", "none|running|unknown", "*", "*",
     "", "Root and checkout agree that the task is active, and the register has its worktree."),
    ("review|stopped", "active", "*", "none|running|unknown", "*", "*",
     "", "A worker has resumed the task in a worktree, which is normal."),
    (OPEN, "!none", "*", "*", "*", "*",
     IN_FLIGHT, "A checkout is ahead of root or differs from it, but root doesn't have to follow yet."),

    # Nothing but root, and perhaps a run that goes on
    ("parked|ready|stopped|unknown", "none", "*", "running", "*", "*",
     "", "A live worker holds the task, and will record its end itself."),
    ("active", "none", "*", "running|unknown", "*", "*",
     "", "The task is active, and no ledger contradicts that."),
    ("review|stopped", "none", "*", "completed_with_pr|blocked|log", "*", "none",
     "", "The run is over, and root has its outcome."),
    ("parked|review|stopped|unknown", "none", "*", "gone", "*", "none",
     "", "The worker is gone, nobody waits for it, and no register counts it."),
    (OPEN, "none", "*", "running|unknown", "*", "*",
     "", "No ledger can tell more until `in_progress_max_idle` has passed."),
    (OPEN, "none", "*", "none", "*", "*",
     "", "Only root mentions the task. A reservation in a register changes nothing."),
)  # fmt: skip
