"""role-routing."""

from collections.abc import Iterator

from taskcheck import (
    Evidence,
    Finding,
    HandEdit,
    Manager,
    People,
    Place,
    Settings,
    Severity,
    Stage,
    Task,
    replace,
    rule,
)
from taskcheck_rules.wording import phrase


@rule(
    family="routing",
    severity=Severity.ERROR,
    explains=("misrouted-task",),
    stops_dispatch=True,
    remedy=HandEdit("the owner is a declared person, or a role that a person fills; or declare one"),
)
def role_routing(task_or_manager: Task | Manager, people: People, settings: Settings) -> Iterator[Finding]:
    """The owner of an open task is an unknown name, or a role that no person fills.

    ## Why
    Nobody may dispatch such a task. A queue that takes tasks without a route takes it anyway.

    ## Example
    The owner is `product-critic`, and no person is declared for that role. There is no finding for a role that is set
    to `false`, which means that nobody fills it on purpose. A missing owner is a finding only for ready and active
    tasks, in a store that has managers or requires an owner.

    A register or snapshot of an unknown owner is a finding about that manager. If it is named after a role that a
    person fills, it is a warning, because that person's manager has its own file. If a declared name begins or looks
    like an unknown one, the rule only suggests it.

    ## Fix
    None: a person has to declare who acts, in `[people]` and `[roles]` or in the team files.
    """
    if isinstance(task_or_manager, Manager):
        yield from _of_manager(task_or_manager, people)
    elif not task_or_manager.closed:
        yield from _of_task(task_or_manager, people, settings)


def _of_task(task: Task, people: People, settings: Settings) -> Iterator[Finding]:
    """Yield a finding where an owner is due and none is there, and for each owner who routes to nobody."""
    if not task.owners and _owner_is_due(task, settings):
        yield _without_owner(task)
    for route, spelling in task.owners:
        routed = people.route(spelling)
        if routed.person is None and not routed.deliberate:
            yield _nobody(task, task.place.at(*route), spelling, routed.why, people)


def _owner_is_due(task: Task, settings: Settings) -> bool:
    """Return whether a task without an owner waits for somebody who never comes, and not for whoever wants it."""
    if task.stage not in {Stage.READY, Stage.ACTIVE}:
        return False
    has_managers = bool(settings.paths.registers)
    return has_managers or task.keys["owner"] in settings.required_keys


def _without_owner(task: Task) -> Finding:
    """Return the finding that a task has no owner."""
    place = task.at("status")
    status = Evidence(place=place, saw=f"status is {task.status}, no owner")
    return Finding(
        task=task.id,
        place=place,
        message=f"{task.id} is {task.status}, but has no owner",
        expected="an owner who is a declared person, or a role that a person fills",
        evidence=(status,),
    )


def _nobody(task: Task, place: Place, spelling: str, why: str, people: People) -> Finding:
    """Return the finding that an owner is an unknown name, or a role that no person fills."""
    expected = f"a declared person, or a role that a person fills{_suggestion(spelling, people)}"
    evidence = [Evidence(place=place, saw=f"owner is {spelling}")]
    role = people.resolve(spelling)
    if role is not None:
        expected = f"a person who fills the role {role.key}, or false if it stays empty on purpose"
        declared = Place(path=people.declared_in.get(role.key, ""))
        evidence.append(Evidence(place=declared, saw=why))
    return Finding(
        task=task.id,
        place=place,
        message=f"{task.id} can't be dispatched: {why}{_look_alike(spelling, people)}",
        expected=expected,
        evidence=tuple(evidence),
        identity=(spelling,),
    )


def _of_manager(manager: Manager, people: People) -> Iterator[Finding]:
    """Yield a finding where the files of a manager are of nobody who could act."""
    if manager.known:
        return
    evidence = []
    for file in manager.files:
        owner = file.owner or file.name
        evidence.append(Evidence(place=file.place, saw=f"owner is {owner}"))
    person = people.route(manager.key).person
    suggestion = _suggestion(manager.key, people)
    found = Finding(
        manager=manager.key,
        place=evidence[0].place,
        message=f"{manager.key} has {_kinds(manager)}, but {_what(manager.key, people)}",
        expected=f"a manager that works for a declared person{suggestion}",
        evidence=tuple(evidence),
    )
    if person is None:
        yield found
        return
    message = f"{manager.key} has {_kinds(manager)}, but is a role, not a person: {person} fills it"
    expected = f"files of a manager that are named after {person}"
    yield replace(found, message=message, expected=expected, severity=Severity.WARNING, identity=("role",))


def _kinds(manager: Manager) -> str:
    """Return the kinds of files that a manager has, in words."""
    kinds = []
    if manager.registers:
        kinds.append("a register")
    if manager.snapshots:
        kinds.append("a snapshot")
    return " and ".join(kinds)


def _what(spelling: str, people: People) -> str:
    """Return what a name that routes to nobody is."""
    if people.resolve(spelling) is None:
        return f"isn't a declared person{_look_alike(spelling, people)}"
    return f"no person acts for it: {people.route(spelling).why}"


def _look_alike(spelling: str, people: People) -> str:
    """Return the declared keys that an unknown name looks like, as a part of a sentence."""
    if people.resolve(spelling) is not None:
        return ""
    alike = people.look_alikes(spelling)
    return phrase(", though it looks like ", " and ".join(alike))


def _suggestion(spelling: str, people: People) -> str:
    """Return the declared keys that an unknown name may be meant for, as a question."""
    if people.resolve(spelling) is not None:
        return ""
    close = people.suggestions(spelling)
    return f"; did you mean {' or '.join(close)}?" if close else ""
