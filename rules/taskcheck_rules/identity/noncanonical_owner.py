"""noncanonical-owner."""

from collections.abc import Iterator

from taskcheck import (
    Checkouts,
    Copies,
    Evidence,
    Finding,
    Fix,
    HandEdit,
    People,
    Place,
    SetKey,
    Settings,
    Severity,
    Task,
    left_unmergeable,
    rule,
)
from taskcheck_rules.parts import changed_alike, copies_of, own_copy


@rule(
    family="identity",
    severity=Severity.ERROR,
    remedy=HandEdit("the owner is written as the key of the person or role"),
)
def noncanonical_owner(
    task: Task,
    people: People,
    settings: Settings,
    copies: Copies | None = None,
    checkouts: Checkouts | None = None,
) -> Iterator[Finding]:
    """The owner of a task is a known person or role, but isn't written as its key.

    ## Why
    A tool that compares owners as text, or builds a path from an owner, treats two spellings as two people.

    ## Example
    The owner is `dave.fowler`, and the configuration declares `dave-fowler = ["dave", "davefowler", "dave.fowler"]`. If
    `at_names` is set, as in Backlog.md, an @ before the key is notation and not another spelling.

    ## Fix
    Replaces the owner with the key, because the spelling resolves to exactly one key. The fix is safe unless git
    couldn't merge the branch of a worktree with it.
    """
    for route, spelling in task.owners:
        owner = people.resolve(spelling)
        if owner is None or owner.key == spelling:
            continue
        if settings.at_names and owner.key.removeprefix("@") == spelling.removeprefix("@"):
            continue
        place = task.place.at(*route)
        yield Finding(
            task=task.id,
            place=place,
            message=f"owner of {task.id} is written {spelling}, but the {owner.kind}'s key is {owner.key}",
            expected=f"the owner is written {owner.key}",
            evidence=(
                Evidence(place=place, saw=f"owner is {spelling}"),
                Evidence(
                    place=Place(path=people.declared_in.get(owner.key, "")),
                    saw=f"declares {owner.kind} {owner.key}",
                ),
            ),
            fix=_fix(task, SetKey(place=place, value=owner.key), settings, copies, checkouts),
            identity=(owner.key,),
        )


def _fix(task: Task, edit: SetKey, settings: Settings, copies: Copies | None, checkouts: Checkouts | None) -> Fix:
    """Return the repair, unsafe where a branch would be left that git can't merge with it."""
    meets = left_unmergeable(task, copies_of(copies, task.id), (edit,), settings)
    if checkouts is not None and own_copy(copies, task.id) is None:
        meets = meets or changed_alike(task, checkouts)
    return Fix.unless(meets, title=f"write the owner as {edit.value}", edits=(edit,))
