"""What a commit is about to bring: the index as git hands it to a hook, beside the trees of the commit's parents."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from taskcheck.config.load import FILES
from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import CheckoutSource, Repository, Sources, Unavailable
from taskcheck.read.allowlist import object_id
from taskcheck.read.files import MAX_TASK_BYTES, small_text
from taskcheck.read.git import Entries, Git
from taskcheck.read.known import blob_id
from taskcheck.read.locate import Location, admin_folder
from taskcheck.read.tasks import TaskPaths

Files = Mapping[str, bytes | None]
"""Task files by path, relative to the store; None for one that isn't there."""

MOST_PARENTS = 16


@frozen(kw_only=True)
class Commit:
    """What is being committed, told by how the task files of index and parents differ from those in the folder."""

    staged: Files
    """Those that the commit will have otherwise than they lie there."""
    parents: tuple[Files, ...]
    """Of each parent, those that it has otherwise; none for the first commit of a repository."""


def current_checkout(location: Location, sources: Sources) -> CheckoutSource | None:
    """Return the linked worktree that one stands in; None in root."""
    current = location.current
    if current is None or isinstance(sources.git, Unavailable):
        return None
    return next((each for each in sources.git.checkouts if each.real_path == str(current)), None)


def files_in(sources: Sources, checkout: CheckoutSource | None) -> tuple[dict[str, bytes | None], str | None]:
    """Return the task files as they lie in a checkout, and the commit that it is at; of root for None."""
    files: dict[str, bytes | None] = {}
    for source in sources.tasks:
        files[source.path] = source.data
    git = sources.git
    if checkout is None:
        return files, git.head if isinstance(git, Repository) else None
    for path in checkout.behind.blobs:
        older = checkout.behind.get(path)
        if older is not None:
            files[path] = older.data
    for path, source in checkout.files.items():
        files[path] = source.data
    for path in checkout.absent:
        files.pop(path, None)
    return files, checkout.head


def read_commit(location: Location, settings: Settings, folder: Files, head: str | None) -> Commit | None:
    """Return what is being committed in the checkout that one stands in.

    Nothing where no commit is under way (the index is as the last commit, and git hands none to a hook), and where one
    changes what tasks are judged by.

    Args:
        location: where the store is.
        settings: its configuration.
        folder: the task files as they lie in that checkout.
        head: the commit that it is at; None before the first.

    Raises:
        GitError: git can't answer.
    """
    top = location.current or location.top
    if top is None:
        return None
    admin = admin_folder(top)
    handed = _index_file(admin)
    with Git(top, handed) as git:
        index, parents = git.index_entries(), _parents(git, head, admin)
        before = parents[0] if parents else {}
        changed = _changed(index, before)
        under_way = bool(changed) or handed is not None
        if not under_way or _judges(changed, location, settings):
            return None
        compared = _Compared(TaskPaths.of(settings), location.prefix, folder)
        staged, *others = compared.contents(git, [index, *parents])
    return Commit(staged=_read(staged, index, location.prefix), parents=tuple(others))


def _read(staged: Files, index: Entries, prefix: str) -> Files:
    """Return the staged files without those that the index has and git can't give: they count as they lie there."""
    return {path: data for path, data in staged.items() if data is not None or prefix + path not in index}


def _parents(git: Git, head: str | None, admin: Path | None) -> list[Entries]:
    """Return what the parents of a commit that is under way have: the last commit first, then those that it merges."""
    if head is None:
        return []
    text = small_text(admin / "MERGE_HEAD") if admin is not None else None
    merged = filter(object_id, (text or "").split())
    return [git.tree_entries(commit) for commit in (head, *islice(merged, MOST_PARENTS))]


def _changed(index: Entries, before: Entries) -> set[str]:
    """Return the paths under which an index has something else than a commit."""
    return {path for path in index.keys() | before.keys() if index.get(path) != before.get(path)}


def _index_file(admin: Path | None) -> str | None:
    """Return the index that git hands to a hook, where it is this checkout's."""
    handed = os.environ.get("GIT_INDEX_FILE")
    if not handed or admin is None:
        return None
    path = Path(os.path.realpath(handed))
    return str(path) if path.parent == admin else None


def _judges(changed: Iterable[str], location: Location, settings: Settings) -> bool:
    """Return whether one of some files of root says how tasks are judged: the configuration, or a team file."""
    if location.current is not None:
        return False
    names = {FILES[0], settings.source}
    people = [Pattern(text) for text in settings.paths.people]
    inside = [path.removeprefix(location.prefix) for path in changed if path.startswith(location.prefix)]
    return any(path in names or any(pattern.match(path) for pattern in people) for path in inside)


@frozen
class _Compared:
    """The task files of a folder, beside which trees are laid."""

    tasks: TaskPaths
    prefix: str
    folder: Files

    def contents(self, git: Git, trees: Iterable[Entries]) -> list[Files]:
        """Return the task files that each tree has otherwise than the folder; None for one that it hasn't."""
        differing = [self._differing(tree) for tree in trees]
        wanted: set[str] = set()
        for blobs in differing:
            wanted.update(filter(None, blobs.values()))
        found = git.objects.blobs(wanted, MAX_TASK_BYTES).contents
        return [{path: found.get(blob or "") for path, blob in blobs.items()} for blobs in differing]

    def _differing(self, tree: Entries) -> dict[str, str | None]:
        """Return the blobs of task files that a tree has otherwise than the folder; None for those it hasn't."""
        found: dict[str, str | None] = {}
        for path, (_, blob) in tree.items():
            inside = path.removeprefix(self.prefix)
            if self.tasks.match(path, self.prefix) and not self._has(inside, blob):
                found[inside] = blob
        for inside in self.folder:
            if self.prefix + inside not in tree:
                found[inside] = None
        return found

    def _has(self, inside: str, blob: str) -> bool:
        """Return whether the folder has a blob under a path."""
        data = self.folder.get(inside)
        return data is not None and blob_id(data, len(blob)) == blob
