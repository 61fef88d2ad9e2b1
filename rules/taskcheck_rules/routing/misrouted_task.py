"""misrouted-task."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Copies,
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
    Severity,
    Task,
    Tasks,
    Wait,
    field,
    frozen,
    rule,
)
from taskcheck_rules.parts import entries_of, rows_of, run_of, stands_for_several
from taskcheck_rules.traces import last_record, work_elsewhere
from taskcheck_rules.wording import phrase


@rule(
    family="routing",
    severity=Severity.ERROR,
    stops_dispatch=True,
)
def misrouted_task(
    task: Task,
    tasks: Tasks,
    people: People,
    ledgers: tuple[Ledger, ...],  # noqa: ARG001 - without any of them there is nothing to compare
    entries: Entries | None = None,
    rows: Rows | None = None,
    dispatches: Dispatches | None = None,
    checkouts: Checkouts | None = None,
    copies: Copies | None = None,
    processes: Processes | None = None,
) -> Iterator[Finding]:
    """A manager holds an open task that routes to another person or to nobody.

    ## Why
    A queue that takes every task "not owned by somebody else" starts work that wasn't meant for it.

    ## Example
    The register of dave-fowler holds a task of the role data-viz-designer, which rj fills. A manager holds a task by a
    register entry, by a snapshot row that is `registered` or has a `dispatch_state`, or by a dispatch that hasn't
    ended.

    ## Fix
    Removes the register entry. The fix is offered only if the entry has no worktree, and if its process is known not to
    be alive or none was ever launched. Otherwise a worker may be active, or its work may still exist. The fix is unsafe
    if the entry's branch isn't merged or is checked out elsewhere, and if nothing else records the pull request. There
    is no fix if several tasks have this id.

    It is also unsafe if the owner is missing or an unknown name, or a role of such a name: then the task file or the
    declaration of people may be wrong, and not the register.
    """
    if task.closed:
        return
    dispatch = run_of(dispatches, task.id)
    allowed = _allowed(task, people)
    holds = _holds(task, entries, rows, dispatch)
    for manager, hold in sorted(holds.items()):
        holder = people.route(manager).person
        if holder is None or holder in allowed:
            continue
        evidence = _evidence(hold, dispatch)
        unclear = stands_for_several(task.id, tasks, copies)
        doubt = _not_known(task, people)
        fix = None if unclear else _fix(task, hold.entries, doubt, dispatches, checkouts, processes)
        yield _finding(task, people, allowed, manager, holder, evidence, fix)


@frozen
class Hold:
    """By what a manager holds a task; by neither where its dispatch alone does."""

    entries: list[Entry] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def _allowed(task: Task, people: People) -> set[str]:
    """Return the people to whom the task routes."""
    allowed = set()
    for _, spelling in task.owners:
        person = people.route(spelling).person
        if person is not None:
            allowed.add(person)
    return allowed


def _holds(task: Task, entries: Entries | None, rows: Rows | None, dispatch: Dispatch | None) -> dict[str, Hold]:
    """Return the managers that hold the task, each with what it holds it by."""
    holds: dict[str, Hold] = {}
    for entry in entries_of(entries, task.id):
        holds.setdefault(entry.manager, Hold()).entries.append(entry)
    for row in rows_of(rows, task.id):
        if row.held:
            holds.setdefault(row.manager, Hold()).rows.append(row)
    if dispatch and dispatch.owner and not _seen_to(dispatch):
        holds.setdefault(dispatch.owner, Hold())
    return holds


def _seen_to(dispatch: Dispatch) -> bool:
    """Return whether a run holds its task no more: it has ended, or somebody moved the task on since it is gone."""
    ended = dispatch.state is DispatchState.ENDED
    return ended or dispatch.looked_after


def _not_known(task: Task, people: People) -> str:
    """Return why it isn't known to whom a task routes; empty where each owner is declared, and who fills each role."""
    if not task.owners:
        return "the task names no owner, so it may be the manager's"
    for _, spelling in task.owners:
        owner = people.resolve(spelling)
        filled_by = people.roles.get(owner.key) if owner is not None else spelling
        if filled_by and people.person(filled_by) is None:
            why = people.route(spelling).why
            return f"{why}, so it may be the manager's"
    return ""


