"""Ask history: how a checkout left root's, and what root's own commits made of dispatched tasks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from taskcheck.model.sources import (
    Change,
    CheckoutSource,
    Fork,
    Unavailable,
)
from taskcheck.read.files import MAX_LEDGER_BYTES, MAX_TASK_BYTES
from taskcheck.read.git import Git, GitError, Versions
from taskcheck.read.locate import Location
from taskcheck.read.tasks import TaskPaths


@dataclass(slots=True)
class _Question:
    """What is to be asked about one checkout's history."""

    base: str
    paths: list[str]
    tree: dict[str, str]
    root_changes: list[Versions]
    own_changes: list[Versions]


def read_forks(
    git: Git, location: Location, head: str, checkouts: Sequence[CheckoutSource], paths: TaskPaths
) -> dict[str, Fork | Unavailable]:
    """How the history of every live checkout with differing task files left root's, by checkout name.

    The contents of all files at all merge-bases and in all commits since are fetched by one process.
    """
    trees: dict[str, dict[str, str]] = {}
    questions: dict[str, _Question] = {}
    forks: dict[str, Fork | Unavailable] = {}
    own_commits: dict[str, dict[str, datetime]] = {}
    for checkout in checkouts:
        if checkout.defect is not None:
            continue
        if checkout.head is None:
            forks[checkout.name] = Unavailable("it has no commit yet")
            continue
        try:
            base = git.merge_base(head, checkout.head)
            if base is None:
                forks[checkout.name] = Unavailable("its history and root's have no common commit")
                continue
            own = git.commits(checkout.head, base, "--max-count=10000") if base != checkout.head else []
            own_commits[checkout.name] = dict(own)
            differing = [*checkout.files, *checkout.absent]
            if differing and base not in trees:
                trees[base] = git.tree(base, paths.folders(location.prefix))
            questions[checkout.name] = _question(
                git, location.prefix, head, checkout.head, base, differing, trees.get(base, {})
            )
        except GitError as error:
            forks[checkout.name] = Unavailable(str(error))
    contents = git.blobs(
        {
            object_id
            for question in questions.values()
            for object_id in (
                *question.tree.values(),
                *(change.after for change in (*question.root_changes, *question.own_changes) if change.after),
            )
        },
        MAX_TASK_BYTES,
    )
    for name, question in questions.items():
        own_of = own_commits[name]
        forks[name] = Fork(
            base=question.base,
            base_files=_contents(question.tree, contents, location.prefix),
            root_versions=_versions(question.root_changes, contents, location.prefix),
            own_versions=_versions(question.own_changes, contents, location.prefix),
            commits=len(own_of),
            newest_commit_at=max(own_of.values(), default=None),
        )
    return _stacked(checkouts, forks, own_commits)


def _stacked(
    checkouts: Sequence[CheckoutSource],
    forks: Mapping[str, Fork | Unavailable],
    own_commits: Mapping[str, Mapping[str, datetime]],
) -> dict[str, Fork | Unavailable]:
    """The forks with the names of the checkouts whose tip each contains, among those that changed the same files.

    A checkout whose own change isn't committed is in nobody's history, whatever contains its tip.
    """
    committed: dict[str, dict[str, bool]] = {}
    for checkout in checkouts:
        fork = forks.get(checkout.name)
        if isinstance(fork, Fork):
            committed[checkout.name] = dict(_own_changes(checkout, fork))
    heads = {checkout.name: checkout.head or "" for checkout in checkouts}

    def contains(later: str, earlier: str) -> bool:
        shared = committed[later].keys() & committed[earlier].keys()
        if later == earlier or heads[earlier] not in own_commits[later] or not shared:
            return False
        return all(committed[earlier][path] for path in shared)

    return {
        name: replace(fork, containing=frozenset(other for other in committed if contains(name, other)))
        if isinstance(fork, Fork) and committed[name]
        else fork
        for name, fork in forks.items()
    }


def _own_changes(checkout: CheckoutSource, fork: Fork) -> Iterator[tuple[str, bool]]:
    """The files that a checkout changed since its base, each with whether that is committed."""
    for path, source in checkout.files.items():
        versions = fork.own_versions.get(path, ())
        tip = versions[0] if versions else fork.base_files.get(path)
        if versions or source.data != tip:
            yield path, source.data == tip


def _question(
    git: Git, prefix: str, head: str, tip: str, base: str, differing: Sequence[str], tree: Mapping[str, str]
) -> _Question:
    if not differing:
        return _Question(base, [], {}, [], [])
    names = {path.rpartition("/")[2] for path in differing}
    # A task keeps its file name when it is moved, say to completed/.
    at_base = {path: blob for path, blob in tree.items() if path.rpartition("/")[2] in names}
    asked = sorted({*(prefix + path for path in differing), *at_base})
    return _Question(
        base,
        asked,
        at_base,
        git.changes(head, base, asked) if head != base else [],
        git.changes(tip, base, asked) if tip != base else [],
    )


def _contents(tree: Mapping[str, str], contents: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    return {path.removeprefix(prefix): contents[blob] for path, blob in tree.items() if blob in contents}


def _versions(changes: Iterable[Versions], contents: Mapping[str, bytes], prefix: str) -> dict[str, tuple[bytes, ...]]:
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
    """
    if head is None or not dispatched:
        return ()
    since = min(dispatched.values())
    paths = sorted(prefix + path for path in dispatched)
    found = git.changes(head, None, paths, f"--since={int(since.timestamp())}", first_parent=True)
    blobs = git.blobs({blob for change in found for blob in (change.before, change.after) if blob}, MAX_LEDGER_BYTES)
    return tuple(
        Change(
            path=change.path.removeprefix(prefix),
            commit=change.commit,
            at=change.at,
            before=blobs.get(change.before or ""),
            after=blobs.get(change.after or ""),
        )
        for change in found
    )
