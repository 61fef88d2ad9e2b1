"""Reads branch tips as checkouts: their task files that differ from root's, straight from git's objects."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import TypeVar

from taskcheck.documents import Trouble
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Behind, CheckoutSource, Source
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.known import Contents
from taskcheck.read.objects import Blobs
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import Different, Link, Trees

T = TypeVar("T")


def read_branches(
    trees: Trees,
    tips: Mapping[str, str],
    bases: Mapping[str, str],
    root_files: Contents,
    paths: TaskPaths,
    prefix: str,
) -> list[CheckoutSource]:
    """Return the tips of branches, with the task files in which they differ from root.

    Args:
        trees: the task files of commits.
        tips: the branches' commits by short name.
        bases: where the history of some of these commits left root's.
        root_files: root's task files.
        paths: where task files lie.
        prefix: the store's folder within a checkout.
    """
    if not tips:
        return []
    compared = _Compared.of(trees, root_files.blobs, paths, prefix)
    differing, defects = compared.tips(tips, bases)
    found = trees.objects.blobs(_all_blobs(differing.values()), MAX_TASK_BYTES)
    checkouts = [_unread(name, tips[name], defect) for name, defect in defects.items()]
    for name, each in differing.items():
        unread = {path: each.behind[path] for path in _unread_of(each, found)}
        checkout = CheckoutSource(
            name=f"branch:{name}",
            path=None,
            branch=name,
            head=tips[name],
            files=_sources({**each.files, **unread}, found),
            behind=Behind(each.behind, found.contents).without(unread),
            absent=frozenset(path for path, blob in each.files.items() if blob is None),
        )
        checkouts.append(checkout)
    return checkouts


def read_changed(
    trees: Trees, tip: str, base: str, root_files: Contents, paths: TaskPaths, prefix: str
) -> tuple[dict[str, Source], dict[str, Source], frozenset[str]]:
    """Return the task files that a commit changed since its base and that root has otherwise, and as its base had them.

    Those that it took away come apart.

    Raises:
        GitError: git can't tell.
    """
    compared = _Compared.of(trees, root_files.blobs, paths, prefix)
    trees.load([tip], {tip: base})
    changed = compared.changed(tip, base)
    at_base = trees.of(base)
    before = {path: at_base.blob(prefix + path) for path in changed}
    found = trees.objects.blobs(filter(None, (*changed.values(), *before.values())), MAX_TASK_BYTES)
    absent = frozenset(path for path, blob in changed.items() if blob is None)
    return _sources(changed, found), _sources(before, found), absent


def without_unread(checkouts: Iterable[CheckoutSource], own: Container[str]) -> tuple[list[CheckoutSource], list[str]]:
    """Return all checkouts but the tips that nobody asked for and of which this clone hasn't all files; those apart."""
    kept = []
    unread = []
    for checkout in checkouts:
        is_unasked = checkout.path is None and checkout.branch in own
        if is_unasked and any(source.trouble for source in checkout.files.values()):
            unread.append(checkout.branch or "")
        else:
            kept.append(checkout)
    return kept, unread


@frozen
class _Differing:
    """The task files in which a commit differs from root, with the ids of their blobs, by path."""

    files: Mapping[str, str | None]
    """None for those that it hasn't."""
    behind: Mapping[str, str]
    """Those that it has as its base had them."""


