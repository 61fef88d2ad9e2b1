"""The pull requests that ledgers record, task by task, with what their forges say of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from taskcheck.model.pulls import Pull, Pulls, address
from taskcheck.model.sources import (
    Forges,
    PullAddress,
    PullState,
    Unavailable,
)
from taskcheck.model.state import State
from taskcheck.model.task import Place, PullRequest

NOT_ASKED = "pull requests weren't asked about; --online does"
NOBODY = Unavailable("nobody here can ask this forge")


@dataclass(frozen=True, slots=True)
class _Record:
    """A pull request as a ledger of a task has it."""

    task: str
    place: Place
    pull: PullRequest
    of_root: bool
    """Whether root itself says so; a worktree and a tombstone repeat the worker's word."""


def read_pulls(state: State, forges: Forges | None) -> Pulls | Unavailable:
    """What is known of the recorded pull requests; where none is recorded there is nothing to ask."""
    if forges is None:
        recording = frozenset(record.task for record in _records(state))
        return Unavailable(NOT_ASKED, recording) if recording else Pulls({})
    found = _found(state, forges.home)
    owners: dict[tuple[str, str, int], list[str]] = {}
    for task, pulls in found.items():
        for at in pulls:
            owners.setdefault(at.fold, []).append(task)
    for away in state.tasks.archived:
        put_away = address(away.pull_request, forges.home)
        if put_away is not None:
            owners.setdefault(put_away.fold, []).append(away.id)
    return Pulls(
        {
            task: tuple(
                Pull(
                    address=at,
                    place=records[0].place,
                    also=tuple(record.place for record in records[1:]),
                    answer=forges.answers.get(at, NOBODY),
                    landed=forges.landed.get(at),
                    doubt=_doubt(state, forges, task, at, records, owners[at.fold]),
                )
                for at, records in pulls.items()
            )
            for task, pulls in found.items()
        }
    )


def addresses(state: State, home: tuple[str, str] | None) -> Mapping[str, tuple[PullAddress, ...]]:
    """Where the recorded pull requests of each task are.

    Args:
        state: what was read.
        home: host and repository that a number without a URL speaks of; None where they aren't known.
    """
    return {task: tuple(pulls) for task, pulls in _found(state, home).items()}


def _found(state: State, home: tuple[str, str] | None) -> dict[str, dict[PullAddress, list[_Record]]]:
    """The recorded pull requests of each task, each with all records of it."""
    found: dict[str, dict[PullAddress, list[_Record]]] = {}
    for record in _records(state):
        at = address(record.pull, home)
        if at is not None:
            found.setdefault(record.task, {}).setdefault(at, []).append(record)
    return found


def _records(state: State) -> Iterator[_Record]:
    """What is recorded: by a task's own file first, then by its worktree's, register entries, tombstone."""
    for task in state.tasks:
        copy = None if isinstance(state.copies, Unavailable) else state.copies.own(task.id)
        for file in (task, copy.task) if copy else (task,):
            if file.pull_request:
                place = file.at("pr_url" if file.pull_request.url else "pr_number")
                yield _Record(task.id, place, file.pull_request, of_root=file is task)
        for entry in () if isinstance(state.entries, Unavailable) else state.entries.of(task.id):
            if entry.pull_request:
                yield _Record(task.id, entry.place, entry.pull_request, of_root=True)
        dispatch = None if isinstance(state.dispatches, Unavailable) else state.dispatches.of(task.id)
        if dispatch and dispatch.tombstone and dispatch.tombstone.pull_request:
            place = dispatch.tombstone.ledger.place
            yield _Record(task.id, place, dispatch.tombstone.pull_request, of_root=False)


def _doubt(state: State, forges: Forges, task: str, at: PullAddress, records: list[_Record], owners: list[str]) -> str:
    """Why the merge of a pull request doesn't prove that a task is done; empty where it does.

    A commit in root's history is no proof by itself: anybody can make a pull request of his own repository that names
    it as merged, and anybody's slip of the pen can make it another task's.
    """
    landed = forges.landed.get(at)
    if landed is None or not landed.merged:
        return "its forge says so; git can't prove it here"
    if forges.home is None or PullAddress(*forges.home, at.number).fold != at.fold:
        ours = f"which is {forges.home[1]} on {forges.home[0]}" if forges.home else "for root has none"
        return f"it isn't known to be of the repository of root's remote origin, {ours}"
    if not any(record.of_root for record in records):
        return "neither root's task file nor a register records it"
    other = next((owner for owner in owners if owner != task), None)
    if other is not None:
        return f"{other} records it too"
    if sum(one.id == task for one in state.tasks) > 1:
        return f"several files are of the task {task}"
    return forges.reopened.get((task, at)) or _again(state, task, forges.answers.get(at))


def _again(state: State, task: str, answer: PullState | Unavailable | None) -> str:
    """That a task was dispatched again after its pull request was merged, in words."""
    run = None if isinstance(state.dispatches, Unavailable) else state.dispatches.of(task)
    if not run or not run.began or not isinstance(answer, PullState) or not answer.at:
        return ""
    if run.began <= answer.at + state.settings.limits.clock_skew:
        return ""
    return f"the task was dispatched again after it was merged, {run.began:%Y-%m-%d %H:%M}Z"
