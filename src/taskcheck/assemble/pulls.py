"""The pull requests that ledgers record, task by task, with what their forges say of them."""

from collections.abc import Iterator, Mapping

from taskcheck.model import Place, PullRequest
from taskcheck.pulls import Pull, Pulls, address
from taskcheck.sources import Forges, PullAddress, Unavailable
from taskcheck.state import State

NOT_ASKED = "pull requests weren't asked about; --online does"
NOBODY = Unavailable("nobody here can ask this forge")


def read_pulls(state: State, forges: Forges | None) -> Pulls | Unavailable:
    """What is known of the recorded pull requests; where none is recorded there is nothing to ask."""
    if forges is None:
        recording = frozenset(task for task, _, _ in _records(state))
        return Unavailable(NOT_ASKED, recording) if recording else Pulls({})
    return Pulls(
        {
            task: tuple(_pull(at, place, forges) for at, place in places.items())
            for task, places in addresses(state, forges.home).items()
        }
    )


def addresses(state: State, home: tuple[str, str] | None) -> Mapping[str, Mapping[PullAddress, Place]]:
    """Where the recorded pull requests of each task are, each with the first ledger that records it.

    Args:
        state: what was read.
        home: host and repository that a number without a URL speaks of; None where they aren't known.
    """
    found: dict[str, dict[PullAddress, Place]] = {}
    for task, place, record in _records(state):
        at = address(record, home)
        if at is not None:
            found.setdefault(task, {}).setdefault(at, place)
    return found


def _records(state: State) -> Iterator[tuple[str, Place, PullRequest]]:
    """What is recorded: by a task's own file first, then by its worktree's, register entries, tombstone."""
    for task in state.tasks:
        copy = None if isinstance(state.copies, Unavailable) else state.copies.own(task.id)
        for file in (task, copy.task) if copy else (task,):
            if file.pull_request:
                yield task.id, file.at("pr_url" if file.pull_request.url else "pr_number"), file.pull_request
        for entry in () if isinstance(state.entries, Unavailable) else state.entries.of(task.id):
            if entry.pull_request:
                yield task.id, entry.place, entry.pull_request
        dispatch = None if isinstance(state.dispatches, Unavailable) else state.dispatches.of(task.id)
        if dispatch and dispatch.tombstone and dispatch.tombstone.pull_request:
            yield task.id, dispatch.tombstone.ledger.place, dispatch.tombstone.pull_request


def _pull(at: PullAddress, place: Place, forges: Forges) -> Pull:
    return Pull(address=at, place=place, answer=forges.answers.get(at, NOBODY), landed=forges.landed.get(at))
