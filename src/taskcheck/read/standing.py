"""Since when task files say what they say: what root's own line made of them, however long ago."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from taskcheck.documents.values import from_epoch
from taskcheck.model.sources import Change
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import Git
from taskcheck.read.graph import Graph
from taskcheck.read.lineage import Lineage
from taskcheck.read.rawdiff import Delta, Step

MOST_FILES = 2_000
"""Task files that are asked about in one run."""

MOST_COMMITS = 2_000
"""Commits that are looked at: of files that were changed before these it isn't known."""

Made = tuple[str, int, Delta]
"""A commit, when it was made in seconds since 1970, and what it did to one file."""


def read_standing(lineage: Lineage, paths: Collection[str]) -> dict[str, tuple[Change, ...]]:
    """Return what the commits of root's own line made of some task files, newest first; nothing for new files.

    Args:
        lineage: follows files through root's history; of commits that this hasn't only the time is known.
        paths: of the files, in the store.

    Raises:
        GitError: git can't tell.
    """
    history, prefix = lineage.history, lineage.prefix
    made: dict[str, list[Made]] = {prefix + path: [] for path in sorted(paths)[:MOST_FILES]}
    git = history.git
    renamed = set()
    for commit, at, step, delta in _made(git, history.head, made):
        if delta.path not in made:
            continue
        made[delta.path].append((commit, at, delta))
        if lineage.source(delta, git.deltas.told(step)) is not None:
            renamed.add(delta.path)
    if renamed:
        made |= _under_all_names(lineage, renamed)
    sides: set[str | None] = set()
    for each in made.values():
        for _, _, delta in each:
            sides.update((delta.before, delta.after))
    contents = git.objects.blobs(filter(None, sides), MAX_TASK_BYTES).contents
    told = {}
    for path, each in made.items():
        changes = _changes(each, contents, prefix, history.graph)
        told[path.removeprefix(prefix)] = tuple(changes)
    return told


def _under_all_names(lineage: Lineage, paths: Collection[str]) -> dict[str, list[Made]]:
    """Return what commits did to files that were renamed, newest first, as far back as history was read.

    Nothing for one that was renamed before that.
    """
    graph = lineage.history.graph
    found: dict[str, list[Made]] = {}
    for commit, delta in lineage.traced(paths):
        at = graph.times[graph.numbers[commit]]
        found.setdefault(delta.path, []).append((commit, at, delta))
    return found


def _made(git: Git, head: str, paths: Collection[str]) -> Iterator[tuple[str, int, Step, Delta]]:
    """Yield what each commit of root's own line did that changed one of some files, the newest first."""
    nameable = [path for path in paths if "\n" not in path]
    if not nameable:
        return
    with git.listing([head], "--first-parent", paths=nameable) as lines:
        listed = [line.split()[:2] for line in islice(lines, MOST_COMMITS)]
    times = {name.decode(): int(at) for at, name in listed}
    parents = git.objects.parents(times)
    steps = {name: _step(name, parents[name]) for name in times}
    git.deltas.load(steps.values())
    for name, step in steps.items():
        for delta in git.deltas.told(step):
            yield name, times[name], step, delta


def _step(name: str, parents: list[str]) -> Step:
    """Return the question what a commit changed, of a merge against its first parent."""
    is_merge = len(parents) > 1
    if not is_merge:
        return (name,)
    first = parents[0]
    return (name, first)


def _changes(made: list[Made], contents: Mapping[str, bytes], prefix: str, graph: Graph) -> Iterator[Change]:
    """Yield changes of one file with what it held before and after, as far back as all of that can be read."""
    for commit, at, delta in made:
        sides = {delta.before, delta.after} - {None}
        if not sides <= contents.keys():
            return
        before = contents.get(delta.before or "")
        after = contents.get(delta.after or "")
        yield Change(
            path=delta.path.removeprefix(prefix),
            commit=commit,
            at=from_epoch(at),
            before=before,
            after=after,
            rank=graph.rank(commit),
        )
