"""What lies in a repository that may be tasks: files that say a status, in heaps of one folder and kind; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from taskcheck.assemble.saying import Kind, Said, said
from taskcheck.config.words import FIELDS, field_keys, stage_of
from taskcheck.documents import Value
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Source
from taskcheck.model.tasks import fold_id

_NUMBER = expression(r"[0-9]+")

Folders = dict[tuple[str, Kind], list[Said]]
"""By folder, or path of a JSON file, and by kind: what each file or element says."""

FEW_FILES = 3
"""Files of a folder that is one of several like it, each with a few."""

SEVERAL = 3
"""Names of what tasks depend on, of which one at least should be that of a task."""

MOST_KEYS = 12
"""Of a heap so many are named."""

MOST_STATUSES = 12
"""Different values of a key that may be a status."""


@frozen(kw_only=True)
class Heap:
    """Files that say a status in one way."""

    pattern: str
    kind: Kind
    files: int
    """Of a JSON file: the elements of its list."""
    keys: Mapping[str, int]
    """How many have each key, the most frequent first."""
    fields: Mapping[str, str]
    """Canonical field name to the key that is likely it."""
    statuses: Mapping[str, int]
    owners: Mapping[str, int]
    depends_elsewhere: bool
    """Whether its tasks are said to depend on several things, none of which is a task of it."""

    @property
    def known(self) -> int:
        """How many have a status whose class its word says."""
        return sum(count for status, count in self.statuses.items() if stage_of(status) is not None)

    @property
    def may_be_tasks(self) -> bool:
        """Whether the words of its statuses are those of tasks: in texts, where anything may have one, half of them."""
        least = sum(self.statuses.values()) if self.kind == "status line" else 1
        return self.known > 0 and self.known * 2 >= least


def heaps(sources: Iterable[Source]) -> tuple[Heap, ...]:
    """Return what may be tasks, the heaps with the most first; where no word of a status is known, it is none."""
    folders: Folders = {}
    for source in sources:
        for each in said(source):
            place = each.path if each.kind == "JSON" else each.path.rpartition("/")[0]
            folders.setdefault((place, each.kind), []).append(each)
    found = [_heap(place, kind, values) for (place, kind), values in _merged(folders).items()]
    return tuple(sorted((heap for heap in found if heap is not None and heap.may_be_tasks), key=_most_first))


def _most_first(heap: Heap) -> tuple[int, int, str]:
    return -heap.known, -heap.files, heap.pattern


def _merged(folders: Folders) -> Folders:
    """Return the heaps, those of folders that lie side by side as one: `.x/tasks/a/` and `.x/tasks/b/`.

    Such folders have few files each, or files of one name, or differ by a number: `epic-1` and `epic-2`.
    """
    beside: dict[tuple[str, Kind], list[str]] = {}
    for place, kind in folders:
        parent, slash, _ = place.rpartition("/")
        if kind != "JSON" and slash:
            beside.setdefault((parent, kind), []).append(place)
    merged = dict(folders)
    for (parent, kind), places in beside.items():
        files = [folders[place, kind] for place in places]
        if len(places) < 2 or not (_are_alike(files) or _differ_by_number(places)):
            continue
        together = merged.setdefault((f"{parent}/*", kind), [])
        for place in places:
            together += merged.pop((place, kind))
    return merged


def _are_alike(folders: Sequence[Sequence[Said]]) -> bool:
    """Return whether all of some folders have few files, or two of them have files of one name."""
    if all(len(files) <= FEW_FILES for files in folders):
        return True
    names = [each.path.rpartition("/")[2] for files in folders for each in files]
    return len(set(names)) < len(names)


def _differ_by_number(places: Sequence[str]) -> bool:
    """Return whether folders have one name but for the number in it."""
    return len({_NUMBER.sub("", place) for place in places}) == 1


def _heap(place: str, kind: Kind, files: Sequence[Said]) -> Heap | None:
    """Return the heap of some files or elements; None where none of their keys is a status."""
    values = [each.values for each in files]
    keys: Counter[str] = Counter()
    for each in values:
        keys.update(each.keys())
    status_key = _status_key(keys, values)
    if status_key is None:
        return None
    fields = {**field_keys(keys.keys() - {status_key}), "status": status_key}
    return Heap(
        pattern=place if kind == "JSON" else _pattern(place, files),
        kind=kind,
        files=len(values),
        keys=dict(keys.most_common()),
        fields=fields,
        statuses=_counted(values, status_key),
        owners=_counted(values, fields.get("owner", "")),
        depends_elsewhere=_depends_elsewhere(files, fields),
    )


def _depends_elsewhere(files: Sequence[Said], fields: Mapping[str, str]) -> bool:
    """Return whether tasks are said to depend on several things, none of which is one of them."""
    values = [each.values for each in files]
    stems = (each.path.rpartition("/")[2].rpartition(".")[0] for each in files)
    known = set(map(fold_id, (*stems, *_counted(values, fields.get("id", "")))))
    names = _counted(values, fields.get("depends_on", ""))
    return len(names) >= SEVERAL and known.isdisjoint(map(fold_id, names))


def _pattern(place: str, files: Iterable[Said]) -> str:
    """Return the pattern of some files: of several folders, what tells their tasks apart is a part of the id.

    For example `todo/*.md`, `.x/tasks/{scope}/{task}.md`, or `.y/{task}/README.md` where all have one name.
    """
    parent, several, _ = place.rpartition("*")
    if not several:
        return f"{place}/*.md".lstrip("/")
    names = {each.path.rpartition("/")[2] for each in files}
    if len(names) == 1:
        return f"{parent}{{task}}/{names.pop()}"
    return f"{parent}{{scope}}/{{task}}.md"


def _status_key(keys: Mapping[str, int], values: Sequence[Mapping[str, Value]]) -> str | None:
    """Return the key that says where a task stands: the usual ones first, else one whose words are mostly known."""
    for key in (*FIELDS["status"], *keys):
        words = _counted(values, key)
        known = len(list(filter(stage_of, words)))
        if not known or len(words) > MOST_STATUSES:
            continue
        if key in FIELDS["status"] or known * 2 >= len(words):
            return key
    return None


def _counted(values: Iterable[Mapping[str, Value]], key: str) -> dict[str, int]:
    """Return how often each text stands under a key, or in a list there, the most frequent first."""
    counts: Counter[str] = Counter()
    for each in values:
        counts.update(_texts(each.get(key)))
    return dict(counts.most_common())


def _texts(value: Value) -> Iterator[str]:
    """Yield a text, or those of a list."""
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        if isinstance(item, str) and item:
            yield item


def table(found: Iterable[Heap]) -> Iterator[str]:
    """Yield what was found, in lines: folder, files, keys, statuses with counts, owners."""
    for heap in found:
        what = "elements" if heap.kind == "JSON" else "files"
        yield f"{heap.pattern}: {heap.files} {what} with {heap.kind}"
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
