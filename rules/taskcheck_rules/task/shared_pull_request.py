"""shared-pull-request."""

from collections.abc import Iterator

from taskcheck import Checkouts, Finding, Severity, Task, Tasks, frozen, rule
from taskcheck_rules.task._recorded import PULL, Record, are_parts, evidence_of, name_of, record, shared
from taskcheck_rules.wording import listed


@frozen
class Options:
    """What `[rules.shared-pull-request]` may say."""

    among_siblings: bool = False
    """Whether the tasks of one parent, and the parent itself, may record one pull request: a story that lands whole."""


@rule(family="task", severity=Severity.WARNING, options=Options)
def shared_pull_request(tasks: Tasks, options: Options, checkouts: Checkouts | None = None) -> Iterator[Finding]:
    """Several task files record the same pull request, and one of the tasks is still open.

    ## Why
    When the pull request is merged, nobody knows which of the tasks is done. One of the records was copied or mistyped.

    ## Example
    fix-login and fix-logout both have `pr_url: https://github.com/acme/shop/pull/12`, and fix-logout is `in_review`.

    A number without a URL refers to the store's own repository. Two tasks with `pr_number: 12` therefore share a pull
    request, and so does a task with that URL. The store's own repository is the one that root was cloned from. If that
    is unknown, it is the only repository that URLs in the store name.

    There is no finding if all tasks are closed, or for a task that has several files. With `among_siblings = true`, the
    subtasks of one task may share a pull request.

    ## Fix
    None: remove the record from the task that it doesn't belong to.
    """
    home = checkouts.home if checkouts is not None else None
    for sharing in shared(tasks, _pull_of, home):
        may_share = options.among_siblings and are_parts(sharing, tasks)
        if not may_share:
            yield _finding(sharing)


def _pull_of(task: Task) -> Record | None:
    """Return the pull request that a task records: by its URL, else by its number; None for none."""
    for key in ("pr_url", "pr_number"):
        text = task.text(key)
        if text is not None:
            return record(task, task.at(key), text, PULL)
    return None


def _finding(sharing: list[Record]) -> Finding:
    """Return the finding that some tasks record one pull request, told of the first that is open."""
    first, *others = sharing
    name = name_of(sharing)
    names = [each.task.id for each in others]
    return Finding(
        task=first.task.id,
        place=first.place,
        message=f"{first.task.id} shares pull request {name} with {listed(names)}",
        expected="a different pull request for each task",
        evidence=tuple(map(evidence_of, sharing)),
        identity=(name,),
    )
