"""What root's history tells of branches and of tasks, all that is asked about at once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.history import Brought, Moved
from taskcheck.model.pulls import home as home_of
from taskcheck.model.sources import Change, CheckoutSource, Fork, Merge, Source
from taskcheck.model.tied import Tied
from taskcheck.read.brought import LOOK_BACK, read_brought
from taskcheck.read.edits import read_changes, read_edits, since
from taskcheck.read.files import small_text
from taskcheck.read.git import Git
from taskcheck.read.gitconfig import origin
from taskcheck.read.history import History
from taskcheck.read.known import Contents
from taskcheck.read.lineage import Lineage, NameOf, read_moved
from taskcheck.read.merges import MergeReader
from taskcheck.read.questions import Questions
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.standing import read_standing
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import Trees

MAX_CONFIG_BYTES = 1024 * 1024


def far_back(git: Git, head: str, questions: Questions) -> int | None:
    """Return from when on root's own line is looked at, in seconds since 1970; None where nobody asks."""
    earliest = since({**questions.dispatched, **questions.lost})
    is_asked = questions.tied or questions.idle
    newest = git.objects.committed(head) if is_asked else None
    if newest is None:
        return earliest
    back = newest - int(LOOK_BACK.total_seconds())
    return back if earliest is None else min(back, earliest)


@frozen(kw_only=True)
class Past:
    """What root's history tells of branches and of tasks."""

    merges: Mapping[str, Merge] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    standing: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    uncommitted: Mapping[str, bytes] = field(default_factory=dict)
    brought: tuple[Brought, ...] = ()
    moved: tuple[Moved, ...] = ()
    off_disk: tuple[Source, ...] = ()
    home: tuple[str, str] | None = None
    """Host and name of the repository that root was cloned from."""


def read_past(
    lineage: Lineage,
    questions: Questions,
    files: Contents,
    tips: Mapping[str, str],
    fetched: Mapping[str, str],
    name_of: NameOf | None,
    checkouts: Iterable[CheckoutSource],
    common_dir: Path,
    errors: list[str],
) -> Past:
    """Return what root's history tells of some branches and of the tasks that are asked about.

    Why it doesn't tell of tasks is added to the errors.

    Args:
        lineage: follows task files through root's history.
        questions: what is asked.
        files: root's task files as they are on disk.
        tips: the commits of branches, by name.
        fetched: trunk as it was last fetched, its commit by its name.
        name_of: tells the task that a path is; None where a file's name says nothing.
        checkouts: with their task files.
        common_dir: the folder that all worktrees share.
        errors: where to add.
    """
    history, prefix = lineage.history, lineage.prefix
    home = _home(common_dir)
    reader = MergeReader(history, common_dir / "logs" / "refs" / "heads", home, fetched)
    reader.load(tips.values())
    verdicts = {name: reader.verdict(tip, name) for name, tip in tips.items()}
    past = Past(merges=read_edits(history, verdicts, prefix), home=home)
    try:
        moved: tuple[Moved, ...] = ()
        if name_of is not None:
            moved = _moved(lineage, questions, name_of, {*_left_behind(checkouts), *_edited(past.merges)})
        changes = read_changes(lineage, _with_moved(questions, moved))
        past = replace(past, changes=changes, moved=moved, uncommitted=_uncommitted(lineage, questions, files))
        if history.shallow:
            return past
        own = [Own.of(path, tied, home) for path, tied in questions.tied.items()]
        brought = _brought(history, reader, own)
        asked = {*questions.idle, *questioned(own, past.merges, brought)}
        standing = read_standing(lineage, asked)
    except GitSilent:
        raise
    except GitError as error:
        errors.append(str(error))
        return past
    return replace(past, standing=standing, brought=brought)


def with_off_disk(
    past: Past,
    trees: Trees,
    files: Iterable[Source],
    known: Contents,
    paths: TaskPaths,
    prefix: str,
) -> Past:
    """Return what root's history tells, with the task files of its last commit that aren't on disk.

    Args:
        past: what it tells.
        trees: the task files of commits.
        files: root's task files on disk, also those that can't be read.
        known: their contents, also of those that nobody has to read again.
        paths: where task files lie.
        prefix: the store's folder within the repository.

    Raises:
        GitError: git can't tell.
    """
    from taskcheck.read.offdisk import read_off_disk

    on_disk = {source.path for source in files} | known.sizes.keys()
    return replace(past, off_disk=read_off_disk(trees, on_disk, paths, prefix))


