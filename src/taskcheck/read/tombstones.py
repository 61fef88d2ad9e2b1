"""Tombstones beside root's: what a task's own worktree, or the tip of its own branch, records of its runs."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.documents.frozen import replace
from taskcheck.model.sources import CheckoutSource, Source, Sources
from taskcheck.model.tasks import fold_id
from taskcheck.read.files import MAX_LEDGER_BYTES, Folder, Globs
from taskcheck.read.history import History
from taskcheck.read.known import blob_id
from taskcheck.read.questions import Further
from taskcheck.read.runner import GitError, GitSilent


def read_tombstones(
    checkouts: list[CheckoutSource], sources: Sources, pattern: str, prefix: str, trunk: str | None, further: Further
) -> list[CheckoutSource]:
    """Return checkouts with the tombstones in them that may be of their own task, and that root hasn't as they are.

    Args:
        checkouts: worktrees.
        sources: root's files.
        pattern: where tombstones lie in the store.
        prefix: the store's folder within a checkout.
        trunk: its name.
        further: tells what they may be called.
    """
    found = {held.name: _paths(held, pattern, prefix) for held in checkouts}
    if not any(found.values()):
        return checkouts
    named = further.named(sources, checkouts, trunk)
    in_root = {source.path: source.data for source in sources.tombstones}
    kept = []
    for held in checkouts:
        paths = _likely(found[held.name], named[held.name])
        own = tuple(_own(held, paths, prefix, in_root))
        kept.append(replace(held, tombstones=own))
    return kept


def _likely(paths: Iterable[tuple[str, str]], names: Collection[str]) -> list[tuple[str, str]]:
    """Return those paths of tombstones that have one of some names."""
    folded = set(map(fold_id, names))
    return [(path, name) for path, name in paths if fold_id(name) in folded]


def _paths(held: CheckoutSource, pattern: str, prefix: str) -> list[tuple[str, str]]:
    """Return the paths of the tombstones in a live worktree, each with the name that it has."""
    if held.defect is not None or held.path is None:
        return []
    folder = held.path / prefix
    if not (folder / Pattern(pattern).folder).is_dir():
        return []
    return list(Folder(folder).find(Globs.of(pattern)))


def _own(
    held: CheckoutSource, paths: Iterable[tuple[str, str]], prefix: str, in_root: Mapping[str, bytes | None]
) -> Iterator[Source]:
    """Yield files of a worktree as they were read; neither links nor what root has with the same bytes."""
    folder = Folder((held.path or Path()) / prefix)
    for source in folder.read_all(paths, MAX_LEDGER_BYTES):
        is_link = source.trouble is not None and source.trouble.kind == "symlink"
        is_in_root = source.data is not None and source.data == in_root.get(source.path)
        if not is_link and not is_in_root:
            yield source


def without_inherited(history: History, checkouts: Iterable[CheckoutSource], prefix: str) -> list[CheckoutSource]:
    """Return checkouts without the tombstones that are as their base has them: they came with root's history.

    Where git can't tell that, nothing is taken for a worktree's own word.

    Raises:
        GitSilent: git gives no answer at all.
    """
    return [_without_inherited(history, held, prefix) if held.tombstones else held for held in checkouts]


def _without_inherited(history: History, held: CheckoutSource, prefix: str) -> CheckoutSource:
    """Return a checkout without the tombstones that are as its base has them."""
    try:
        at_base = _at_base(history, held, prefix)
    except GitSilent:
        raise
    except GitError:
        return replace(held, tombstones=())
    own = []
    for source in held.tombstones:
        blob = at_base.get(prefix + source.path)
        if blob is None or not _is_blob(source.data, blob):
            own.append(source)
    return replace(held, tombstones=tuple(own))


def _at_base(history: History, held: CheckoutSource, prefix: str) -> Mapping[str, str]:
    """Return the ids of the tombstones of a checkout as its base has them, by path in the repository.

    Raises:
        GitError: git can't tell.
    """
    if held.head is None:
        return {}
    base = history.base(held.head)
    if base is not None:
        return history.at(base, [prefix + source.path for source in held.tombstones])
    if history.shallow:
        raise GitError("this clone doesn't have its base")
    return {}


def _is_blob(data: bytes | None, blob: str) -> bool:
    """Return whether bytes are those of a blob, also where git has written its line ends otherwise."""
    if data is None:
        return False
    as_committed = data.replace(b"\r\n", b"\n")
    return blob in {blob_id(data, len(blob)), blob_id(as_committed, len(blob))}
