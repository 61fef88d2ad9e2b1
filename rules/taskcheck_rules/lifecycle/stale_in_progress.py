"""stale-in-progress."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck import (
    Copies,
    Dispatches,
    DispatchState,
    Evidence,
    Finding,
    Place,
    Settings,
    Severity,
    Stage,
    Task,
    Undecided,
    age,
    rule,
)


@rule(family="lifecycle", severity=Severity.WARNING, explains=("stuck_in_progress",))
def stale_in_progress(
    task: Task,
    dispatches: Dispatches,
    moves: Mapping[str, datetime],
    settings: Settings,
    now: datetime,
    reviews: Mapping[str, Place],
    copies: Copies | None = None,
) -> Iterator[Finding]:
    """An active task that no live worker holds hasn't moved for long.

    ## Why
    Work that stands still looks like work that goes on; nobody picks it up again.

    ## Example
    `status: in_progress`, nobody's process lives, and the newest sign of work (front matter, register, tombstone,
    commits of its branch, log) is older than `in_progress_max_idle`. The message says which terminal state the
    traces speak for: a pull request, a review, commits.

    ## Fix
    None: finish the task, or set it back.
    """
    dispatch = dispatches.of(task.id)
    if task.stage is not Stage.ACTIVE or (dispatch and dispatch.state is DispatchState.RUNNING):
        return
    moved = moves.get(task.id)
    if moved is None:
        raise Undecided(f"nothing says when {task.id} last moved")
    idle = now - moved
    if idle <= settings.limits.in_progress_max_idle:
        return
    copy = copies.own(task.id) if copies else None
    pull = task.pull_request or (copy.task.pull_request if copy else None)
    evidence = [Evidence(place=task.at("status"), saw=f"status is {task.status}, last moved {moved:%Y-%m-%d %H:%M}Z")]
    if copy:
        evidence.append(Evidence(place=copy.task.at("status"), saw=f"status is {copy.task.status}"))
    if task.id in reviews:
        evidence.append(Evidence(place=reviews[task.id], saw="a review happened"))
    if pull:
        speaks = "; its pull request speaks for completed_with_pr"
    elif task.id in reviews:
        speaks = "; its review speaks for completed_with_pr or needs_review_fix"
    else:
        speaks = "; nothing speaks for an end"
    yield Finding(
        task=task.id,
        place=task.at("status"),
        message=f"nothing has moved for {age(idle)}, and no worker is known to be at it{speaks}",
        expected=f"a live worker, or a sign of work within {age(settings.limits.in_progress_max_idle)}",
        evidence=tuple(evidence),
    )
