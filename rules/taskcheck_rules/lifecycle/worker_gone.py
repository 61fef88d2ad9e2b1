"""worker-gone."""

from collections.abc import Iterator

from taskcheck import (
    FINISHED,
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    Entry,
    Evidence,
    Finding,
    Severity,
    Stage,
    Task,
    Undecided,
    rule,
)
from taskcheck_rules.parts import own_copy
from taskcheck_rules.remedies import FINISH, RUN
from taskcheck_rules.wording import minute, phrase, status_of, uncommitted


@rule(
    family="lifecycle",
    severity=Severity.ERROR,
    explains=(
        "metadata-drift",
        "stale-in-progress",
        "register-orphan",
        "pickup_overdue",
        "dispatch_worker_gone",
        "dispatch_retry_cooldown",
        "stuck_in_progress",
    ),
    remedy=(RUN, FINISH),
)
def worker_gone(
    task: Task, dispatches: Dispatches, copies: Copies | None = None, checkouts: Checkouts | None = None
) -> Iterator[Finding]:
    """The worker of a ready or active task is gone, with no recorded end and no finished work in its worktree.

    ## Why
    Nobody works on the task, but the register still says so. Retries and cool-downs then raise more alarms.

    ## Example
    The register names process 4242 on this host, which is no longer alive. (A process that started later than the
    launch counts as a different one.) The dispatch log stops in the middle, and there is no tombstone. Or no process is
    known, and nothing has moved for `in_progress_max_idle`. Or the manager has sent the signal `dispatch_worker_gone`
    since the launch.

    A worker on another host is alive while its heartbeat is fresh. A missing heartbeat alone doesn't make it gone. If
    the worktree's copy is finished, dispatch-completed-unreconciled reports the task instead. There is no finding if
    somebody has set the task back in root since the last sign of the worker.

    ## Fix
    None: check the work in its worktree, then dispatch the task again (`taskcheck run` accepts it) or set it back. The
    evidence says if code in the worktree isn't committed.
    """
    dispatch = dispatches.of(task.id)
    if dispatch is None or dispatch.state is not DispatchState.GONE:
        return
    waiting = task.stage in {Stage.READY, Stage.ACTIVE}
    if dispatch.moved_on or not waiting:
        return
    if not dispatch.readable:
        raise Undecided("a ledger that may name its worker can't be read")
    copy = own_copy(copies, task.id)
    if copy and copy.task.document is None:
        raise Undecided("a worktree's copy that may be finished can't be read")
    if copy and copy.task.stage in FINISHED:
        return
    yield Finding(
        task=task.id,
        place=dispatch.place,
        message=f"worker of {task.id} is gone: {dispatch.why}",
        expected="a live worker, or an end recorded in tombstone or log",
        evidence=(*_evidence(task, dispatch, copy), *uncommitted(task, checkouts)),
    )


def _evidence(task: Task, dispatch: Dispatch, copy: Copy | None) -> Iterator[Evidence]:
    """Yield what root, registers, the worktree, the tombstone and the log say of the run."""
    yield status_of(task)
    for entry in dispatch.entries:
        yield _registered(entry)
    if copy:
        yield status_of(copy.task)
    if dispatch.tombstone:
        state = dispatch.tombstone.state or "missing"
        yield Evidence(place=dispatch.tombstone.ledger.place, saw=f"state is {state}")
    if dispatch.log:
        yield Evidence(place=dispatch.log.place, saw="the last line isn't dispatch_exit_code")


def _registered(entry: Entry) -> Evidence:
    """Return what a register says of the worker."""
    process = phrase(", process ", entry.pid)
    host = phrase(" on ", entry.host)
    launched = phrase(", launched ", minute(entry.launched_at))
    return Evidence(place=entry.place, saw=f"registered by {entry.manager}{process}{host}{launched}")
