"""What forges are asked, and what git is asked about their answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from taskcheck.assemble.pulls import addresses
from taskcheck.assemble.tasks import TaskReader
from taskcheck.documents.shape import file_of
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.pulls import home as remote_home
from taskcheck.model.sources import Forges, Merge, Repository, Source, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.read.landed import read_landed, read_remote, read_since
from taskcheck.read.locate import Location

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
    answers = ask(_distinct(recorded.values()))
    if isinstance(git, Unavailable):
        return Forges(answers=answers, home=home)
    unsettled = {task: pulls for task, pulls in recorded.items() if not state.tasks.by_id[task].closed}
    merges = _merges(_distinct(unsettled.values()), answers)
    landed = read_landed(location, state.settings, git, merges)
    reader = TaskReader(state.settings)
    reopened: dict[tuple[str, PullAddress], str] = {}
    for task, pulls in unsettled.items():
        path = state.tasks.by_id[task].place.path
        for at in pulls:
            if not _has_landed(at, landed):
                continue
            versions = read_since(location, git, merges[at], file_of(path))
            why = _reopened(versions, path, reader)
            if why:
                reopened[task, at] = why
    return Forges(answers=answers, home=home, landed=landed, reopened=reopened)


def _distinct(recorded: Iterable[Iterable[PullAddress]]) -> tuple[PullAddress, ...]:
    """Return the pull requests of several tasks, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(recorded)))


def _merges(asked: Iterable[PullAddress], answers: Answers) -> dict[PullAddress, str]:
    """Return the commit that the merge of each pull request made, as far as its forge says."""
    merges = {}
    for at in asked:
        answer = answers.get(at)
        if isinstance(answer, PullState) and answer.commit:
            merges[at] = answer.commit
    return merges


def _has_landed(at: PullAddress, landed: Mapping[PullAddress, Merge]) -> bool:
    """Return whether git proves that the merge of a pull request is in root's history."""
    return at in landed and landed[at].merged is True


def _reopened(versions: Sequence[bytes | None], path: str, reader: TaskReader) -> str | None:
    """Return why a task isn't done by a pull request that landed; None where root's history doesn't speak against it.

    Args:
        versions: what its file was since the merge, newest first; None among it for when it wasn't there.
        path: of the task.
        reader: of the store's task files.
    """
    found = [_task_in(data, path, reader) for data in versions]
    for version in chain.from_iterable(found):
        if version.closed:
            return f"root's history said {version.status} after it was merged: the task was reopened"
    is_younger = None in versions if path == file_of(path) else () in found
    if is_younger:
        return "its file is younger than the merge"
    return None


def _task_in(data: bytes | None, path: str, reader: TaskReader) -> tuple[Task, ...]:
    """Return a task as a version of its file has it; nothing where it isn't there, or can't be read."""
    if data is None:
        return ()
    tasks = reader.read_all(Source(path=file_of(path), data=data), "root")
    return tuple(task for task in tasks if task.place.path == path and task.document is not None)
