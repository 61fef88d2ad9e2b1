"""stale-branch-copy."""

from collections.abc import Iterator

from taskcheck import Copies, Copy, Dispatches, Evidence, Finding, HandEdit, Severity, Stage, Task, Undecided, rule
from taskcheck_rules.drift._comparison import comparable
from taskcheck_rules.parts import run_of
from taskcheck_rules.wording import called

LONGEST = 500
"""Lines of front matter that are compared; the cost grows with their square, and no task that people read has more."""


@rule(
    family="drift",
    severity=Severity.WARNING,
    stops_dispatch=True,
    remedy=HandEdit("the branch has the same status as root"),
)
def stale_branch_copy(
    task: Task,
    copies: Copies,
    trunk: str,  # noqa: ARG001 - without root on trunk, nothing is known of what a merge would bring
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A branch set a task's status back, and its merge would set back root too.

    ## Why
    Such a merge has no conflict. Nobody is asked, and a finished task is dispatched again.

    ## Example
    In root, the task has been `completed` since before the branch began. On the branch, it is `ready`.

    There is no finding in these cases:

    - Both sides have changed the same or adjacent lines of the front matter since. Git then reports a conflict.
    - The branch didn't change the status. The status in root then survives the merge.
    - The change isn't committed. It then isn't merged.
    - A worker has resumed the work, from `needs_review_fix` to `in_progress`, and its dispatch isn't over.

    ## Fix
    None: remove the change from the branch, or set root back on purpose.
    """
    known, unknown = comparable(copies.of(task.id))
    for copy in known:
        tip = _tip(copy)
        if tip is not None and _sets_back(task, copy, tip, dispatches):
            yield _finding(task, copy, tip)
    if unknown:
        raise Undecided("; ".join(unknown))


def _tip(copy: Copy) -> Task | None:
    """Return the task as the branch has committed it; None where it has no commit of that file."""
    for version in copy.own_versions:
        if version.place.path == copy.task.place.path:
            return version
    return None


def _sets_back(root: Task, copy: Copy, tip: Task, dispatches: Dispatches | None) -> bool:
    """Return whether the clean merge of a branch would set root's status back, and nobody is at that on purpose."""
    if tip.stage is None or not tip.stage.before(root.stage):
        return False
    if copy.base is None or copy.base.status != root.status:
        return False
    if _conflict(copy.base, tip, root):
        return False
    dispatch = run_of(dispatches, root.id)
    over = dispatch is not None and dispatch.over
    return over or not _taken_up_again(root, tip)


def _taken_up_again(root: Task, tip: Task) -> bool:
    """Return whether the branch goes on with work that was in review or had stopped."""
    paused = root.stage in {Stage.REVIEW, Stage.STOPPED}
    return paused and tip.stage is Stage.ACTIVE


def _finding(task: Task, copy: Copy, tip: Task) -> Finding:
    """Return the finding that a merge would set a task back."""
    where = copy.checkout.spoken
    merged = called(copy.checkout, task.id)
    root = Evidence(place=task.at("status"), saw=f"status is {task.status}, as at the start of the branch")
    branch = Evidence(place=copy.task.at("status"), saw=f"status is {tip.status}")
    return Finding(
        task=task.id,
        place=task.at("status"),
        message=f"{task.id} would go back from {task.status} to {tip.status} when {merged} is merged",
        expected=f"{where} leaves the status as it was, or root moves on",
        evidence=(root, branch),
        remedy=HandEdit(f"the status is {task.status}, as in root; commit that on {where}", place=branch.place),
        identity=(copy.checkout.name,),
    )


def _conflict(base: Task, tip: Task, root: Task) -> bool:
    """Return whether branch and root changed the same lines of the front matter, or lines without one between."""
    before, here, there = _lines(base), _lines(root), _lines(tip)
    longest = max(len(before), len(here), len(there))
    if longest > LONGEST:
        return False
    of_root, of_branch = _changed(before, here), _changed(before, there)
    return any(_meet(one, other) for one in of_root for other in of_branch)


def _meet(one: range, other: range) -> bool:
    """Return whether two ranges of lines overlap or touch."""
    return one.start <= other.stop and other.start <= one.stop


def _lines(task: Task) -> list[str]:
    """Return the lines of the front matter."""
    if task.document is None:
        return []
    front = task.document.text[: task.document.body_start]
    return front.splitlines()


def _changed(before: list[str], after: list[str]) -> list[range]:
    """Return the ranges of lines that were changed."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [range(start, stop) for kind, start, stop, _, _ in matcher.get_opcodes() if kind != "equal"]
