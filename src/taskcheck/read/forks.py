"""How the history of each checkout left root's, and the versions of its task files on both sides."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain

from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import from_epoch
from taskcheck.model.sources import Behind, CheckoutSource, Fork, Unavailable
from taskcheck.read.changes import Changes
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import WorktreeRecord
from taskcheck.read.graph import Commits
from taskcheck.read.history import History
from taskcheck.read.locate import Location
from taskcheck.read.reverts import DEPTH
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.trees import Trees, file_name

Forks = Mapping[str, Fork | Unavailable]
"""By name of the checkout; why it can't be told of some."""


_UNBORN = Unavailable("it has no commit yet")


@frozen(kw_only=True)
class _Parting:
    """Where a checkout's history left root's."""

    base: str
    own: Commits
    """What it has beyond the base."""
    root: Commits
    """What root has beyond the base."""


@frozen(kw_only=True)
class _Asked:
    """The versions of task files that the comparison of a checkout may need."""

    base_blobs: Mapping[str, str]
    """The files at the base, by path in the repository."""
    paths: frozenset[str]
    """Paths in the repository of which versions are needed."""


def read_forks(history: History, checkouts: Iterable[CheckoutSource], trees: Trees, prefix: str) -> Forks:
    """Return how the history of every live checkout left root's.

    Git is asked for what all of them need at a time: where they parted, what was done since, and the contents.

    Args:
        history: of root, and of the checkouts' commits.
        checkouts: with the files in which they differ from root.
        trees: the task folders of commits.
        prefix: the store's folder within a checkout.
    """
    live = [checkout for checkout in checkouts if checkout.defect is None]
    partings, forks = _partings(history, live)
    reader = _ForkReader(history=history, trees=trees, prefix=prefix)
    parted = [checkout for checkout in live if checkout.name in partings]
    forks.update(reader.forks(parted, partings))
    return _stacked(history, parted, forks, partings)


def _partings(
    history: History, checkouts: Iterable[CheckoutSource]
) -> tuple[dict[str, _Parting], dict[str, Fork | Unavailable]]:
    """Return where checkouts left root's history, and why it can't be told of the others."""
    bases: dict[str, tuple[str, str]] = {}
    unknown: dict[str, Fork | Unavailable] = {}
    for checkout in checkouts:
        if checkout.head is None:
            unknown[checkout.name] = _UNBORN
            continue
        base = history.parting(checkout.head)
        if isinstance(base, Unavailable):
            unknown[checkout.name] = base
        else:
            bases[checkout.name] = base, checkout.head
    history.graph.know(base for base, _ in bases.values())
    partings = {}
    for name, (base, tip) in bases.items():
        own = history.graph.between(base, tip)
        partings[name] = _Parting(base=base, own=own, root=history.since(base))
    return partings, unknown