def _finding(
    task: Task,
    people: People,
    allowed: set[str],
    manager: str,
    holder: str,
    evidence: tuple[Evidence, ...],
    fix: Fix | None,
) -> Finding:
    """Return the finding that a manager holds a task that routes to somebody else."""
    to = " or ".join(sorted(allowed)) or "nobody"
    who = holder if manager == holder else f"{manager} (filled by {holder})"
    owners = ", ".join(spelling for _, spelling in task.owners) or "missing"
    owned = Evidence(place=task.at("owner"), saw=f"owner is {owners}")
    return Finding(
        task=task.id,
        place=evidence[0].place,
        message=f"{task.id} is held by {who}, but routes to {to}{_why(task, people)}",
        expected=f"only {to} holds the task" if allowed else "no manager holds the task",
        evidence=(*evidence, owned),
        fix=fix,
        remedy=Wait(f"{manager} to release the task after its worker has ended; or make {holder} its owner"),
        identity=(manager,),
    )


def _why(task: Task, people: People) -> str:
    """Return why it routes there, where the owner as written doesn't say so itself."""
    if not task.owners:
        return f": {people.route(None).why}"
    reasons: dict[str, None] = {}
    for _, spelling in task.owners:
        route = people.route(spelling)
        if route.person != spelling:
            reasons[route.why] = None
    return phrase(": ", "; ".join(reasons))


def _evidence(hold: Hold, dispatch: Dispatch | None) -> tuple[Evidence, ...]:
    """Return what shows that the manager holds the task; its dispatch speaks where no register and snapshot does."""
    found = []
    for entry in hold.entries:
        found.append(Evidence(place=entry.place, saw=f"registered by {entry.manager}"))
    for row in hold.rows:
        registered = str(row.registered).lower()
        state = phrase(", dispatch_state ", row.dispatch_state)
        found.append(Evidence(place=row.place, saw=f"registered {registered}{state}"))
    if not found and dispatch:
        found.append(Evidence(place=dispatch.place, saw=f"dispatched by {dispatch.owner}"))
    return tuple(found)


def _fix(
    task: Task,
    entries: list[Entry],
    doubt: str,
    dispatches: Dispatches | None,
    checkouts: Checkouts | None,
    processes: Processes | None,
) -> Fix | None:
    """Return the removal of the entries, where it is known that nothing is left of them; safe unless in doubt."""
    if not entries or dispatches is None or checkouts is None:
        return None
    edits: list[DropEntry] = []
    for entry in entries:
        doubt = doubt or _doubt(entry, task, dispatches, checkouts)
        may_be_at_work = entry.doubtful or bool(dispatches.protection(entry))
        if may_be_at_work or not _cleared(entry, checkouts, processes):
            return None
        edits += [DropEntry(place=place) for place in entry.places]
    return Fix.unless(doubt, title="remove the entry from the register", edits=tuple(edits))


def _doubt(entry: Entry, task: Task, dispatches: Dispatches, checkouts: Checkouts) -> str:
    """Return what would be forgotten with an entry, or where its work may be; empty where nothing is left."""
    forgotten = last_record(entry, task, dispatches, None)
    return forgotten or work_elsewhere(entry, checkouts)


def _cleared(entry: Entry, checkouts: Checkouts, processes: Processes | None) -> bool:
    """Return whether it is known that no worktree of the entry is left."""
    if not _surely_of_this_host(entry, processes):
        return False
    if entry.worktree_path is not None:
        return checkouts.gone(entry.worktree_path)
    own = checkouts.of(entry.task)
    return own is None or own.path is None or not own.live


def _surely_of_this_host(entry: Entry, processes: Processes | None) -> bool:
    """Return whether the entry is of the host that is looked at, as one that names none is."""
    if not entry.host:
        return True
    return processes is not None and processes.is_host(entry.host)
