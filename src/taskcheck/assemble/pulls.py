"""The pull requests that ledgers record, task by task, with what their forges say of them."""

from collections.abc import Iterator, Mapping, Sequence

from taskcheck.documents.frozen import frozen
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.pulls import Pull, Pulls, address
from taskcheck.model.sources import Forges, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Place, PullRequest, Task

NOT_ASKED = "pull requests weren't asked about; --online does"
NOBODY = Unavailable("taskcheck can't query this forge")


@frozen
class _Record:
    """A pull request as a ledger of a task has it."""

    task: str
    place: Place
    pull: PullRequest
    of_root: bool
    """Whether root itself says so; a worktree and a tombstone repeat the worker's word."""


def parse_pulls(state: State, forges: Forges | None) -> Pulls | Unavailable:
    """Return what is known of the recorded pull requests; where none is recorded there is nothing to ask."""
    if forges is None:
        recording = frozenset(record.task for record in _records(state))
        return Unavailable(NOT_ASKED, recording) if recording else Pulls({})
    records_by_task = _records_by_task(state, forges.home)
    owners = _owners(state, forges.home, records_by_task)
    pulls: dict[str, tuple[Pull, ...]] = {}
    for task, recorded in records_by_task.items():
        of_task = []
        for at, records in recorded.items():
            doubt = _doubt(state, forges, task, at, records, owners[at.fold])
            of_task.append(_pull(at, records, forges, doubt))
        pulls[task] = tuple(of_task)
    return Pulls(pulls)


read_pulls = parse_pulls  # the name by which an opened store knows it


def addresses(state: State, home: tuple[str, str] | None) -> Mapping[str, tuple[PullAddress, ...]]:
    """Return where the recorded pull requests of each task are.

    Args:
        state: what was read.
        home: host and repository that a number without a URL speaks of; None where they aren't known.
    """
    return {task: tuple(recorded) for task, recorded in _records_by_task(state, home).items()}


def _pull(at: PullAddress, records: Sequence[_Record], forges: Forges, doubt: str) -> Pull:
    """Return a pull request with all places that record it and the answer of its forge."""
    first, *others = records
    return Pull(
        address=at,
        place=first.place,
        also=tuple(record.place for record in others),
        answer=forges.answers.get(at, NOBODY),
        landed=forges.landed.get(at),
        doubt=doubt,
    )


def _owners(
    state: State, home: tuple[str, str] | None, records_by_task: Mapping[str, Mapping[PullAddress, object]]
) -> dict[tuple[str, str, int], list[str]]:
    """Return the tasks that record each pull request, by the fold of its address; archived ones last."""
    owners: dict[tuple[str, str, int], list[str]] = {}
    for task, recorded in records_by_task.items():
        for at in recorded:
            owners.setdefault(at.fold, []).append(task)
    for archived in state.tasks.archived:
        archived_at = address(archived.pull_request, home)
        if archived_at is not None:
            owners.setdefault(archived_at.fold, []).append(archived.id)
    return owners


def _records_by_task(state: State, home: tuple[str, str] | None) -> dict[str, dict[PullAddress, list[_Record]]]:
    """Return the recorded pull requests of each task, each with all records of it."""
    by_task: dict[str, dict[PullAddress, list[_Record]]] = {}
    for record in _records(state):
        at = address(record.pull, home)
        if at is not None:
            by_task.setdefault(record.task, {}).setdefault(at, []).append(record)
    return by_task


def _records(state: State) -> Iterator[_Record]:
    """Yield what is recorded: by a task's own file first, then by its worktree's, register entries, tombstone."""
    told_elsewhere = _told_beside_root(state)
    for task in state.tasks:
        if task.id not in told_elsewhere and not _may_record(task):
            continue
        yield from _in_file(task.id, task, of_root=True)
        copy = state.own_copy_of(task.id)
        if copy is not None:
            yield from _in_file(task.id, copy.task, of_root=False)
        for entry in state.entries_of(task.id):
            if entry.pull_request:
                yield _Record(task.id, entry.place, entry.pull_request, of_root=True)
        dispatch = state.dispatch_of(task.id)
        for tombstone in dispatch.tombstones if dispatch else ():
            if tombstone.pull_request:
                yield _Record(task.id, tombstone.ledger.place, tombstone.pull_request, of_root=False)


def _told_beside_root(state: State) -> set[str]:
    """Return the tasks of which a worktree, a register or a run tells."""
    told: set[str] = set()
    if not isinstance(state.copies, Unavailable):
        told.update(state.copies.own_by_task)
    if not isinstance(state.entries, Unavailable):
        told.update(state.entries.by_task)
    if not isinstance(state.dispatches, Unavailable):
        told.update(state.dispatches.by_task)
    return told


def _may_record(task: Task) -> bool:
    """Return whether a task's front matter has a key for a pull request."""
    front = task.front
    return task.keys.get("pr_url", "pr_url") in front or task.keys.get("pr_number", "pr_number") in front


def _in_file(task: str, file: Task, *, of_root: bool) -> Iterator[_Record]:
    """Yield the pull request that a task's file records, where it does."""
    pull = file.pull_request
    if pull is not None:
        place = file.at("pr_url" if pull.url else "pr_number")
        yield _Record(task, place, pull, of_root=of_root)


def _doubt(
    state: State, forges: Forges, task: str, at: PullAddress, records: Sequence[_Record], owners: Sequence[str]
) -> str:
    """Return why the merge of a pull request doesn't prove that a task is done; empty where it does.

    A commit in root's history is no proof by itself: anybody can make a pull request of his own repository that names
    it as merged, and anybody's slip of the pen can make it another task's.
    """
    landed = forges.landed.get(at)
    if landed is None or not landed.merged:
        return "only the forge says so; git can't prove it here"
    return (
        _foreign(at, forges.home)
        or _ambiguous(state, task, records, owners)
        or forges.reopened.get((task, at))
        or _dispatched_again(state, task, forges.answers.get(at))
    )


def _ambiguous(state: State, task: str, records: Sequence[_Record], owners: Sequence[str]) -> str:
    """Return, in words, that a pull request may be another task's, or only the worker says that it is; empty if not."""
    if not any(record.of_root for record in records):
        return "neither root's task file nor a register records it"
    for owner in owners:
        if owner != task:
            return f"{owner} records it too"
    files_of_task = sum(one.id == task for one in state.tasks)
    if files_of_task > 1:
        return f"several files are of the task {task}"
    return ""


def _foreign(at: PullAddress, home: tuple[str, str] | None) -> str:
    """Return, in words, that a pull request isn't known to be of root's own repository; empty where it is."""
    if home is None:
        ours = "for root has none"
    elif PullAddress(*home, at.number).fold == at.fold:
        return ""
    else:
        host, repository = home
        ours = f"which is {repository} on {host}"
    return f"it isn't known to be of the repository of root's remote origin, {ours}"


def _dispatched_again(state: State, task: str, answer: PullState | Unavailable | None) -> str:
    """Return, in words, that a task was dispatched again after its pull request was merged; empty where it wasn't."""
    dispatch = state.dispatch_of(task)
    if dispatch is None or dispatch.began is None:
        return ""
    if not isinstance(answer, PullState) or answer.at is None:
        return ""
    if dispatch.began <= answer.at + state.settings.limits.clock_skew:
        return ""
    return f"the task was dispatched again after it was merged, {dispatch.began:%Y-%m-%d %H:%M}Z"
