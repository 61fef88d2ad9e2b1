"""Ask history: how a checkout left root's, and what root's own commits made of dispatched tasks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.sources import Change, CheckoutSource, Fork, Merge, Unavailable
from taskcheck.read.files import MAX_LEDGER_BYTES, MAX_TASK_BYTES
from taskcheck.read.git import Git
from taskcheck.read.locate import Location
from taskcheck.read.rawdiff import Versions
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.tasks import TaskPaths


@frozen(kw_only=True)
class _Branching:
    """Where a checkout's history left root's, with the changes of its differing files on both sides, as blob ids."""

    base: str
    own_commits: Mapping[str, datetime]
    """Commits of its own since the base."""
    base_blobs: Mapping[str, str]
    """The files at the base that the comparison may need, by path in the repository."""
    root_changes: Sequence[Versions]
    own_changes: Sequence[Versions]

    @property
    def blobs(self) -> set[str]:
        """All blobs whose content is needed."""
        blobs = set(self.base_blobs.values())
        for change in (*self.root_changes, *self.own_changes):
            if change.after:
                blobs.add(change.after)
        return blobs


def read_forks(
    git: Git, location: Location, head: str, checkouts: Sequence[CheckoutSource], paths: TaskPaths
) -> dict[str, Fork | Unavailable]:
    """Return how the history of every live checkout with differing task files left root's, by checkout name.

    The contents of all files at all merge-bases and in all commits since are fetched by one process.
    """
    reader = _ForkReader(git=git, prefix=location.prefix, folders=paths.folders(location.prefix), head=head, trees={})
    branchings: dict[str, _Branching] = {}
    forks: dict[str, Fork | Unavailable] = {}
    for checkout in checkouts:
        if checkout.defect is not None:
            continue
        try:
            branching = reader.branching(checkout)
        except GitSilent:
            raise
        except GitError as error:
            branching = Unavailable(str(error))
        if isinstance(branching, Unavailable):
            forks[checkout.name] = branching
        else:
            branchings[checkout.name] = branching
    needed: set[str] = set()
    for branching in branchings.values():
        needed |= branching.blobs
    found = git.blobs(needed, MAX_TASK_BYTES)
    for name, branching in branchings.items():
        unread = found.why_not(branching.blobs)
        if unread is None:
            forks[name] = _fork(branching, found.contents, location.prefix)
        else:
            forks[name] = Unavailable(f"a version of its task files can't be read: {unread}")
    own_commits = {name: branching.own_commits for name, branching in branchings.items()}
    return _stacked(checkouts, forks, own_commits)


@frozen(kw_only=True)
class _ForkReader:
    """Asks git where checkouts left root's history."""

    git: Git
    prefix: str
    """The store's folder within a checkout."""
    folders: Sequence[str]
    """The folders of the repository that hold task files."""
    head: str
    """Root's commit."""
    trees: dict[str, dict[str, str]]
    """The task folders at the merge-bases that were asked for: worktrees have them in common."""

    def branching(self, checkout: CheckoutSource) -> _Branching | Unavailable:
        """Return where a checkout left root's history, or why it can't be told.

        Raises:
            GitError: git can't answer.
        """
        tip = checkout.head
        if tip is None:
            return Unavailable("it has no commit yet")
        base = self.git.merge_base(self.head, tip)
        if base is None:
            return Unavailable("its history and root's have no common commit")
        own_commits = dict(self.git.commits(tip, base, "--max-count=10000")) if base != tip else {}
        differing = [*checkout.files, *checkout.absent]
        if not differing:
            return _Branching(base=base, own_commits=own_commits, base_blobs={}, root_changes=(), own_changes=())
        base_blobs = self._namesakes(base, differing)
        asked = sorted({*(self.prefix + path for path in differing), *base_blobs})
        return _Branching(
            base=base,
            own_commits=own_commits,
            base_blobs=base_blobs,
            root_changes=self._changes(self.head, base, asked),
            own_changes=self._changes(tip, base, asked),
        )

    def _namesakes(self, base: str, paths: Iterable[str]) -> dict[str, str]:
        """Return the files at a merge-base that are called as some others, by path.

        A task keeps its file name when it is moved, say to completed/.
        """
        if base not in self.trees:
            self.trees[base] = self.git.tree(base, self.folders)
        names = {_file_name(path) for path in paths}
        return {path: blob for path, blob in self.trees[base].items() if _file_name(path) in names}

    def _changes(self, tip: str, base: str, paths: Sequence[str]) -> Sequence[Versions]:
        """Return what the commits from a merge-base to a tip did to some files."""
        return self.git.changes(tip, base, paths) if tip != base else ()