@frozen(kw_only=True, slots=False)
class _Compared:
    """Compares the task files of commits with those that root has on disk."""

    trees: Trees
    root_blobs: Mapping[str, str]
    """The ids that root's task files would have as blobs, by path."""
    uncommitted: Mapping[str, str | None]
    """The task files that root has otherwise than its commit has them: the ids of the commit's blobs, by path."""
    inside: Callable[[str], str | None]
    """A path in the repository to that of a task file within the store; None for any other file."""

    @classmethod
    def of(cls, trees: Trees, root_blobs: Mapping[str, str], paths: TaskPaths, prefix: str) -> "_Compared":
        """Return what compares with root's task files, of which the ids that they would have as blobs are known.

        Raises:
            GitError: git can't tell root's commit.
        """

        @cache
        def inside(path: str) -> str | None:
            return path.removeprefix(prefix) if paths.match(path, prefix) else None

        committed = {task: blob for path, blob in trees.root.files.items() if (task := inside(path)) is not None}
        changed = {path for path in {*committed, *root_blobs} if committed.get(path) != root_blobs.get(path)}
        return cls(
            trees=trees,
            root_blobs=root_blobs,
            uncommitted={path: committed.get(path) for path in sorted(changed)},
            inside=inside,
        )

    def tips(self, tips: Mapping[str, str], bases: Mapping[str, str]) -> tuple[dict[str, _Differing], dict[str, str]]:
        """Return the files in which tips differ from root, by name, and why git doesn't tell those of some.

        Raises:
            GitSilent: git gives no answer at all.
        """
        self.trees.load(tips.values(), bases)
        differing: dict[str, _Differing] = {}
        defects: dict[str, str] = {}
        for name, tip in tips.items():
            try:
                differing[name] = self._differing(tip, bases.get(tip))
            except GitSilent:
                raise
            except GitError as error:
                defects[name] = str(error)
        return differing, defects

    def changed(self, tip: str, base: str) -> dict[str, str | None]:
        """Return the files that a commit changed since its base and that root has otherwise; None for one it hasn't.

        Raises:
            GitError: git can't tell.
        """
        return self._unlike_root(self._tasks(self.trees.of(tip, base).own))

    def _differing(self, tip: str, base: str | None) -> _Differing:
        """Return the files in which a commit differs from root.

        Raises:
            GitError: git can't tell.
        """
        own = self._tasks(self.trees.of(tip, base).own)
        if base is None:
            return _Differing(self._unlike_root({**self.uncommitted, **own}), {})
        at_base = self._at_base(base)
        return _Differing(
            files=self._unlike_root({**at_base.files, **own}),
            behind=at_base.behind if at_base.behind.keys().isdisjoint(own) else _without(at_base.behind, own),
        )

    def _at_base(self, base: str) -> _Differing:
        """Return the files in which a base differs from root; many branches have one.

        Raises:
            GitError: git can't tell.
        """
        line = [base]
        while line[-1] not in self._bases:
            line.append(self.trees.link(line[-1]).before)
        for commit in reversed(line[:-1]):
            self._bases[commit] = self._told_from(self.trees.link(commit), commit)
        return self._bases[base]

    @cached_property
    def _bases(self) -> dict[str, _Differing]:
        """The files in which commits differ from root; first those that root has otherwise than its own commit."""
        files: dict[str, str | None] = {}
        behind: dict[str, str] = {}
        for path, blob in self.uncommitted.items():
            self._sort(path, blob, files, behind)
        return {self.trees.start: _Differing(files, behind)}

    def _told_from(self, link: Link, commit: str) -> _Differing:
        """Return the files in which a commit differs from root, by those of the one that it was told from."""
        before = self._bases[link.before]
        files, behind = dict(before.files), dict(before.behind)
        listing = self.trees.of(commit)
        for path, task in self._inside(link.paths):
            files.pop(task, None)
            behind.pop(task, None)
            self._sort(task, listing.blob(path), files, behind)
        return _Differing(files, behind)

    def _sort(self, path: str, blob: str | None, files: dict[str, str | None], behind: dict[str, str]) -> None:
        """Note a file of a base where root has it otherwise; it is behind none that root hasn't got."""
        if blob == self.root_blobs.get(path):
            return
        if blob is not None and path in self.root_blobs:
            behind[path] = blob
        else:
            files[path] = blob

    def _tasks(self, files: Different) -> dict[str, str | None]:
        """Return the task files among some files, by path within the store."""
        return {task: files[path] for path, task in self._inside(files)}

    def _inside(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield those of some paths in the repository that are of task files, each with the one within the store."""
        for path in paths:
            task = self.inside(path)
            if task is not None:
                yield path, task

    def _unlike_root(self, blobs: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return those of some files that root hasn't, or has otherwise."""
        get = self.root_blobs.get
        return {path: blobs[path] for path in sorted(blobs) if blobs[path] != get(path)}


def _without(files: Mapping[str, T], left_out: Container[str]) -> dict[str, T]:
    """Return files without those at some paths."""
    return {path: blob for path, blob in files.items() if path not in left_out}


def branch_tips(
    refs: Mapping[str, str], globs: Sequence[str], taken: Collection[str], trunk: str | None
) -> dict[str, str]:
    """Return the commits of the branches that a glob names and that aren't looked at elsewhere, by short name.

    Args:
        refs: full ref names to object ids.
        globs: short names, ``task/*`` or ``origin/task/*``.
        taken: local branches that a worktree or root has checked out, which are looked at there, and trunk.
        trunk: its name.
    """
    tips: dict[str, str] = {}
    for ref, object_id in sorted(refs.items()):
        name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        is_symbolic = object_id.startswith("ref: ")
        if is_symbolic or _known(ref, refs, taken, trunk):
            continue
        if any(fnmatchcase(name, glob) for glob in globs):
            tips[name] = object_id
    return tips


def _known(ref: str, refs: Mapping[str, str], taken: Collection[str], trunk: str | None) -> bool:
    """Return whether a branch is looked at under another name.

    A local one is where it is taken; a remote one where it is trunk, or a local one of its name has the same tip.
    """
    if ref.startswith("refs/heads/"):
        return ref.removeprefix("refs/heads/") in taken
    name = ref.removeprefix("refs/remotes/").partition("/")[2]
    return name == trunk or refs.get(f"refs/heads/{name}") == refs[ref]


def _all_blobs(differing: Iterable[_Differing]) -> set[str]:
    """Return the ids of the blobs of files."""
    blobs: set[str | None] = set()
    for each in differing:
        blobs.update(each.files.values())
        blobs.update(each.behind.values())
    return set(filter(None, blobs))


def _unread_of(differing: _Differing, found: Blobs) -> list[str]:
    """Return the files of those that a commit has as its base had them that git doesn't give, in order."""
    if not found.unread:
        return []
    return sorted(path for path, blob in differing.behind.items() if blob in found.unread)


def _sources(files: Mapping[str, str | None], found: Blobs) -> dict[str, Source]:
    """Return files with their contents, or with why git doesn't give them, by path."""
    sources = {}
    for path, blob in files.items():
        if blob is None:
            continue
        if blob in found.contents:
            sources[path] = Source(path=path, data=found.contents[blob])
        else:
            trouble = Trouble("too-large" if "bytes" in found.unread[blob] else "denied", found.unread[blob])
            sources[path] = Source(path=path, data=None, trouble=trouble)
    return sources


def _unread(name: str, tip: str, defect: str) -> CheckoutSource:
    """Return a branch of which git doesn't say what it holds."""
    return CheckoutSource(name=f"branch:{name}", path=None, branch=name, head=tip, defect=defect)
