"""role-routing."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Manager, People, Place, Settings, Severity, Stage, Task, rule


@rule(family="routing", severity=Severity.ERROR, explains=("misrouted-task",), stops_dispatch=True)
def role_routing(task_or_manager: Task | Manager, people: People, settings: Settings) -> Iterator[Finding]:
    """An open task is owned by nobody who could act: an unknown name, or a role that no person fills.

    ## Why
    A queue that takes what it can't route takes what is nobody's. Such a task isn't dispatchable.

    ## Example
    `owner: product-critic`, and no person is declared for that role. A role that is set to `false` is on purpose
    nobody's, and silent. A missing owner counts for ready and active tasks only, in a store that has managers or
    requires an owner. A register or snapshot of an owner
    who resolves to nobody is found too, on that manager. Names that begin alike or look alike are only suggested.

    ## Fix
    None: who acts is for a person to say, in `[people]` and `[roles]` or in the team files.
    """
    if isinstance(task_or_manager, Manager):
        yield from _manager(task_or_manager, people)
    elif not task_or_manager.done:
        yield from _task(task_or_manager, people, settings)


def _task(task: Task, people: People, settings: Settings) -> Iterator[Finding]:
    if not task.owners and task.stage in {Stage.READY, Stage.ACTIVE} and _owner_is_due(task, settings):
        place = task.at("status")
        yield Finding(
            task=task.id,
            place=place,
            message=f"the task is {task.status} and has no owner",
            expected="an owner who is a declared person, or a role that a person fills",
            evidence=(Evidence(place=place, saw=f"status is {task.status}, no owner"),),
        )
    for route, spelling in task.owners:
        routed = people.route(spelling)
        if routed.person is not None or routed.deliberate:
            continue
        place = task.place.at(*route)
        owner = people.resolve(spelling)
        evidence = [Evidence(place=place, saw=f"owner is {spelling}")]
        if owner:
            evidence.append(Evidence(place=Place(path=people.declared_in.get(owner.key, "")), saw=routed.why))
        yield Finding(
            task=task.id,
            place=place,
            message=f"nobody may dispatch it: {routed.why}{_look_alike(spelling, people)}",
            expected=f"a person who fills the role {owner.key}, or false where it is nobody's on purpose"
            if owner
            else "a declared person, or a role that a person fills" + _suggestion(spelling, people),
            evidence=tuple(evidence),
            identity=(spelling,),
        )


def _owner_is_due(task: Task, settings: Settings) -> bool:
    """Whether a task without an owner waits for somebody who never comes, and not for whoever wants it."""
    return bool(settings.paths.registers) or task.keys["owner"] in settings.required


def _manager(manager: Manager, people: People) -> Iterator[Finding]:
    if manager.known or people.route(manager.key).person is not None:
        return
    files = [*(r.ledger for r in manager.registers), *(s.ledger for s in manager.snapshots)]
    yield Finding(
        manager=manager.key,
        place=files[0].place,
        message=f"{manager.key} has {_kinds(manager)}, and is {_what(manager.key, people)}",
        expected="a manager that works for a declared person" + _suggestion(manager.key, people),
        evidence=tuple(Evidence(place=file.place, saw=f"owner is {file.owner or file.name}") for file in files),
    )


def _kinds(manager: Manager) -> str:
    return " and ".join(["a register"] * bool(manager.registers) + ["a snapshot"] * bool(manager.snapshots))


def _what(spelling: str, people: People) -> str:
    """What a name that routes to nobody is."""
    if people.resolve(spelling) is None:
        return f"no declared person{_look_alike(spelling, people)}"
    return f"nobody's: {people.route(spelling).why}"


def _look_alike(spelling: str, people: People) -> str:
    alike = () if people.resolve(spelling) else people.look_alikes(spelling)
    return f", though it looks like {' and '.join(alike)}" if alike else ""


def _suggestion(spelling: str, people: People) -> str:
    close = () if people.resolve(spelling) else people.suggestions(spelling)
    return f"; {' or '.join(close)}, perhaps?" if close else ""
