"""What forges are asked, and what git is asked about their answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from taskcheck.assemble.pulls import addresses
from taskcheck.assemble.tasks import TaskReader
from taskcheck.model.pulls import home as remote_home
from taskcheck.model.sources import Forges, PullAddress, PullState, Repository, Unavailable
from taskcheck.model.state import State
from taskcheck.read import Location, read_landed, read_remote, read_since

Answers = Mapping[PullAddress, PullState | Unavailable]


def ask_forges(
    location: Location,
    state: State,
    git: Repository | Unavailable,
    ask: Callable[[Iterable[PullAddress]], Answers],
) -> Forges:
    """Return what forges say of the recorded pull requests, and git of what merges made and of the tasks since."""
    home = remote_home(read_remote(location))
    recorded = addresses(state, home)
    answers = ask(dict.fromkeys(at for pulls in recorded.values() for at in pulls))
    if isinstance(git, Unavailable):
        return Forges(answers=answers, home=home)
    unsettled = {task: pulls for task, pulls in recorded.items() if not state.tasks.by_id[task].done}
    merges = _merges(unsettled.values(), answers)
    landed = read_landed(location, state.settings, git, merges)
    reopened: dict[tuple[str, PullAddress], str] = {}
    reader = TaskReader(state.settings)
    for task, pulls in unsettled.items():
        path = state.tasks.by_id[task].place.path
        for at in pulls:
            if at not in landed or not landed[at].merged:
                continue
            why = _reopened(read_since(location, git, merges[at], path), path, reader)
            if why:
                reopened[task, at] = why
    return Forges(answers=answers, home=home, landed=landed, reopened=reopened)


def _merges(recorded: Iterable[Iterable[PullAddress]], answers: Answers) -> dict[PullAddress, str]:
    """Return the commit that the merge of each pull request made, as far as its forge says."""
    merges = {}
    for pulls in recorded:
        for at in pulls:
            answer = answers.get(at)
            if isinstance(answer, PullState) and answer.commit:
                merges[at] = answer.commit
    return merges


def _reopened(versions: Sequence[bytes | None], path: str, reader: TaskReader) -> str | None:
    """Return why a task isn't done by a pull request that landed; None where root's history doesn't speak against it.

    Args:
        versions: what its file was since the merge, newest first; None among it for when it wasn't there.
        path: of the file.
        reader: of the store's task files.
    """
    since = [reader.version(data, path, "root") for data in versions if data is not None]
    for version in since:
        if version is not None and version.done:
            return f"root's history said {version.status} after it was merged: the task was reopened"
    return "its file is younger than the merge" if None in versions else None