def _file_name(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def _fork(branching: _Branching, contents: Mapping[str, bytes], prefix: str) -> Fork:
    """Return a fork with the contents of its files."""
    return Fork(
        base=branching.base,
        base_files=_contents(branching.base_blobs, contents, prefix),
        root_versions=_versions(branching.root_changes, contents, prefix),
        own_versions=_versions(branching.own_changes, contents, prefix),
        commits=len(branching.own_commits),
        newest_commit_at=max(branching.own_commits.values(), default=None),
    )


def _stacked(
    checkouts: Sequence[CheckoutSource],
    forks: Mapping[str, Fork | Unavailable],
    own_commits: Mapping[str, Collection[str]],
) -> dict[str, Fork | Unavailable]:
    """Return the forks with the names of the checkouts that each is stacked on."""
    changed: dict[str, _Changed] = {}
    for checkout in checkouts:
        fork = forks.get(checkout.name)
        if isinstance(fork, Fork):
            own_changes = dict(_own_changes(checkout, fork))
            changed[checkout.name] = _Changed(checkout.head or "", own_changes, own_commits[checkout.name])
    stacked = dict(forks)
    for name, own in changed.items():
        fork = forks[name]
        if isinstance(fork, Fork) and own.files:
            containing = frozenset(other for other in changed if own.contains(changed[other]))
            stacked[name] = replace(fork, containing=containing)
    return stacked


@frozen(eq=False)
class _Changed:
    """What a checkout changed itself since it left root's history."""

    head: str
    files: Mapping[str, bool]
    """The files that it changed, by path, each with whether that is committed."""
    commits: Collection[str]

    def contains(self, other: "_Changed") -> bool:
        """Return whether this history has the other's tip and all that the other did to the files that both changed.

        A checkout whose own change isn't committed is in nobody's history, whatever contains its tip.
        """
        if other is self or other.head not in self.commits:
            return False
        shared = self.files.keys() & other.files.keys()
        return bool(shared) and all(other.files[path] for path in shared)


def _own_changes(checkout: CheckoutSource, fork: Fork) -> Iterator[tuple[str, bool]]:
    """Yield the files that a checkout changed since its base, each with whether that is committed."""
    for path, source in checkout.files.items():
        versions = fork.own_versions.get(path, ())
        tip = versions[0] if versions else fork.base_files.get(path)
        is_committed = source.data == tip
        if versions or not is_committed:
            yield path, is_committed


def _contents(blobs: Mapping[str, str], contents: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    """Return the contents of blobs, by path within the store; those that git didn't give are left out."""
    found = {}
    for path, blob in blobs.items():
        if blob in contents:
            found[path.removeprefix(prefix)] = contents[blob]
    return found


def _versions(changes: Iterable[Versions], contents: Mapping[str, bytes], prefix: str) -> dict[str, tuple[bytes, ...]]:
    """Return what commits made of files, in their order, by path within the store."""
    versions: dict[str, list[bytes]] = {}
    for change in changes:
        content = contents.get(change.after or "")
        if content is not None:
            versions.setdefault(change.path.removeprefix(prefix), []).append(content)
    return {path: tuple(found) for path, found in versions.items()}


def read_changes(git: Git, head: str | None, dispatched: Mapping[str, datetime], prefix: str) -> tuple[Change, ...]:
    """Return what root's commits made of tasks that were dispatched, since the earliest last sign of a run.

    Args:
        git: the repository.
        head: root's commit; None before the first one.
        dispatched: root paths of the tasks, each with the time of the last sign of its run.
        prefix: the store's folder in its repository.

    Raises:
        GitError: it can't be told.
    """
    if head is None or not dispatched:
        return ()
    since = int(min(dispatched.values()).timestamp())
    paths = sorted(prefix + path for path in dispatched)
    versions = git.changes(head, None, paths, f"--since={since}", first_parent=True)
    needed = _blobs_of(versions)
    found = git.blobs(needed, MAX_LEDGER_BYTES)
    unread = found.why_not(needed)
    if unread is not None:
        raise GitError(f"what root's commits made of dispatched tasks can't be read: {unread}")
    contents = found.contents
    changes = []
    for version in versions:
        changes.append(_change(version, contents, prefix))
    return tuple(changes)


def read_edits(git: Git, merges: Mapping[str, Merge], paths: TaskPaths, prefix: str) -> dict[str, Merge]:
    """Return verdicts with what each branch that has landed itself made of task files, from its fork to its tip.

    Args:
        git: the repository.
        merges: the verdicts by branch.
        paths: which files are task files.
        prefix: the store's folder in its repository.
    """
    made: dict[str, list[Versions]] = {}
    told = dict(merges)
    for branch, merge in merges.items():
        changes = _difference(git, merge)
        if isinstance(changes, Merge):
            told[branch] = changes
        else:
            made[branch] = [change for change in changes if paths.match(change.path, prefix)]
    wanted = {branch: _blobs_of(changes) for branch, changes in made.items()}
    found = git.blobs(set().union(*wanted.values()), MAX_TASK_BYTES)
    for branch, changes in made.items():
        unread = found.why_not(wanted[branch])
        if unread is None:
            edits = tuple(_change(change, found.contents, prefix) for change in changes)
            told[branch] = replace(merges[branch], edits=edits)
        else:
            told[branch] = Merge(merged=None, proof=f"a version of its task files can't be read: {unread}")
    return told


def _difference(git: Git, merge: Merge) -> list[Versions] | Merge:
    """Return what a branch changed, of one that has landed; no verdict where git can't tell.

    Raises:
        GitSilent: git gives no answer at all.
    """
    if merge.merged is not True or not merge.fork or not merge.tip:
        return []
    try:
        return git.difference(merge.fork, merge.tip)
    except GitSilent:
        raise
    except GitError as error:
        return Merge(merged=None, proof=str(error))


def _blobs_of(changes: Iterable[Versions]) -> set[str]:
    """Return the ids of what files were before some changes and after them."""
    blobs = set()
    for change in changes:
        blobs |= {change.before, change.after}
    return {blob for blob in blobs if blob}


def _change(change: Versions, contents: Mapping[str, bytes], prefix: str) -> Change:
    """Return a change with what the file held before and after."""
    return Change(
        path=change.path.removeprefix(prefix),
        commit=change.commit,
        at=change.at,
        before=contents.get(change.before or ""),
        after=contents.get(change.after or ""),
    )
