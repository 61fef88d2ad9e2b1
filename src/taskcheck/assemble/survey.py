"""What lies in a repository that may be tasks: files that say a status, in heaps of one folder and kind; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from taskcheck.assemble.heap import IN_FILES, Heap, stage_of_folder
from taskcheck.assemble.saying import Kind, Said, said
from taskcheck.config.words import NAMES
from taskcheck.documents.expression import expression
from taskcheck.documents.values import counted
from taskcheck.model.sources import Source

_NUMBER = expression(r"[0-9]+")

Folders = dict[tuple[str, Kind], list[Said]]
"""By folder, or path of a file with many, and by kind: what each file or entry says."""

FEW_FILES = 3
"""Files of a folder that is one of several like it, each with a few."""

MOST_KEYS = 12
"""Of a heap so many are named."""


def heaps(sources: Iterable[Source]) -> tuple[Heap, ...]:
    """Return what may be tasks, the heaps with the most first; where no word of a status is known, it is none."""
    folders: Folders = {}
    for source in sources:
        for each in said(source):
            place = each.path if each.kind in IN_FILES else each.path.rpartition("/")[0]
            folders.setdefault((place, each.kind), []).append(each)
    found = chain.from_iterable(_named_apart(place, kind, files) for (place, kind), files in _merged(folders).items())
    return tuple(sorted((heap for heap in found if heap.may_be_tasks), key=_most_first))


def _named_apart(place: str, kind: Kind, files: Sequence[Said]) -> Iterator[Heap]:
    """Yield the files of several folders, those apart of which each folder has one of a name: `TASK.md`, `PLAN.md`.

    Where nearly all are such files, those of one name are the tasks, and the others lie beside them.
    """
    names = _recurring(place, files)
    of_name = {name: tuple(file for file in files if _file_name(file) == name) for name in names}
    if 5 * sum(map(len, of_name.values())) < 4 * len(files) or len(names) == 0:
        yield Heap(place, kind, tuple(files))
        return
    first, *others = sorted(names, key=lambda name: (not _is_called_so(name), -len(of_name[name]), name))
    yield Heap(place, kind, of_name[first])
    for name in others:
        yield Heap(place, kind, of_name[name], is_beside=True)


def _recurring(place: str, files: Sequence[Said]) -> list[str]:
    """Return the names without a number that files of at least every second folder have."""
    if "*" not in place:
        return []
    folders = {file.path.rpartition("/")[0] for file in files}
    counts = Counter(map(_file_name, files))
    return [name for name, count in counts.items() if not _NUMBER.search(name) and 2 * count >= max(len(folders), 4)]


def _is_called_so(name: str) -> bool:
    """Return whether a file is called as that of a task in a folder of its own."""
    return name.rpartition(".")[0].casefold() in NAMES


def _most_first(heap: Heap) -> tuple[int, int, str]:
    return -heap.known, -heap.files, heap.pattern


def _merged(folders: Folders) -> Folders:
    """Return the heaps, those of folders that differ in one name as one: `.x/tasks/a/` and `.x/tasks/b/`."""
    merged = dict(folders)
    deepest = max((place.count("/") for place, _ in folders), default=0)
    for level in range(deepest + 1):
        for (pattern, kind), places in _differing(merged, level).items():
            files = [merged[place, kind] for place in places]
            if _are_one(pattern, places, files):
                merged[pattern, kind] = list(chain.from_iterable(files))
                for place in places:
                    del merged[place, kind]
    return merged


def _differing(folders: Folders, level: int) -> dict[tuple[str, Kind], list[str]]:
    """Return the folders that differ in the name at a level alone, counted from below, by their common pattern."""
    found: dict[tuple[str, Kind], list[str]] = {}
    for place, kind in folders:
        names = place.split("/")
        at = len(names) - 1 - level
        if kind in IN_FILES or at < 0 or "*" in names:
            continue
        if at == 0 and not _NUMBER.search(names[0]):
            continue
        names[at] = "*"
        pattern = "/".join(names)
        found.setdefault((pattern, kind), []).append(place)
    return {pattern: places for pattern, places in found.items() if len(places) > 1}


def _are_one(pattern: str, places: Sequence[str], folders: Sequence[Sequence[Said]]) -> bool:
    """Return whether folders that differ in one name are of one store.

    They are where they differ in a folder above them, as `a/tasks` and `b/tasks` do, or by a number, as `epic-1` and
    `epic-2`; where they are called as statuses are, `2-todo` and `5-done`; where each has few files, or two of them
    have files of one name. Folders at the top, of which only those with a number count, are if nearly all have a file
    of one name: `ADR-0001/README.md`.
    """
    if pattern.startswith("*"):
        return _have_one_name(folders)
    if not pattern.endswith("*"):
        return True
    by_number = len({_NUMBER.sub("", place) for place in places}) == 1
    by_status = None not in map(stage_of_folder, places)
    if by_number or by_status:
        return True
    names = list(map(_file_name, chain.from_iterable(folders)))
    has_few = max(map(len, folders)) <= FEW_FILES
    return has_few or len(set(names)) < len(names)


def _have_one_name(folders: Sequence[Sequence[Said]]) -> bool:
    """Return whether nearly all files of several folders have one name."""
    names = Counter(map(_file_name, chain.from_iterable(folders)))
    return 5 * max(names.values()) >= 4 * names.total()


def _file_name(file: Said) -> str:
    return file.path.rpartition("/")[2]


def table(found: Iterable[Heap]) -> Iterator[str]:
    """Yield what was found, in lines: folder, files, keys, statuses with counts, owners."""
    for heap in found:
        what = "entry" if heap.kind in IN_FILES else "file"
        yield f"{heap.pattern}: {counted(heap.files, what)} with {heap.kind}"
        yield f"  keys      {_first(heap.keys)}"
        yield f"  statuses  {_with_counts(heap.statuses)}"
        if heap.owners:
            yield f"  owners    {_with_counts(heap.owners)}"


def _first(keys: Mapping[str, int]) -> str:
    """Return the most frequent keys, with how many are left out: each line of a text with a label makes one."""
    more = f" and {len(keys) - MOST_KEYS} more" if len(keys) > MOST_KEYS else ""
    return f"{', '.join(list(keys)[:MOST_KEYS])}{more}"


def _with_counts(words: Mapping[str, int]) -> str:
    return ", ".join(f"{word} ({count})" for word, count in words.items())
