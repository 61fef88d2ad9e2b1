"""done-with-open-pr."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Pull, Pulls, Severity, Task, Unavailable, Undecided, rule
from taskcheck_rules.wording import status_of

_NO = frozenset({"", "false", "no", "off", "0"})


@rule(
    family="lifecycle",
    severity=Severity.WARNING,
    stops_dispatch=True,
    remedy=HandEdit("the status isn't a done one until the pull request is merged; or merge or close the pull request"),
)
def done_with_open_pr(task: Task, pulls: Pulls) -> Iterator[Finding]:
    """A task is done, but its pull request is still open.

    ## Why
    Tasks that wait for this one start before its work has landed, and nobody takes care of the pull request.

    ## Example
    fix-login is `completed`, but its forge says that acme/shop#12 is open. Only `--online` can find this: taskcheck
    then queries the forge for each pull request recorded in task files, worktrees, registers and tombstones.

    If your project closes some tasks before their pull requests are merged, set `closed_before_merge: true` in the
    front matter of these tasks. The rule then reports nothing for them. `[fields] closed_before_merge` sets another
    name for this key. If your project closes all tasks early, ignore the rule.

    ## Fix
    None: a person has to decide: reopen the task, or merge or close the pull request.
    """
    if not task.closed or _exempt(task):
        return
    recorded = pulls.of(task.id)
    for pull in recorded:
        if pull.state == "open":
            yield _finding(task, pull)
    for pull in recorded:
        if isinstance(pull.answer, Unavailable):
            raise Undecided(pull.answer.reason)


def _exempt(task: Task) -> bool:
    """Return whether a task says of itself that it is closed before its pull request is merged."""
    said = task.front.get(task.keys["closed_before_merge"])
    if isinstance(said, str):
        return said.casefold() not in _NO
    return bool(said)


def _finding(task: Task, pull: Pull) -> Finding:
    """Return the finding that a done task has an open pull request."""
    of_forge = Evidence(place=pull.place, saw=pull.told)
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} is {task.status}, but its pull request {pull.address} is open",
        expected="a pull request that is merged or closed, or a task that isn't done",
        evidence=(status_of(task), of_forge),
        identity=(str(pull.address),),
    )
