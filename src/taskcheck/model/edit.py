"""What a fix would do to files, as data: keyed edits, so that those of different fixes compose."""

from dataclasses import dataclass

from taskcheck.model.task import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKey:
    """Write a scalar where the place's route points; added at the end when the key isn't there."""

    place: Place
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEntry:
    """Take a row out of a register, nothing else."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFile:
    """Merge runtime files of one person into the canonical path, and drop the others."""

    sources: tuple[Place, ...]
    target: Place
    owner: str
    """The canonical key that the merged file names as its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFile:
    """Keep one of several runtime files under the canonical path, and drop the others."""

    source: Place
    dropped: tuple[Place, ...]
    target: Place
    owner: str


Edit = SetKey | DropEntry | MergeFile | KeepFile


def edited(edit: Edit) -> tuple[str, ...]:
    """The paths that an edit writes or removes, relative to the root checkout."""
    match edit:
        case SetKey(place=place) | DropEntry(place=place):
            return (place.path,)
        case MergeFile(sources=sources, target=target):
            return tuple(dict.fromkeys(place.path for place in (target, *sources)))
        case KeepFile(source=source, dropped=dropped, target=target):
            return tuple(dict.fromkeys(place.path for place in (target, source, *dropped)))
