"""stale-in-progress."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck import (
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    Evidence,
    Finding,
    Fork,
    Ledger,
    Place,
    Settings,
    Severity,
    Stage,
    Task,
    Undecided,
    age,
    rule,
)


@rule(
    family="lifecycle",
    severity=Severity.WARNING,
    explains=("stuck_in_progress", "dispatch_worker_gone", "dispatch_retry_cooldown"),
    stops_dispatch=True,
)
def stale_in_progress(
    task: Task,
    dispatches: Dispatches,
    moves: Mapping[str, datetime],
    settings: Settings,
    now: datetime,
    reviews: Mapping[str, Place],
    checkouts: Checkouts | None = None,
    copies: Copies | None = None,
    ledgers: tuple[Ledger, ...] | None = None,
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
    if not (dispatch and dispatch.entries) and any(ledger.lost_rows for ledger in ledgers or ()):
        raise Undecided("a register that may know its worker can't be read")
    copy = copies.own(task.id) if copies else None
    evidence = [Evidence(place=task.at("status"), saw=f"status is {task.status}, last moved {moved:%Y-%m-%d %H:%M}Z")]
    if copy:
        evidence.append(Evidence(place=copy.task.at("status"), saw=f"status is {copy.task.status}"))
    pull = _pull_request(task, dispatch, copy)
    commits = _commits(task, dispatch, checkouts)
    review = [Evidence(place=reviews[task.id], saw="a review happened")] if task.id in reviews else []
    evidence += [*pull, *review, *commits]
    if pull:
        speaks = "its pull request speaks for completed_with_pr"
    elif review:
        speaks = "its review speaks for completed_with_pr or needs_review_fix"
    elif commits:
        speaks = "its commits speak for work that wants a pull request, or that failed"
    else:
        speaks = "nothing speaks for an end"
    yield Finding(
        task=task.id,
        place=task.at("status"),
        message=f"nothing has moved for {age(idle)}, and no worker is known to be at it; {speaks}",
        expected=f"a live worker, or a sign of work within {age(settings.limits.in_progress_max_idle)}",
        evidence=tuple(evidence),
    )


def _pull_request(task: Task, dispatch: Dispatch | None, copy: Copy | None) -> list[Evidence]:
    """The first ledger that names a pull request."""
    ledgers = [(task.at("pr_url"), task.pull_request)]
    ledgers += [(copy.task.at("pr_url"), copy.task.pull_request)] if copy else []
    ledgers += [(entry.place, entry.pull_request) for entry in (dispatch.entries if dispatch else ())]
    if dispatch and dispatch.tombstone:
        ledgers.append((dispatch.tombstone.ledger.place, dispatch.tombstone.pull_request))
    return [
        Evidence(place=place, saw=f"pull request {f'#{pull.number}' if pull.number else pull.url}")
        for place, pull in ledgers
        if pull
    ][:1]


def _commits(task: Task, dispatch: Dispatch | None, checkouts: Checkouts | None) -> list[Evidence]:
    """The commits of its worktree or branch since the dispatch began, or since it left root's history."""
    checkout = checkouts.of(task.id) if checkouts else None
    fork = checkout.fork if checkout else None
    if checkout is None or not isinstance(fork, Fork) or not fork.commits or fork.newest_commit_at is None:
        return []
    if dispatch and dispatch.began and fork.newest_commit_at < dispatch.began:
        return []
    counted = f"{fork.commits} commit{'s' if fork.commits > 1 else ''} of its own"
    place = Place(path=checkout.path) if checkout.path else Place(path=task.place.path, checkout=checkout.name)
    return [Evidence(place=place, saw=f"{counted}, the newest {fork.newest_commit_at:%Y-%m-%d %H:%M}Z")]
