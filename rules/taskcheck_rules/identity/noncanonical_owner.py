"""noncanonical-owner."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Fix, HandEdit, People, Place, Safety, SetKey, Settings, Severity, Task, rule


@rule(
    family="identity",
    severity=Severity.ERROR,
    remedy=HandEdit("the owner is written as the key of the person or role"),
)
def noncanonical_owner(task: Task, people: People, settings: Settings) -> Iterator[Finding]:
    """The owner of a task is a known person or role, but isn't written as its key.

    ## Why
    A tool that compares owners as text, or builds a path from an owner, treats two spellings as two people.

    ## Example
    The owner is `dave.fowler`, and the configuration declares `dave-fowler = ["dave", "davefowler", "dave.fowler"]`. If
    `at_names` is set, as in Backlog.md, an @ before the key is notation and not another spelling.

    ## Fix
    Replaces the owner with the key, because the spelling resolves to exactly one key. The fix is safe unless git
    couldn't merge the branch of a worktree with it, or somebody is in the middle of a merge or a rebase in root, say,
    or root is on no branch.
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
            fix=Fix(
                title=f"write the owner as {owner.key}",
                safety=Safety.SAFE,
                edits=(SetKey(place=place, value=owner.key),),
            ),
            identity=(owner.key,),
        )
