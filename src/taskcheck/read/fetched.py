"""Trunk as it was last fetched, beside root."""

from collections.abc import Mapping

from taskcheck.model.history import CUT_OFF, Uncompared
from taskcheck.model.sources import Fetched
from taskcheck.read.branches import read_changed
from taskcheck.read.graph import Commits
from taskcheck.read.history import History
from taskcheck.read.known import Contents
from taskcheck.read.reverts import DEPTH, Reverts
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import Trees


def read_fetched(
    history: History, trunk: Mapping[str, str], trees: Trees, root_files: Contents, paths: TaskPaths, prefix: str
) -> Fetched | Uncompared | None:
    """Return how trunk as it was last fetched differs from root; None where root has all of it.

    Args:
        history: of root and of that trunk.
        trunk: its commit by its name.
        trees: the task files of commits.
        root_files: root's task files.
        paths: where task files lie.
        prefix: the store's folder within a checkout.

    Raises:
        GitSilent: git gives no answer at all.
    """
    if not trunk:
        return None
    ((name, tip),) = trunk.items()
    try:
        base = None if history.shallow else history.base(tip)
        if tip in {base, history.head}:
            return None
        if base is None:
            return _uncompared(name, history)
        files, before, absent = read_changed(trees, tip, base, root_files, paths, prefix)
    except GitSilent:
        raise
    except GitError as error:
        return Uncompared(name=name, why=str(error))
    theirs = history.graph.ancestors(tip)
    behind, ahead = theirs & ~history.root, history.root & ~theirs
    return Fetched(
        name=name,
        behind=behind.bit_count(),
        ahead=ahead.bit_count(),
        files=files,
        before=before,
        absent=absent,
        takes_back=_takes_back(history, behind),
    )


def _takes_back(history: History, commits: Commits) -> bool:
    """Return whether one of some commits says that it reverts another one."""
    graph = history.graph
    names = [graph.names[number] for number in graph.members(graph.newest_of(commits, DEPTH))]
    said = Reverts.of(history.git.objects.messages(names).items(), graph.numbers)
    return any((said.commits, said.titles, said.numbers))


def _uncompared(name: str, history: History) -> Uncompared:
    """Return that there is no commit from which root and trunk, as it was last fetched, both come."""
    if history.shallow:
        return Uncompared(name=name, why=CUT_OFF, is_shallow=True)
    return Uncompared(name=name, why="its history and root's have no common commit")
