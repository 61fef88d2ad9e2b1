"""How fresh the managers' heartbeats are, and how many tasks and workers each holds."""

from taskcheck.documents.frozen import replace
from taskcheck.model.managers import Manager
from taskcheck.model.report import ManagerStatus
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import Dispatches, State


def manager_statuses(state: State) -> tuple[ManagerStatus, ...]:
    """Return how fresh the heartbeat of each manager is, and how much it holds."""
    return tuple(_status(manager, state) for manager in state.known_managers)


def _status(manager: Manager, state: State) -> ManagerStatus:
    status = ManagerStatus(
        owner=manager.key,
        snapshot_age_seconds=None,
        fresh=False,
        files=tuple(sorted(ledger.place.path for ledger in manager.files)),
        entries=_entries(manager, state),
        workers=_workers(manager, state),
    )
    snapshot = manager.newest_snapshot
    if snapshot is None or snapshot.generated_at is None:
        return status
    age = state.now - snapshot.generated_at
    limits = state.settings.limits
    fresh = -limits.clock_skew <= age <= limits.snapshot_max_age
    return replace(status, snapshot_age_seconds=int(age.total_seconds()), fresh=fresh)


def _entries(manager: Manager, state: State) -> int | None:
    """Return how many tasks a manager's registers hold; None where they can't be read."""
    if isinstance(state.entries, Unavailable):
        return None
    return len(_registered(manager, state))


def _workers(manager: Manager, state: State) -> int | None:
    """Return how many of these a live process is known to hold; None where that can't be told."""
    if isinstance(state.entries, Unavailable):
        return None
    if isinstance(state.processes, Unavailable):
        return None
    if isinstance(state.dispatches, Unavailable):
        return None
    held = _registered(manager, state, state.dispatches)
    return len(held)


def _registered(manager: Manager, state: State, held_by: Dispatches | None = None) -> set[str]:
    """Return the tasks that a manager has registered; those that a live process holds, where runs are given."""
    tasks = set()
    for entry in state.known_entries:
        if entry.manager != manager.key:
            continue
        if held_by is None or held_by.held(entry):
            tasks.add(entry.task)
    return tasks