@frozen(kw_only=True)
class _ForkReader:
    """Reads the versions of task files on both sides."""

    history: History
    trees: Trees
    prefix: str
    """The store's folder within a checkout."""

    def forks(self, checkouts: Sequence[CheckoutSource], partings: Mapping[str, _Parting]) -> Forks:
        """Return the forks of checkouts whose parting is known."""
        self._load(checkouts, partings)
        asked: dict[str, _Asked] = {}
        forks: dict[str, Fork | Unavailable] = {}
        for checkout in checkouts:
            try:
                asked[checkout.name] = self._asked(checkout, partings[checkout.name])
            except GitSilent:
                raise
            except GitError as error:
                forks[checkout.name] = Unavailable(str(error))
        needed = self.history.changes.blobs().union(*(each.base_blobs.values() for each in asked.values()))
        found = self.history.git.objects.blobs(needed, MAX_TASK_BYTES)
        for name, each in asked.items():
            unread = found.why_not(self._blobs(each, partings[name])) if found.unread else None
            if unread is None:
                forks[name] = self._fork(partings[name], each, found.contents)
            else:
                forks[name] = Unavailable(f"a version of its task files can't be read: {unread}")
        return forks

    def _load(self, checkouts: Iterable[CheckoutSource], partings: Mapping[str, _Parting]) -> None:
        """Ask for what checkouts did since; of those that differ, for what root did too, and the files at the bases."""
        done = 0
        bases = set()
        for checkout in checkouts:
            parting = partings[checkout.name]
            done |= parting.own
            if _differs(checkout):
                done |= parting.root
                bases.add(parting.base)
        newest = self.history.graph.newest_of(done, DEPTH)
        self.history.changes.index(newest)  # all of it, for verdicts on branches need that
        self.history.changes.index_versions(done & ~newest, self.trees)
        self.history.changes.index_merges(done, self.trees)
        self.trees.follow(sorted(bases, key=self.history.graph.numbers.__getitem__, reverse=True))

    def _asked(self, checkout: CheckoutSource, parting: _Parting) -> _Asked:
        """Return what the comparison of a checkout may need.

        Raises:
            GitError: git can't tell.
        """
        if not _differs(checkout):
            return _Asked(base_blobs={}, paths=frozenset())
        self.history.changes.refuse(parting.own | parting.root)
        differing = {self.prefix + path for path in (*checkout.files, *checkout.absent)}
        base_blobs = self._at_base(parting.base, differing, self.history.changes.removed(parting.own))
        return _Asked(base_blobs=base_blobs, paths=frozenset(differing | base_blobs.keys()))

    def _blobs(self, asked: _Asked, parting: _Parting) -> set[str]:
        """Return the blobs whose contents the comparison of a checkout may need."""
        blobs = set(asked.base_blobs.values())
        for path in asked.paths:
            blobs.update(self.history.changes.versions(path, parting.own | parting.root))
        return blobs

    def _at_base(self, base: str, paths: Iterable[str], removed: Iterable[str]) -> dict[str, str]:
        """Return the files at a merge-base that are called as some others, by path, and those that were removed since.

        A task keeps its file name when it is moved, say to completed/; else the checkout has renamed it.
        """
        files = self.trees.of(base)
        names = {file_name(path) for path in paths}
        called = {*removed, *chain.from_iterable(map(files.called, names))}
        return {path: blob for path in sorted(called) if (blob := files.blob(path)) is not None}

    def _fork(self, parting: _Parting, asked: _Asked, contents: Mapping[str, bytes]) -> Fork:
        """Return a fork with the contents of its files."""
        changes = self.history.changes
        versions = partial(_Versions, changes=changes, contents=contents, prefix=self.prefix)
        removed = asked.paths.intersection(changes.removed(parting.own | parting.root))
        return Fork(
            base=parting.base,
            base_files={
                path.removeprefix(self.prefix): contents[blob]
                for path, blob in asked.base_blobs.items()
                if blob in contents
            },
            root_versions=versions(commits=parting.root),
            own_versions=versions(commits=parting.own),
            removed=frozenset(path.removeprefix(self.prefix) for path in removed),
            commits=parting.own.bit_count(),
            newest_commit_at=_newest(self.history, parting.own),
            newest_work_at=_newest(self.history, parting.own, with_merges=False),
        )


