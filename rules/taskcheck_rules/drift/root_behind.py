"""root-behind."""

from collections.abc import Iterable, Iterator

from taskcheck import (
    Command,
    Copies,
    Dispatches,
    Entries,
    Evidence,
    FetchedTrunk,
    Finding,
    Place,
    Severity,
    Task,
    Tasks,
    replace,
    rule,
)
from taskcheck_rules.parts import copies_of, entries_of, run_of
from taskcheck_rules.wording import listed, stands, status_of

_REBASE = Command(("git", "pull", "--rebase"), note="both have commits of their own")


@rule(
    family="drift",
    severity=Severity.WARNING,
    explains=("drift", "lifecycle", "pickup_overdue", "stuck_in_progress"),
    stops_dispatch=True,
    remedy=Command(("git", "pull", "--ff-only")),
)
def root_behind(
    tasks: Tasks,
    fetched: FetchedTrunk | None = None,
    entries: Entries | None = None,
    dispatches: Dispatches | None = None,
    copies: Copies | None = None,
) -> Iterator[Finding]:
    """Root has older task files than the fetched trunk: nobody has pulled yet.

    ## Why
    Root is a ledger too. Everybody else already sees that a task is done, but the queue in root dispatches it again.

    ## Example
    In `origin/main`, fix-login is `completed` because its pull request was squashed there. Root is one commit behind
    and still says `in_progress`.

    A task gets its own finding if its status differs and if ledgers or a worktree mention it. That finding explains the
    findings that follow from it. One more finding lists all other tasks. If no task file differs, only the summary says
    that root is behind.

    taskcheck never fetches, so it knows only what was fetched before. It doesn't compare shallow clones, or a root that
    isn't on trunk.

    ## Fix
    None: run `git pull --ff-only`, or `git pull --rebase` if both sides have their own commits. Until then, fixes in
    files that trunk has changed are unsafe.
    """
    if fetched is None:
        return
    left = dict.fromkeys(sorted(fetched.tasks))
    for name in list(left):
        task = tasks.get(name)
        if task is None or not _is_at_work(name, entries, dispatches, copies):
            continue
        if _status(fetched.tasks[name]) != task.status:
            del left[name]
            yield _of_task(task, fetched)
    if left:
        yield _of_root(list(left), _path_of(left, tasks, fetched), fetched)


def _is_at_work(name: str, entries: Entries | None, dispatches: Dispatches | None, copies: Copies | None) -> bool:
    """Return whether a register, a run or a worktree speaks of a task."""
    spoken_of = (entries_of(entries, name), run_of(dispatches, name), copies_of(copies, name))
    return any(spoken_of)


def _status(task: Task | None) -> str | None:
    """Return the status of a task; None for one that isn't there."""
    return task.status if task is not None else None


def _of_task(task: Task, fetched: FetchedTrunk) -> Finding:
    """Return the finding that trunk says otherwise of a task."""
    said, there = _there(task, fetched)
    message = f"{task.id} is {task.status} in root, but {said} on {fetched.name}, which isn't pulled yet"
    about = _finding(task.at("status"), message, (status_of(task), there), fetched)
    return replace(about, task=task.id)


def _there(task: Task, fetched: FetchedTrunk) -> tuple[str, Evidence]:
    """Return what trunk says of a task, in words and as evidence."""
    theirs = fetched.tasks[task.id]
    if theirs is None:
        place = Place(path=task.place.path, checkout=f"branch:{fetched.name}")
        return "gone", Evidence(place=place, saw="no such task")
    return stands(theirs), status_of(theirs)


def _path_of(names: Iterable[str], tasks: Tasks, fetched: FetchedTrunk) -> str:
    """Return the path of the first of some tasks, in root or as trunk has it; else that of a file that differs."""
    for name in names:
        task = tasks.get(name) or fetched.tasks[name]
        if task is not None:
            return task.place.path
    return min(fetched.paths)


def _of_root(others: list[str], path: str, fetched: FetchedTrunk) -> Finding:
    """Return the finding that root is behind in the files of some tasks."""
    plural = "" if fetched.behind == 1 else "s"
    also = f" and {fetched.ahead} ahead" if fetched.ahead else ""
    about = listed(others)
    there = Evidence(place=Place(path=path, checkout=f"branch:{fetched.name}"), saw=f"differs: {about}")
    message = f"root is {fetched.behind} commit{plural} behind {fetched.name}{also}; task files differ: {about}"
    return _finding(Place(path=path), message, (there,), fetched)


def _finding(place: Place, message: str, evidence: tuple[Evidence, ...], fetched: FetchedTrunk) -> Finding:
    """Return the finding that root has yet to be brought up to trunk."""
    return Finding(
        place=place,
        message=message,
        expected=f"root up to date with {fetched.name}: {fetched.cure}",
        evidence=evidence,
        identity=(fetched.name,),
        remedy=_REBASE if fetched.ahead else None,
    )
