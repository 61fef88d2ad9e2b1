"""How fresh the managers' heartbeats are, and how many tasks and workers each holds."""

from taskcheck.model.report import ManagerStatus
from taskcheck.model.sources import Processes, Unavailable
from taskcheck.model.state import Dispatches, State


def manager_statuses(state: State) -> tuple[ManagerStatus, ...]:
    """Return how fresh the heartbeat of each manager is, and how much it holds."""
    limits = state.settings.limits
    found = []
    for manager in state.known_managers:
        snapshot = manager.newest_snapshot
        age = state.now - snapshot.generated_at if snapshot and snapshot.generated_at else None
        entries, workers = _registered(manager.key, state)
        found.append(
            ManagerStatus(
                owner=manager.key,
                snapshot_age_seconds=int(age.total_seconds()) if age is not None else None,
                fresh=age is not None and -limits.clock_skew <= age <= limits.snapshot_max_age,
                files=tuple(sorted(ledger.place.path for ledger in manager.files)),
                entries=entries,
                workers=workers,
            )
        )
    return tuple(found)


def _registered(manager: str, state: State) -> tuple[int | None, int | None]:
    """Return how many tasks a manager's registers hold, and how many of these a live process is known to hold."""
    if isinstance(state.entries, Unavailable):
        return None, None
    entries = [entry for entry in state.entries if entry.manager == manager]
    held = None
    if isinstance(state.dispatches, Dispatches) and isinstance(state.processes, Processes):
        held = len({entry.task for entry in entries if state.dispatches.held(entry)})
    return len({entry.task for entry in entries}), held
