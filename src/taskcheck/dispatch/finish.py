"""What a worker says at its end: the outcome goes into its worktree's task file and the tombstone, and on to root."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from taskcheck.config.settings import Stage
from taskcheck.dispatch.heartbeat import renew
from taskcheck.dispatch.outcome import COMPLETED, FAILED, named_pull
from taskcheck.dispatch.records import Scalar
from taskcheck.dispatch.settle import PATIENCE, EndUnknown, Settled, left_behind, settle, tombstone_path
from taskcheck.dispatch.start import NotDispatched, idle, make_folder, task_named
from taskcheck.documents import Document, DocumentError, Refused, Route
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import iso
from taskcheck.fix.transaction import GivenUp
from taskcheck.model.runtime import Dispatch
from taskcheck.model.state import State
from taskcheck.model.task import PullRequest, Task
from taskcheck.read.orphans import is_of_code
from taskcheck.store import Request, Store, UsageError
from taskcheck.write.disk import Obstacle, rewrite
from taskcheck.write.locks import Held

REASONED = ("blocked", FAILED)
"""The outcomes that need a reason (spec 4)."""


@frozen(kw_only=True)
class Said:
    """What the worker says."""

    outcome: str
    pr_url: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Finished:
    """What became of it."""

    worktree: str | None
    """The worktree's task file that says so now; None where the worktree has none."""
    handed_over: bool
    """Whether a run is under way, which does the rest."""
    status: str | None = None
    """Root's status now, where the rest was done."""
    trouble: str | None = None
    """What couldn't be recorded, and why."""
    notes: tuple[str, ...] = ()
    """What a person has to know of what was written."""


def finish(store: Store, name: str, said: Said) -> Finished:
    """Record the outcome of a task's dispatch: in its worktree first, then for its run, or in every ledger.

    Raises:
        UsageError: what is said is no outcome, or lacks what it needs; nothing was written.
        NotDispatched: the task isn't one that can end so.
        GivenUp: it couldn't be written; the worktree's file may say it already, and it can be said again.
    """
    if not store.settings.paths.tombstones:
        raise UsageError("[paths] tombstones isn't configured, and the outcome of a dispatch is recorded there")
    _, state = store.read(Request())
    task = task_named(state, name)
    path = tombstone_path(store, task.id)
    _refuse_unfinishable(store, task)
    pull = _checked(state, task, said)
    written = _in_worktree(store, state, task, said, pull)
    changes: dict[str, Scalar] = {
        "outcome": said.outcome,
        "reason": " ".join(said.reason.split()) if said.reason else None,
        "pr_url": pull.url if pull else None,
        "pr_number": pull.number if pull else None,
    }
    make_folder(store, path)
    with idle(store, task.id) as nobody_runs_it:
        if not nobody_runs_it and _handed_over(store, path, changes):
            notes = left_behind(state, task.id, state.settings.outcome_status(said.outcome))
            return Finished(worktree=written, handed_over=True, notes=notes)
    settled = _settled(store, state, task, changes)
    status = settled.record.get("status_after")
    return Finished(
        worktree=written,
        handed_over=False,
        status=str(status or "") or None,
        trouble=settled.trouble,
        notes=settled.notes,
    )


def _refuse_unfinishable(store: Store, task: Task) -> None:
    """See that a task can be finished.

    Raises:
        NotDispatched: its file can't be read, or it isn't worked on.
    """
    if task.document is None:
        why = task.trouble.message if task.trouble else "it has no front matter"
        raise NotDispatched(f"{task.place.path} can't be read: {why}")
    with idle(store, task.id) as nobody_runs_it:
        if nobody_runs_it and (task.closed or task.stage is Stage.PARKED):
            raise NotDispatched(f"{task.place.path} is {task.status}: there is no dispatch of it to finish")


def _settled(store: Store, state: State, task: Task, changes: Mapping[str, Scalar]) -> Settled:
    """Record the end of a dispatch that nobody but the worker ends; return what became of it.

    Raises:
        GivenUp: it couldn't be recorded.
    """
    dispatch = state.dispatch_of(task.id)
    owner = dispatch.owner if dispatch else None
    try:
        return settle(store, task.id, owner, lambda _, record: _ending(record, task, dispatch, changes))
    except EndUnknown as error:
        raise GivenUp(str(error), None) from error


def _checked(state: State, task: Task, said: Said) -> PullRequest | None:
    """Return the pull request that the outcome names, or that a ledger does already.

    Raises:
        UsageError: the outcome isn't one, or lacks what it needs.
    """
    if said.outcome not in state.settings.outcomes:
        raise UsageError(f"{said.outcome!r} isn't an outcome{_hint(said.outcome, state.settings.outcomes)}")
    reason = (said.reason or "").strip()
    if said.outcome in REASONED and not reason:
        raise UsageError(f"{said.outcome} needs a reason: --reason 'why it can't be done'")
    if said.pr_url is not None and not _is_address(said.pr_url):
        raise UsageError(f"--pr-url {said.pr_url!r} isn't a URL such as https://example.com/o/r/pull/12")
    if said.pr_url:
        return PullRequest.at(said.pr_url)
    try:
        pull = named_pull(state, task.id, {})
    except EndUnknown as error:
        raise UsageError(str(error)) from error
    if said.outcome == COMPLETED and pull is None:
        raise UsageError(f"{said.outcome} needs a pull request: --pr-url URL")
    return pull


