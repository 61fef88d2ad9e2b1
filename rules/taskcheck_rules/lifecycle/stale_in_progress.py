"""stale-in-progress."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck import (
    Checkout,
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
from taskcheck_rules.parts import own_copy, rows_lost
from taskcheck_rules.remedies import FINISH
from taskcheck_rules.wording import minute, status_of, uncommitted


@rule(
    family="lifecycle",
    severity=Severity.WARNING,
    explains=("stuck_in_progress", "dispatch_worker_gone", "dispatch_retry_cooldown"),
    stops_dispatch=True,
    remedy=FINISH,
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
    """An active task has no live worker, and nothing has moved for a long time.

    ## Why
    Stalled work looks like active work, so nobody picks it up again.

    ## Example
    The status is `in_progress`, no process of a worker is alive, and the newest sign of work is older than
    `in_progress_max_idle`. Signs of work are front matter, register, tombstone, commits on the task's branch, and the
    log. The message names the terminal state that the traces suggest: a pull request, a review, commits. The evidence
    says if code in the task's worktree isn't committed.

    ## Fix
    None: finish the task, or set it back.
    """
    dispatch = dispatches.of(task.id)
    if task.stage is not Stage.ACTIVE or _running(dispatch):
        return
    moved = moves.get(task.id)
    if moved is None:
        ahead = _ahead(dispatch, now)
        if ahead is None:
            raise Undecided(f"nothing says when {task.id} last moved")
        yield _dated_ahead(task, ahead, now)
        return
    idle, longest = now - moved, settings.limits.in_progress_max_idle
    if idle <= longest:
        return
    registered = dispatch is not None and bool(dispatch.entries)
    if not registered and rows_lost(ledgers):
        raise Undecided("a register that may know its worker can't be read")
    copy = own_copy(copies, task.id)
    pull = _pull_request(task, dispatch, copy)
    review = _review(task, reviews)
    commits = _commits(task, dispatch, checkouts)
    end = _speaks_for(pull, review, commits)
    traces = [trace for trace in (pull, review, commits) if trace]
    yield Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} hasn't moved for {age(idle)} and has no known worker; {end}",
        expected=f"a live worker, or a sign of work within {age(longest)}",
        evidence=(*_statuses(task, moved, copy), *traces, *uncommitted(task, checkouts)),
    )


def _ahead(dispatch: Dispatch | None, now: datetime) -> Evidence | None:
    """Return the record of a run whose times all lie ahead of this clock: they are no sign of life."""
    if dispatch is None:
        return None
    for record in dispatch.records:
        written = record.last_sign
        if written is not None and written > now:
            return Evidence(place=record.written_in, saw=f"dated {minute(written)}, {age(written - now)} ahead")
    return None


def _dated_ahead(task: Task, ahead: Evidence, now: datetime) -> Finding:
    """Return the warning that nothing but times to come tells of a worker."""
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"worker of {task.id} may be gone: its records are dated ahead of this clock, {minute(now)}",
        expected="records whose times have passed: a clock, or a time zone, is wrong",
        evidence=(status_of(task), ahead),
        identity=("ahead",),
    )


def _running(dispatch: Dispatch | None) -> bool:
    """Return whether a live worker is at the task."""
    return dispatch is not None and dispatch.state is DispatchState.RUNNING


def _statuses(task: Task, moved: datetime, copy: Copy | None) -> list[Evidence]:
    """Return what root says, and the worktree."""
    root = Evidence(place=task.at("status"), saw=f"status is {task.status}, last moved {minute(moved)}")
    if copy is None:
        return [root]
    return [root, status_of(copy.task)]


def _speaks_for(pull: Evidence | None, review: Evidence | None, commits: Evidence | None) -> str:
    """Return which terminal state the traces speak for; the first one has the word."""
    if pull:
        return "its pull request suggests completed_with_pr"
    if review:
        return "its review suggests completed_with_pr or needs_review_fix"
    if commits:
        return "its commits suggest work that needs a pull request, or that failed"
    return "no ledger suggests an outcome"


def _pull_request(task: Task, dispatch: Dispatch | None, copy: Copy | None) -> Evidence | None:
    """Return the pull request that the first ledger names: root, the worktree, an entry, the tombstone."""
    ledgers = [(task.at("pr_url"), task.pull_request)]
    if copy:
        ledgers.append((copy.task.at("pr_url"), copy.task.pull_request))
    if dispatch:
        ledgers += [(entry.place, entry.pull_request) for entry in dispatch.entries]
    if dispatch and dispatch.tombstone:
        ledgers.append((dispatch.tombstone.ledger.place, dispatch.tombstone.pull_request))
    for place, pull in ledgers:
        if pull is not None:
            named = f"#{pull.number}" if pull.number else pull.url
            return Evidence(place=place, saw=f"pull request {named}")
    return None


def _review(task: Task, reviews: Mapping[str, Place]) -> Evidence | None:
    """Return the review of the task, where one happened."""
    place = reviews.get(task.id)
    if place is None:
        return None
    return Evidence(place=place, saw="a review happened")


def _commits(task: Task, dispatch: Dispatch | None, checkouts: Checkouts | None) -> Evidence | None:
    """Return the commits of its worktree or branch since the dispatch began, or since it left root's history."""
    checkout = checkouts.of(task.id) if checkouts else None
    if checkout is None or not isinstance(checkout.fork, Fork):
        return None
    commits, newest = checkout.fork.commits, checkout.fork.newest_commit_at
    if newest is None:
        return None
    began = dispatch.began if dispatch else None
    if began is not None and newest < began:
        return None
    plural = "s" if commits > 1 else ""
    saw = f"{commits} commit{plural} of its own, the newest {minute(newest)}"
    return Evidence(place=_whereabouts(task, checkout), saw=saw)


def _whereabouts(task: Task, checkout: Checkout) -> Place:
    """Return the worktree's folder, or for a branch without one the task's file on it."""
    if checkout.path:
        return Place(path=checkout.path)
    return Place(path=task.place.path, checkout=checkout.name)
