"""Tombstones that branches have committed: what the tip of a task's own branch records of its runs."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from taskcheck.config.pattern import Pattern
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.sources import CheckoutSource, Source, Sources
from taskcheck.read.files import MAX_LEDGER_BYTES
from taskcheck.read.objects import Objects
from taskcheck.read.places import Places
from taskcheck.read.questions import Further
from taskcheck.read.runner import GitError, GitSilent

Spot = tuple[str, str]
"""A commit, and a path in the repository."""


UNKNOWN = ""
"""The id of what may lie at a spot, where git can't tell."""


@frozen
class _Likely:
    """A tombstone that a branch may have committed."""

    checkout: str
    """The name of the branch as a checkout."""
    name: str
    """The task that its own name says."""
    path: str
    """In the store."""
    spot: Spot


def read_at_tips(
    objects: Objects,
    tips: Mapping[str, str],
    sources: Sources,
    pattern: str,
    prefix: str,
    trunk: str | None,
    further: Further,
) -> tuple[list[CheckoutSource], tuple[str, ...]]:
    """Return those branches, and nothing else of them, that have committed tombstones of what may be their own tasks.

    None is kept that root has as it is. Git is asked for the paths that they would have; where it can't tell, there is
    none. After them come the names of the branches with a tombstone whose content this clone doesn't have.

    Args:
        objects: of the repository.
        tips: the branches' commits by short name.
        sources: root's files.
        pattern: where tombstones lie in the store.
        prefix: the store's folder within a checkout.
        trunk: its name.
        further: tells what they may be called.

    Raises:
        GitSilent: git gives no answer at all.
    """
    bare = [CheckoutSource(name=f"branch:{name}", path=None, branch=name, head=tip) for name, tip in tips.items()]
    named = further.named(sources, bare, trunk)
    likely = list(_likely(tips, named, Pattern(pattern), prefix))
    contents = _contents(objects, {each.spot for each in likely})
    in_root = {source.path: source.data for source in sources.tombstones}
    found: dict[str, list[Source]] = {}
    for each in likely:
        data = contents.get(each.spot)
        if data is not None and data != in_root.get(each.path):
            found.setdefault(each.checkout, []).append(Source(path=each.path, data=data, name=each.name))
    read = [replace(held, tombstones=tuple(found[held.name])) for held in bare if held.name in found]
    return read, tuple(_unread(likely, contents))


def _likely(
    tips: Mapping[str, str], named: Mapping[str, Collection[str]], pattern: Pattern, prefix: str
) -> Iterator[_Likely]:
    """Yield the tombstones that branches may have committed of what may be their own tasks."""
    for branch, tip in tips.items():
        checkout = f"branch:{branch}"
        for name in sorted(named[checkout]):
            path = pattern.fill(task=name)
            yield _Likely(checkout, name, path, (tip, prefix + path))


def _unread(likely: Iterable[_Likely], contents: Mapping[Spot, bytes | None]) -> dict[str, None]:
    """Return the names of the branches with a tombstone whose content nobody knows, in their order."""
    found: dict[str, None] = {}
    for each in likely:
        if contents.get(each.spot, b"") is None:
            found[each.checkout.removeprefix("branch:")] = None
    return found


def _contents(objects: Objects, spots: set[Spot]) -> dict[Spot, bytes | None]:
    """Return the files that there are at some spots, None for one without its content, or where git can't tell.

    Raises:
        GitSilent: git gives no answer at all.
    """
    blobs = blobs_at(Places(objects), spots)
    contents = objects.blobs(set(blobs.values()) - {UNKNOWN}, MAX_LEDGER_BYTES).contents
    return {spot: contents.get(blob) for spot, blob in blobs.items()}


def blobs_at(places: Places, spots: Collection[Spot]) -> dict[Spot, str]:
    """Return the ids of what lies at some spots; where git can't tell of them all, it is asked of each tip by itself.

    At the spots of a tip of which it can't tell either lies something `UNKNOWN`.

    Raises:
        GitSilent: git gives no answer at all.
    """
    try:
        return places.at_all(spots)
    except GitSilent:
        raise
    except GitError:
        tips = {tip for tip, _ in spots}
    if len(tips) < 2:
        return dict.fromkeys(spots, UNKNOWN)
    found: dict[Spot, str] = {}
    for tip in tips:
        found |= blobs_at(places, [spot for spot in spots if spot[0] == tip])
    return found