def _uncommitted(lineage: Lineage, questions: Questions, files: Contents) -> Mapping[str, bytes]:
    """Return what root's last commit has of the files of runs that were changed since.

    Raises:
        GitError: git can't tell.
    """
    if not questions.dispatched:
        return {}
    from taskcheck.read.uncommitted import read_uncommitted

    history = lineage.history
    return read_uncommitted(history.git.objects, history.head, files, questions.dispatched, lineage.prefix)


def _moved(lineage: Lineage, questions: Questions, name_of: NameOf, paths: Iterable[str]) -> tuple[Moved, ...]:
    """Return the renamings of the tasks that ledgers name and root hasn't, and of those of files that root hasn't.

    Raises:
        GitError: git can't tell.
    """
    gone = set(map(name_of, paths)) - questions.names
    if not gone and not questions.lost:
        return ()
    earliest = None if gone else since(questions.lost)
    return read_moved(lineage, {*questions.lost, *gone}, name_of, earliest)


def _left_behind(checkouts: Iterable[CheckoutSource]) -> Iterator[str]:
    """Yield the paths of the task files that checkouts have had since they left root's history."""
    for held in checkouts:
        if isinstance(held.fork, Fork):
            yield from (held.files.keys() | held.fork.removed) & held.fork.base_files.keys()


def _edited(merges: Mapping[str, Merge]) -> Iterator[str]:
    """Yield the paths of the task files that branches changed which have landed."""
    for merge in merges.values():
        yield from (change.path for change in merge.edits)


def _with_moved(questions: Questions, moved: Iterable[Moved]) -> Mapping[str, datetime]:
    """Return the dispatched task files with the times of their runs, those too that may have been renamed."""
    earliest = min(questions.lost.values(), default=None)
    found = {each.after: earliest for each in moved if earliest is not None}
    return {**found, **questions.dispatched}


def _home(common_dir: Path) -> tuple[str, str] | None:
    """Return host and name of the repository that root was cloned from, by its own configuration."""
    text = small_text(common_dir / "config", MAX_CONFIG_BYTES)
    return home_of(origin(text)) if text else None


@frozen
class Own:
    """A task file, with the branches and pull requests that are recorded as its task's own."""

    path: str
    closed: bool
    branches: frozenset[str]
    numbers: frozenset[int]

    @classmethod
    def of(cls, path: str, tied: Tied, home: tuple[str, str] | None) -> "Own":
        """Return what is recorded, of pull requests those that may be of a repository."""
        return cls(path, tied.closed, tied.branches, tied.numbers(home))


def _brought(history: History, reader: MergeReader, own: Iterable[Own]) -> tuple[Brought, ...]:
    """Return what root's own line brought in of the branches and pull requests that are recorded.

    Raises:
        GitError: git can't tell.
    """
    branches = {branch for each in own for branch in each.branches}
    numbers = {number for each in own for number in each.numbers}
    return read_brought(history, reader.reverts, branches, numbers)


def questioned(own: Iterable[Own], merges: Mapping[str, Merge], brought: Iterable[Brought]) -> Iterator[str]:
    """Yield the task files of which it matters since when they say what they say.

    Those are of open tasks that something brought in is of, and of done ones whose work hasn't landed or was reverted.
    """
    landed: set[str | int | None] = set()
    reverted: set[str | int | None] = set()
    for commit in brought:
        named = landed if commit.reverted is None else reverted
        named |= {*commit.branches, commit.number}
    against_done = reverted | {branch for branch, merge in merges.items() if merge.merged is False}
    landed |= {branch for branch, merge in merges.items() if merge.merged is True}
    for each in own:
        names = {*each.branches, *each.numbers}
        speaking = against_done if each.closed else landed
        if not names.isdisjoint(speaking):
            yield each.path
