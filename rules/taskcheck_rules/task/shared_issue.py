"""shared-issue."""

from collections.abc import Iterator

from taskcheck import Checkouts, Finding, HandEdit, Severity, Task, Tasks, rule
from taskcheck_rules.task._recorded import ISSUE, Record, are_parts, evidence_of, name_of, record, shared

KEYS = ("issue_url", "github_url", "github", "issue", "issue_number", "github_issue", "gh_issue")
"""Keys by which task files name the issue that the task is; what a task belongs to has other names."""

URLS = frozenset({"issue_url", "github_url", "github"})
"""Those under which a number alone says nothing."""


@rule(family="task", severity=Severity.WARNING, remedy=HandEdit("each task names its own issue"))
def shared_issue(tasks: Tasks, checkouts: Checkouts | None = None) -> Iterator[Finding]:
    """Two tasks name the same issue as theirs, and one of them is still open.

    ## Why
    When the issue is closed, nobody knows which of the tasks is done. One of the tasks was copied, or the issue was
    filed as a task twice.

    ## Example
    fix-login has `issue: 12`, and fix-logout has `issue_url: https://github.com/acme/shop/issues/12`. The keys `issue`,
    `issue_number`, `issue_url`, `github`, `github_issue`, `github_url` and `gh_issue` count if they name a single
    issue. A value such as `TBD` or a list doesn't count, and neither does a key for a parent or an epic.

    If more than two tasks name an issue, they are parts of it, and there is no finding. The same applies if a task
    shares the issue with its parent, or with another child of the parent.

    ## Fix
    None: remove the issue from the task that it doesn't belong to, or drop the duplicate task.
    """
    home = checkouts.home if checkouts is not None else None
    for sharing in shared(tasks, _issue_of, home):
        if len(sharing) == 2 and not are_parts(sharing, tasks):
            yield _finding(sharing)


def _issue_of(task: Task) -> Record | None:
    """Return the issue that a task is, by the first key that names one; None for none."""
    front = task.front
    for key in KEYS:
        if key not in front:
            continue
        text = task.text(key) or ""
        found = record(task, task.at(key), text, ISSUE)
        if found is None:
            continue
        has_url = found.repository is not None
        if has_url or key not in URLS:
            return found
    return None


def _finding(sharing: list[Record]) -> Finding:
    """Return the finding that two tasks are one issue, told of the first that is open."""
    first, other = sharing
    name = name_of(sharing)
    return Finding(
        task=first.task.id,
        place=first.place,
        message=f"{first.task.id} shares issue {name} with {other.task.id}",
        expected="a different issue for each task",
        evidence=tuple(map(evidence_of, sharing)),
        identity=(name,),
    )
