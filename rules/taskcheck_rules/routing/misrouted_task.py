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
    Row,
    Rows,
    Safety,
    Severity,
    Task,
    rule,
)


@rule(family="routing", severity=Severity.ERROR)
def misrouted_task(
    task: Task,
    people: People,
    ledgers: tuple[Ledger, ...],  # noqa: ARG001 - without any of them there is nothing to compare
    entries: Entries | None = None,
    rows: Rows | None = None,
    dispatches: Dispatches | None = None,
    checkouts: Checkouts | None = None,
) -> Iterator[Finding]:
    """A manager holds an open task that routes to another person, or to nobody.

    ## Why
    A queue that takes "anything not somebody else's" starts work that was never meant for it.

    ## Example
    dave-fowler's register holds a task of the role data-viz-designer, which rj fills.

    ## Fix
    Removes the register entry. Safe, and only offered, when its worktree is gone and no process of it lives.
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
    if dispatch and dispatch.owner and dispatch.state is not DispatchState.ENDED:
        held.setdefault(dispatch.owner, ([], []))
    for manager, (of_register, of_snapshot) in sorted(held.items()):
        if manager in allowed or manager not in people.persons:
            continue
        to = " or ".join(sorted(person for person in allowed if person)) or "nobody"
        yield Finding(
            task=task.id,
            place=_places(of_register, of_snapshot, dispatch)[0].place,
            message=f"{manager} holds it, but it routes to {to}: {routes[0].why}",
            expected=f"only {to} holds it" if to != "nobody" else "no manager holds it",
            evidence=(
                *_places(of_register, of_snapshot, dispatch),
                Evidence(
                    place=task.at("owner"),
                    saw=f"owner is {', '.join(s for _, s in task.owners) or 'missing'}",
                ),
            ),
            fix=_fix(of_register, dispatch, checkouts),
            identity=(manager,),
        )


def _places(entries: list[Entry], rows: list[Row], dispatch: Dispatch | None) -> tuple[Evidence, ...]:
    found = [Evidence(place=entry.place, saw=f"registered by {entry.manager}") for entry in entries]
    for row in rows:
        state = f", dispatch_state {row.dispatch_state}" if row.dispatch_state else ""
        found.append(Evidence(place=row.place, saw=f"registered {str(row.registered).lower()}{state}"))
    if not found and dispatch:
        found.append(Evidence(place=dispatch.place, saw=f"dispatched by {dispatch.owner}"))
    return tuple(found)


def _fix(entries: list[Entry], dispatch: Dispatch | None, checkouts: Checkouts | None) -> Fix | None:
    """Removal of the entries, where it is known that nothing is left of them."""
    running = dispatch is not None and dispatch.state is DispatchState.RUNNING
    left = [
        entry for entry in entries if entry.worktree_path and not (checkouts and checkouts.gone(entry.worktree_path))
    ]
    if not entries or running or left:
        return None
    return Fix(
        title="remove it from the register",
        safety=Safety.SAFE,
        edits=tuple(DropEntry(place=place) for entry in entries for place in entry.places),
    )
