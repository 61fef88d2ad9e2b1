"""misrouted-task."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Dispatch,
    Dispatches,
    DispatchState,
    DropEntry,
    Entries,
    Entry,
    Evidence,
    Finding,
    Fix,
    Ledger,
    People,
    Processes,
    Row,
    Rows,
    Safety,
    Settings,
    Severity,
    Task,
    rule,
)


@rule(family="routing", severity=Severity.ERROR, stops_dispatch=True)
def misrouted_task(
    task: Task,
    people: People,
    ledgers: tuple[Ledger, ...],  # noqa: ARG001 - without any of them there is nothing to compare
    settings: Settings,
    entries: Entries | None = None,
    rows: Rows | None = None,
    dispatches: Dispatches | None = None,
    checkouts: Checkouts | None = None,
    processes: Processes | None = None,
) -> Iterator[Finding]:
    """A manager holds an open task that routes to another person, or to nobody.

    ## Why
    A queue that takes "anything not somebody else's" starts work that was never meant for it.

    ## Example
    dave-fowler's register holds a task of the role data-viz-designer, which rj fills. A register entry holds a task,
    and so does a snapshot row that is `registered` or has a `dispatch_state`, and a dispatch that hasn't ended.

    ## Fix
    Removes the register entry. Safe, and only offered, when it has no worktree and its process is known not to live,
    or none was ever launched; otherwise a worker may be at it, or its work may still be there.
    """
    if task.done:
        return
    routes = [people.route(spelling) for _, spelling in task.owners] or [people.route(None)]
    allowed = {route.person for route in routes}
    dispatch = dispatches.of(task.id) if dispatches else None
    held: dict[str, tuple[list[Entry], list[Row]]] = {}
    for entry in entries.of(task.id) if entries else ():
        held.setdefault(entry.manager, ([], []))[0].append(entry)
    for row in rows.of(task.id) if rows else ():
        if row.held:
            held.setdefault(row.manager, ([], []))[1].append(row)
    over = dispatch and (dispatch.state is DispatchState.ENDED or (dispatch.over and dispatch.moved_on))
    if dispatch and dispatch.owner and not over:
        held.setdefault(dispatch.owner, ([], []))
    for manager, (of_register, of_snapshot) in sorted(held.items()):
        holder = people.route(manager).person
        if holder in allowed or holder is None:
            continue
        to = " or ".join(sorted(person for person in allowed if person)) or "nobody"
        yield Finding(
            task=task.id,
            place=_places(of_register, of_snapshot, dispatch)[0].place,
            message=f"{_who(manager, holder)} holds it, but it routes to {to}{_why(task, people)}",
            expected=f"only {to} holds it" if to != "nobody" else "no manager holds it",
            evidence=(
                *_places(of_register, of_snapshot, dispatch),
                Evidence(
                    place=task.at("owner"),
                    saw=f"owner is {', '.join(s for _, s in task.owners) or 'missing'}",
                ),
            ),
            fix=_fix(of_register, dispatch, checkouts, processes, settings),
            identity=(manager,),
        )


def _who(manager: str, holder: str) -> str:
    return holder if manager == holder else f"{manager}, filled by {holder},"


def _why(task: Task, people: People) -> str:
    """Why it routes there, where the owner as written doesn't say so itself."""
    routes = [(spelling, people.route(spelling)) for _, spelling in task.owners] or [("", people.route(None))]
    told = dict.fromkeys(route.why for spelling, route in routes if route.person != spelling)
    return f": {'; '.join(told)}" if told else ""


def _places(entries: list[Entry], rows: list[Row], dispatch: Dispatch | None) -> tuple[Evidence, ...]:
    found = [Evidence(place=entry.place, saw=f"registered by {entry.manager}") for entry in entries]
    for row in rows:
        state = f", dispatch_state {row.dispatch_state}" if row.dispatch_state else ""
        found.append(Evidence(place=row.place, saw=f"registered {str(row.registered).lower()}{state}"))
    if not found and dispatch:
        found.append(Evidence(place=dispatch.place, saw=f"dispatched by {dispatch.owner}"))
    return tuple(found)


def _fix(
    entries: list[Entry],
    dispatch: Dispatch | None,
    checkouts: Checkouts | None,
    processes: Processes | None,
    settings: Settings,
) -> Fix | None:
    """Removal of the entries, where it is known that nothing is left of them."""
    if not entries or not all(
        _dead(entry, dispatch, processes, settings) and _cleared(entry, checkouts, processes) for entry in entries
    ):
        return None
    return Fix(
        title="remove it from the register",
        safety=Safety.SAFE,
        edits=tuple(DropEntry(place=place) for entry in entries for place in entry.places),
    )


def _dead(entry: Entry, dispatch: Dispatch | None, processes: Processes | None, settings: Settings) -> bool:
    """Whether it is known that no process of the entry lives."""
    if entry.doubtful:
        return False
    if dispatch is not None and entry in dispatch.entries:
        queued = entry.pid is None and entry.launched_at is None and entry.started_at is None
        if dispatch.over or (queued and dispatch.tombstone is None and dispatch.log is None):
            return True
        if dispatch.state is DispatchState.RUNNING and dispatch.owner == entry.manager:
            return False
    skew = settings.limits.clock_skew
    return processes is not None and processes.lives(entry.pid, entry.host, entry.launched, skew) is False


def _cleared(entry: Entry, checkouts: Checkouts | None, processes: Processes | None) -> bool:
    """Whether it is known that no worktree of the entry is left."""
    host = (entry.host or "").casefold()
    if checkouts is None or (host and (processes is None or host != processes.host.casefold())):
        return False
    if entry.worktree_path is not None:
        return checkouts.gone(entry.worktree_path)
    own = checkouts.of(entry.task)
    return own is None or own.path is None or not own.live
