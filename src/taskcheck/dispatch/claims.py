"""Whose a task is where no manager hands it out: whoever claims it, for as long as the claim counts."""

from collections.abc import Iterator

from taskcheck.documents.values import iso, timestamp
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task


def is_anybodys(state: State, task: Task) -> bool:
    """Return whether no manager hands a task out: the store has no registers, and the task no owner who is declared."""
    if state.settings.paths.registers:
        return False
    if isinstance(state.people, Unavailable):
        return True
    return not task.owners


def claims_of(state: State, task: Task, person: str) -> Iterator[str]:
    """Yield that somebody has claimed a task, as long as the claim counts."""
    claimant = task.text("claimed_by")
    if claimant is None or claimant == person:
        return
    claimed_at = task.text("claimed_at") or ""
    since = timestamp(claimed_at)
    if since is None:
        return
    until = since + state.settings.limits.claim_max_age
    if state.now < until:
        yield f"{claimant} has claimed it until {iso(until)}"