@frozen(kw_only=True)
class _Versions(Mapping[str, tuple[bytes, ...]]):
    """What some commits made of task files, the newest first, by path within the store."""

    changes: Changes
    commits: Commits
    contents: Mapping[str, bytes]
    """By blob id."""
    prefix: str

    def __getitem__(self, path: str) -> tuple[bytes, ...]:
        full = self.prefix + path
        if not self.changes.changed(full, self.commits):
            raise KeyError(path)
        blobs = self.changes.versions(full, self.commits)
        return tuple(self.contents[blob] for blob in blobs if blob in self.contents)

    def __iter__(self) -> Iterator[str]:
        for full in self.changes.paths():
            if self.changes.changed(full, self.commits):
                yield full.removeprefix(self.prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _differs(checkout: CheckoutSource) -> bool:
    """Return whether a checkout has other task files than root."""
    return bool(checkout.files or checkout.absent or checkout.behind.blobs)


def _newest(history: History | None, commits: Commits, *, with_merges: bool = True) -> datetime | None:
    """Return when the newest of some commits was made; None for none."""
    if history is None:
        return None
    graph = history.graph
    found = graph.members(commits if with_merges else graph.without_merges(commits))
    newest = max((graph.times[number] for number in found), default=None)
    return from_epoch(newest) if newest is not None else None


def _stacked(
    history: History, checkouts: Iterable[CheckoutSource], forks: Forks, partings: Mapping[str, _Parting]
) -> Forks:
    """Return the forks with the names of the checkouts that each is stacked on."""
    changed: dict[str, Mapping[str, bool]] = {}
    at_head: dict[str, list[str]] = {}
    for checkout in checkouts:
        fork = forks[checkout.name]
        if isinstance(fork, Fork):
            changed[checkout.name] = dict(_own_changes(checkout, fork))
            at_head.setdefault(checkout.head or "", []).append(checkout.name)
    heads = history.graph.set_of(at_head)
    stacked = dict(forks)
    for name, files in changed.items():
        below = history.graph.members(heads & partings[name].own)
        others = chain.from_iterable(at_head[history.graph.names[number]] for number in below)
        containing = frozenset(other for other in others if other != name and _contains(files, changed[other]))
        fork = forks[name]
        if containing and isinstance(fork, Fork):
            stacked[name] = replace(fork, containing=containing)
    return stacked


def _contains(files: Mapping[str, bool], others: Mapping[str, bool]) -> bool:
    """Return whether a history that has another one's tip has all that was done there to the files that both changed.

    A change that isn't committed is in nobody's history, whatever contains the tip.

    Args:
        files: what was changed, by path, each with whether that is committed.
        others: what the other one changed.
    """
    shared = files.keys() & others.keys()
    return bool(shared) and all(others[path] for path in shared)


def _own_changes(checkout: CheckoutSource, fork: Fork) -> Iterator[tuple[str, bool]]:
    """Yield the files that a checkout changed since its base, each with whether that is committed."""
    for path, source in checkout.files.items():
        versions = fork.own_versions.get(path, ())
        tip = versions[0] if versions else fork.base_files.get(path)
        is_committed = source.data == tip
        if versions or not is_committed:
            yield path, is_committed


@frozen
class Code:
    """What the main checkout of the code is at."""

    tip: str | None
    """Its commit; None where it has none yet, or the store isn't on an orphan branch."""
    is_apart: bool
    """Whether the store is on an orphan branch."""

    @classmethod
    def of(cls, location: Location, records: Iterable[WorktreeRecord]) -> "Code":
        """Return what the main checkout is at, by git's records of all checkouts."""
        if location.code is None:
            return cls(None, is_apart=False)
        heads = {os.path.realpath(record.path): record.head for record in records}
        return cls(heads.get(str(location.code)), is_apart=True)

    @property
    def tips(self) -> Sequence[str]:
        """Its commit, if it has one."""
        return (self.tip,) if self.tip else ()

    def trunk(self, configured: tuple[str, ...], branch: str | None) -> tuple[str, ...]:
        """Return what trunk may be: on an orphan branch that one, for the code's own has no task files."""
        if not self.is_apart:
            return configured
        return (branch or "",)

    def parted(self, checkouts: list[CheckoutSource], history: History | None) -> list[CheckoutSource]:
        """Return checkouts, those of the code without task files, and parted from the main checkout.

        Args:
            checkouts: with the files in which they differ from root.
            history: of root, of the checkouts and of the code; None where root has no commit yet.
        """
        if not self.is_apart:
            return checkouts
        found = []
        for checkout in checkouts:
            is_code = _is_code(checkout, history)
            found.append(self._as_code(checkout, history) if is_code else checkout)
        return found

    def _as_code(self, checkout: CheckoutSource, history: History | None) -> CheckoutSource:
        """Return a checkout without task files, with the commits that it has beyond the main checkout's."""
        tip = checkout.head or ""
        fork = _code_fork(tip, 0, None)
        if history is not None and self.tip is not None and self.tip not in history.broken:
            base = history.graph.base(self.tip, tip)
            fork = _code_fork(base or tip, history.graph.between(self.tip, tip), history)
        return replace(checkout, files={}, behind=Behind(), absent=frozenset(), fork=fork)


def _is_code(checkout: CheckoutSource, history: History | None) -> bool:
    """Return whether it is known that a checkout and root have no commit in common."""
    tip = checkout.head
    if tip is None or checkout.defect is not None:
        return False
    if history is None:
        return True
    return tip not in history.broken and history.base(tip) is None


def _code_fork(base: str, own: Commits, history: History | None) -> Fork:
    """Return how a checkout of the code left the main one, with commits of its own."""
    return Fork(
        base=base,
        base_files={},
        root_versions={},
        own_versions={},
        commits=own.bit_count(),
        newest_commit_at=_newest(history, own),
        newest_work_at=_newest(history, own, with_merges=False),
    )
