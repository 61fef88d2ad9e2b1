"""shared-pull-request."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, Place, Severity, Task, Tasks, frozen, rule
from taskcheck_rules.wording import listed, phrase


@frozen
class Options:
    """What `[rules.shared-pull-request]` may say."""

    among_siblings: bool = False
    """Whether the tasks of one parent, and the parent itself, may record one pull request: a story that lands whole."""


@rule(family="task", severity=Severity.WARNING, options=Options)
def shared_pull_request(tasks: Tasks, options: Options) -> Iterator[Finding]:
    """Several task files record one pull request, and one of them is still open.

    ## Why
    When it is merged, who knows which of the tasks is done? One of the two was copied, or mistyped.

    ## Example
    fix-login and fix-logout both say `pr_url: https://github.com/acme/shop/pull/12`, and fix-logout is `in_review`. A
    number alone is that of the repository, so two tasks with `pr_number: 12` share it, too. Tasks that are all closed
    say nothing any more, and neither does a task that lies in several files. With `among_siblings = true` the subtasks
    of one task may share.

    ## Fix
    None: take the record out of the task that it isn't of.
    """
    recorded: dict[str, list[Task]] = {}
    for task in tasks:
        name = _pull_of(task)
        unclear = tasks.ambiguous(task.id)
        if name and not unclear:
            recorded.setdefault(name, []).append(task)
    for name in sorted(recorded):
        sharing = recorded[name]
        sharing.sort(key=_open_first)
        first, *others = sharing
        may_share = options.among_siblings and _are_siblings(sharing, tasks)
        if others and not first.closed and not may_share:
            yield _finding(name, first, others)


def _are_siblings(sharing: list[Task], tasks: Tasks) -> bool:
    """Return whether tasks are of one parent, which may be among them."""
    parents = {_parent_of(task, tasks) or task.id for task in sharing}
    return len(parents) == 1


def _parent_of(task: Task, tasks: Tasks) -> str | None:
    """Return the task that another one is a part of; None where it is of none."""
    written = task.text("parent")
    if not written:
        return None
    parent = tasks.resolve(written, task)
    return parent.id if parent is not None else written


def _pull_of(task: Task) -> str:
    """Return what tells the pull request that a task records from others: its URL, else its number.

    Nothing for what has no number, such as ``TBD`` or the form for a new one.
    """
    url = (task.text("pr_url") or "").rstrip("/")
    if url:
        return url if url[-1].isdigit() else ""
    number = (task.text("pr_number") or "").removeprefix("#")
    return phrase("#", number) if number.isdigit() and int(number) > 0 else ""


def _open_first(task: Task) -> bool:
    """Return a key that sorts open tasks before closed ones."""
    return task.closed


def _finding(name: str, first: Task, others: list[Task]) -> Finding:
    """Return the finding that some tasks record one pull request, told of the first that is open."""
    names = [task.id for task in others]
    evidence = map(_recorded, (first, *others))
    return Finding(
        task=first.id,
        place=_place_of(first),
        message=f"{first.id} records the pull request {name}, and so does {listed(names)}",
        expected="a pull request of its own for each task",
        evidence=tuple(evidence),
        identity=(name,),
    )


def _recorded(task: Task) -> Evidence:
    """Return what a task that records the pull request says."""
    return Evidence(place=_place_of(task), saw=f"{task.id} is {task.status}")


def _place_of(task: Task) -> Place:
    """Return where a task records its pull request."""
    key = "pr_url" if task.text("pr_url") else "pr_number"
    return task.at(key)
