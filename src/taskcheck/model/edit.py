"""What a fix would do to files, as data: keyed edits, so that those of different fixes compose."""

from collections.abc import Collection

from taskcheck.documents.frozen import frozen
from taskcheck.documents.origin import Origin
from taskcheck.documents.shape import Shape, file_of
from taskcheck.model.task import Place


@frozen(kw_only=True)
class SetKey:
    """Write a scalar at the route of a place; a missing key is added at the end.

    One with an origin is written as that has it, with what it changed in the same lines, and where it stands there.
    """

    place: Place
    value: str
    origin: Origin | None = None


@frozen(kw_only=True)
class DropEntry:
    """Remove a row from a register."""

    place: Place


@frozen(kw_only=True)
class MergeFile:
    """Merge runtime files of one person into the canonical path, and drop the others."""

    sources: tuple[Place, ...]
    target: Place
    owner: str
    """The canonical key that the merged file names as its owner."""


@frozen(kw_only=True)
class KeepFile:
    """Keep one of several runtime files under the canonical path, and drop the others."""

    source: Place
    dropped: tuple[Place, ...]
    target: Place
    owner: str


Edit = SetKey | DropEntry | MergeFile | KeepFile


def with_keys(data: bytes, edits: Collection[SetKey], *, shape: Shape) -> bytes:
    """Return a task file with some keys set, first those that a copy has.

    Raises:
        DocumentError: it can't be read.
        Refused: it can't be done exactly.
    """
    from taskcheck.documents.frontgraft import set_keys

    groups = dict.fromkeys((edit.place.path, edit.origin) for edit in edits)
    for path, origin in sorted(groups, key=lambda group: group[1] is None):
        values = {edit.place.route: edit.value for edit in edits if (edit.place.path, edit.origin) == (path, origin)}
        data = set_keys(data, values, origin, shape=shape.of(path))
    return data


def edited(edit: Edit) -> tuple[str, ...]:
    """The paths that an edit writes or removes, relative to the root checkout."""
    match edit:
        case SetKey(place=place) | DropEntry(place=place):
            return (file_of(place.path),)
        case MergeFile(sources=sources, target=target):
            return tuple(dict.fromkeys(place.path for place in (target, *sources)))
        case KeepFile(source=source, dropped=dropped, target=target):
            return tuple(dict.fromkeys(place.path for place in (target, source, *dropped)))