def _hint(outcome: str, outcomes: Iterable[str]) -> str:
    """Return which outcome may have been meant, else all that there are."""
    from taskcheck.config.suggest import did_you_mean

    return did_you_mean(outcome, outcomes) or f"; available: {', '.join(outcomes)}"


def _is_address(url: str) -> bool:
    """Return whether a text is an address in the web."""
    scheme, _, rest = url.partition("://")
    is_web = scheme in {"http", "https"} and bool(rest.strip("/"))
    return is_web and url.isprintable() and " " not in url


def _in_worktree(store: Store, state: State, task: Task, said: Said, pull: PullRequest | None) -> str | None:
    """Set status and pull request in the worktree's task file; return its path, None where there is none to write.

    Raises:
        UsageError: it can't be edited exactly.
    """
    found = None if store.settings.read_only else _copy(store, state, task)
    if found is None:
        return None
    top, path = found
    is_task = False
    shape = store.settings.shape.of(task.place.path)

    def changed(data: bytes | None) -> bytes | None:
        nonlocal is_task
        document = shape.read(data) if data else None
        if data is None or document is None:
            return None
        is_task = True
        changes = _changes(state, task, document, said, pull)
        return shape.set_scalars(data, changes)

    try:
        rewrite(top, path, changed)
    except (DocumentError, Refused) as error:
        raise UsageError(error.in_file(top / path)) from error
    except Obstacle as error:
        raise UsageError(f"{top / path}: {error}") from error
    except OSError as error:
        raise UsageError(f"{top / path}: {error.strerror}") from error
    return str(top / path) if is_task else None


def _changes(state: State, task: Task, copy: Document, said: Said, pull: PullRequest | None) -> dict[Route, str]:
    """Return the scalars to set: a status that the outcome allows, where it isn't there yet, and the pull request."""
    keys, values = task.keys, copy.values
    changes: dict[Route, str] = {}
    status = values.get(keys["status"])
    asked = state.settings.outcome_status(said.outcome)
    if asked and not state.settings.allows(said.outcome, status if isinstance(status, str) else None):
        changes[(keys["status"],)] = asked
    if pull and pull.url and values.get(keys["pr_url"]) != pull.url:
        changes[(keys["pr_url"],)] = pull.url
        if pull.number is not None:
            changes[(keys["pr_number"],)] = str(pull.number)
    return changes


def _copy(store: Store, state: State, task: Task) -> tuple[Path, str] | None:
    """Return the worktree that the task is worked on in, as a store, and the path of its file there.

    That is the task's own one, else the one that one stands in.
    """
    checkout = _workplace(store, state, task)
    if checkout is None:
        return None
    copy = state.own_copy_of(task.id)
    path = file_of(copy.task.place.path if copy else task.place.path)
    top = checkout / store.location.prefix
    return (top, path) if (top / path).is_file() else None


def _workplace(store: Store, state: State, task: Task) -> Path | None:
    """Return the top of the worktree that the task is worked on in; None where there is none, or it has the code alone.

    A file of the code at the path of a task says nothing of it.
    """
    own = state.checkout_of(task.id)
    top = store.location.current
    if own is not None and own.live and own.real:
        top = Path(own.real)
    return None if is_of_code(store.location, top) else top


def _handed_over(store: Store, path: str, changes: Mapping[str, Scalar]) -> bool:
    """Tell the run that is under way; return False where no tombstone says that one is.

    Raises:
        GivenUp: it can't be told.
    """

    def running(values: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
        return changes if values.get("state") == "running" else None

    try:
        return renew(store, path, running, PATIENCE)
    except (Held, Obstacle, OSError, ValueError, TypeError) as error:
        raise GivenUp(f"{path}: {error}", None) from error


def _ending(
    record: Mapping[str, Scalar], task: Task, dispatch: Dispatch | None, changes: Mapping[str, Scalar]
) -> Mapping[str, Scalar]:
    """Return what the tombstone says of a run that nobody but the worker itself ends.

    Its process isn't the run's any more.
    """
    by_ledgers: dict[str, Scalar] = {"status_before": task.status}
    if dispatch:
        by_ledgers["owner"] = dispatch.owner
        by_ledgers["started_at"] = iso(dispatch.began) if dispatch.began else None
    so_far = {key: value for key, value in record.items() if key not in {"pid", "heartbeat_at"}}
    return {**by_ledgers, **so_far, **changes}
