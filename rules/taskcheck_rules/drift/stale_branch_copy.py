"""stale-branch-copy."""

from collections.abc import Iterator

from taskcheck import Copies, Copy, Dispatches, Evidence, Finding, Fork, Severity, Stage, Task, Undecided, rule

LONGEST = 500
"""Lines of front matter that are compared; the cost grows with their square, and no task that people read has more."""


@rule(family="drift", severity=Severity.WARNING, stops_dispatch=True)
def stale_branch_copy(
    task: Task,
    copies: Copies,
    trunk: str,  # noqa: ARG001 - without root on trunk, nothing is known of what a merge would bring
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A branch changed a task's status to an earlier one, and its merge would set root back.

    ## Why
    Such a merge is clean: nobody is asked, and a task that was done is dispatched again.

    ## Example
    Root has said `completed` since before the branch began; on the branch the task says `ready`. Where both
    changed the same lines of the front matter since, or lines next to each other, git reports a conflict; where the
    branch left the status alone, root's stays; what isn't committed isn't merged: none of these is told here.
    Nor is work that a worker has taken up again, `needs_review_fix` to `in_progress`, until its dispatch is over.

    ## Fix
    None: take the change out of the branch, or set root back on purpose.
    """
    unknown = []
    for copy in copies.of(task.id):
        if copy.task.document is None:
            continue
        if not isinstance(copy.checkout.fork, Fork):
            unknown.append(f"{copy.checkout.spoken}: {copy.checkout.fork.reason}")
        elif (set_back := _set_back(task, copy, dispatches)) is not None:
            where = copy.checkout.spoken
            yield Finding(
                task=task.id,
                place=task.at("status"),
                message=f"a merge of {where} would set its status back from {task.status} to {set_back.status}",
                expected=f"{where} leaves the status alone, or root has moved on",
                evidence=(
                    Evidence(place=task.at("status"), saw=f"status is {task.status}, as where the branch began"),
                    Evidence(place=copy.task.at("status"), saw=f"status is {set_back.status}"),
                ),
                identity=(copy.checkout.name,),
            )
    if unknown:
        raise Undecided("; ".join(unknown))


def _set_back(root: Task, copy: Copy, dispatches: Dispatches | None) -> Task | None:
    """The task as the branch has committed it, when its clean merge would set root's status back."""
    tip = next((version for version in copy.own_versions if version.place.path == copy.task.place.path), None)
    if tip is None or tip.stage is None or copy.base is None or copy.base.status != root.status:
        return None
    if not tip.stage.before(root.stage) or _meet(copy.base, tip, root):
        return None
    dispatch = dispatches.of(root.id) if dispatches else None
    again = root.stage in {Stage.REVIEW, Stage.STOPPED} and tip.stage is Stage.ACTIVE
    return tip if not again or (dispatch is not None and dispatch.over) else None


def _meet(base: Task, tip: Task, root: Task) -> bool:
    """Whether branch and root changed the same lines of the front matter, or lines without one between: a conflict."""
    before, here, there = map(_lines, (base, root, tip))
    if max(map(len, (before, here, there))) > LONGEST:
        return False
    ours, theirs = _hunks(before, here), _hunks(before, there)
    return any(start <= end_of and begin <= end for start, end in ours for begin, end_of in theirs)


def _lines(task: Task) -> list[str]:
    """The front matter."""
    return task.document.text[: task.document.body_start].splitlines() if task.document else []


def _hunks(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """The ranges of lines that were changed."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where a branch sets a status back

    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(start, end) for kind, start, end, _, _ in codes if kind != "equal"]
