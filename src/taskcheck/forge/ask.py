"""What forges are asked, and what git is asked about their answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from taskcheck.assemble.pulls import addresses
from taskcheck.assemble.tasks import TaskReader
from taskcheck.model.pulls import home as remote_home
from taskcheck.model.sources import (
    Forges,
    Merge,
    PullAddress,
    PullState,
    Repository,
    Unavailable,
)
from taskcheck.model.state import State
from taskcheck.read import Location, read_landed, read_remote, read_since

Answers = Mapping[PullAddress, PullState | Unavailable]


def ask_forges(
    location: Location,
    state: State,
    git: Repository | Unavailable,
    ask: Callable[[Iterable[PullAddress]], Answers],
) -> Forges:
    """What forges say of the recorded pull requests, and git of what their merges made and of the tasks since."""
    home = remote_home(read_remote(location))
    recorded = {task: tuple(places) for task, places in addresses(state, home).items()}
    answers = ask(dict.fromkeys(at for pulls in recorded.values() for at in pulls))
    if isinstance(git, Unavailable):
        return Forges(answers=answers, home=home)
    unsettled = {task: pulls for task, pulls in recorded.items() if not state.tasks.by_id[task].done}
    merges = {at: commit for pulls in unsettled.values() for at, commit in _merged(pulls, answers)}
    landed = read_landed(location, state.settings, git, merges)
    return Forges(
        answers=answers, home=home, landed=landed, reopened=_reopened(location, state, git, unsettled, merges, landed)
    )


def _merged(pulls: Iterable[PullAddress], answers: Answers) -> Iterator[tuple[PullAddress, str]]:
    for at in pulls:
        answer = answers.get(at)
        if isinstance(answer, PullState) and answer.commit:
            yield at, answer.commit


def _reopened(
    location: Location,
    state: State,
    git: Repository,
    recorded: Mapping[str, tuple[PullAddress, ...]],
    merges: Mapping[PullAddress, str],
    landed: Mapping[PullAddress, Merge],
) -> dict[tuple[str, PullAddress], str]:
    """Why a task, by its id, isn't done by a pull request that landed: what root's history said of it after that."""
    reader = TaskReader(state.settings)
    found = {}
    for task, pulls in recorded.items():
        path = state.tasks.by_id[task].place.path
        for at in (at for at in pulls if at in landed and landed[at].merged):
            versions = read_since(location, git, merges[at], path)
            said = [reader.version(data, path, "root") for data in versions if data is not None]
            done = next((version.status for version in said if version and version.done), None)
            if done:
                found[task, at] = f"root's history said {done} after it was merged: the task was reopened"
            elif None in versions:
                found[task, at] = "its file is younger than the merge"
    return found
