"""Files of one folder and kind that may be tasks: what they are called and what they say, as a store would have it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import filterfalse
from operator import attrgetter

from taskcheck.assemble.saying import Kind, Said
from taskcheck.config.samples import is_example
from taskcheck.config.settings import Stage
from taskcheck.config.words import ARCHIVE, FIELDS, IN_TEXTS, PLACES, TOLD, field_keys, stage_of
from taskcheck.documents import Value
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import Fence
from taskcheck.model.tasks import fold_id

_ARCHIVED = expression(
    rf"(?:[^/]*+/)*?(?i:[._]?(?:[^/.]*?[-_. ])?{ARCHIVE}d?(?:[-_. ]?[0-9]++)?)(?:(?=/)|\.(?:json|ya?ml)\Z)"
)
"""The beginning of a path up to the first folder that is called an archive, or to a file of many tasks that is."""

_OF_ONE_TASK = expression(r"(?:task|todo|issue|ticket|story)[-_ ]?[0-9]")

SEVERAL = 3
"""Names of what tasks depend on, of which one at least should be that of a task."""

IN_FILES = frozenset({"JSON", "YAML"})
"""The kinds of which one file holds many tasks."""

MOST_ROUTES = 5
"""Lists of a file that are named; where there are more, their first key is any."""

MOST_STATUSES = 12
"""Different values of a key that may be a status."""


@frozen(slots=False)
class Heap:
    """Files, or entries of a file in JSON or YAML, that may be tasks of one store."""

    place: str
    """Their folder, with `*` for what several folders differ in; of JSON and YAML the file."""
    kind: Kind
    said: tuple[Said, ...]
    is_beside: bool = False
    """Whether files of another name in the same folders are likelier the tasks: `PLAN.md` beside `TASK.md`."""

    @property
    def files(self) -> int:
        """How many there are."""
        return len(self.said)

    @property
    def pattern(self) -> str:
        """The pattern of their paths: of several folders, what tells their tasks apart is a part of the id.

        For example `todo/*.md`, `.x/tasks/{scope}/{task}.md`, or `.y/{task}/README.md` where all have one name.
        """
        if self.is_in_file:
            return self.place
        parent, several, below = self.place.partition("*")
        if not several or self.folders:
            return f"{self.place}/*.md".lstrip("/")
        if len(self._names) == 1:
            return f"{parent}{{task}}{below}/{min(self._names)}"
        return f"{parent}{{scope}}{below}/{{task}}.md"

    @cached_property
    def keys(self) -> Mapping[str, int]:
        """How many have each key, the most frequent first."""
        counts: Counter[str] = Counter()
        for each in self.said:
            counts.update(each.values.keys())
        return dict(counts.most_common())

    @cached_property
    def status_key(self) -> str | None:
        """The key that says where a task stands: the usual ones first, else one whose words are mostly known."""
        for key in (*FIELDS["status"], *self.keys):
            words = self._counted(key)
            known = len(list(filter(stage_of, words)))
            if not known or len(words) > MOST_STATUSES:
                continue
            is_usual = key.casefold() in FIELDS["status"]
            is_frequent = self.keys[key] * 2 >= self.files
            if is_usual or (is_frequent and known * 2 >= len(words)):
                return key
        return None

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Canonical field name to the key that is likely it."""
        if self.status_key is None:
            return {}
        return {**field_keys(filter(self._may_be_field, self.keys)), "status": self.status_key}

    @cached_property
    def statuses(self) -> Mapping[str, int]:
        """How many have each status."""
        return self._of_field("status")

    @cached_property
    def owners(self) -> Mapping[str, int]:
        """How many have each owner."""
        return self._of_field("owner")

    @cached_property
    def known(self) -> int:
        """How many have a status whose class its word says."""
        return sum(count for status, count in self.statuses.items() if stage_of(status) is not None)

    @property
    def may_be_tasks(self) -> bool:
        """Whether the words of its statuses are those of tasks: in texts, where anything may have one, half of them.

        An entry in JSON or YAML has to say what is to be done, too: a customer has a status.
        """
        if self.is_in_file and self.keys.keys().isdisjoint(TOLD):
            return False
        least = sum(self.statuses.values()) if self.kind == "status line" else 1
        return self.known > 0 and self.known * 2 >= least

    @property
    def lists(self) -> Sequence[str]:
        """The keys that lead to the lists of a file with many, `tasks` or `*.tasks`; none where the file is one."""
        routes = sorted({each.route for each in self.said} - {""})
        tails = {route.partition(".")[2] for route in routes}
        if len(routes) <= MOST_ROUTES or len(tails) > 1:
            return routes
        return [f"*.{tails.pop()}".rstrip(".")]

    @property
    def is_in_file(self) -> bool:
        """Whether a single file has all of them."""
        return self.kind in IN_FILES

    @property
    def is_readable(self) -> bool:
        """Whether there is a shape in which it can be read: entries of a file need an id, or in YAML a key."""
        if self.is_beside:
            return False
        have_ids = self.keys.get("id", 0) == self.files
        return not self.is_in_file or have_ids

    def holds(self, other: "Heap") -> bool:
        """Return whether another heap lies in its folder, or below it."""
        folder = self.place.partition("*")[0].rstrip("/")
        return f"{other.place}/".startswith(f"{folder}/" if folder else "")

    def is_like(self, other: "Heap") -> bool:
        """Return whether another heap is of the same kind, and has the keys that heaps of one store have in common."""
        return (self.kind, self.common_keys) == (other.kind, other.common_keys)

    def has_archive(self, other: "Heap") -> bool:
        """Return whether another file has the tasks that were put away from this one, which is read alike."""
        return other.is_archived and self.is_like(other) and self.lists == other.lists

    @property
    def common_keys(self) -> tuple[str | None, ...]:
        """The keys that heaps of one store have in common."""
        return self.fields.get("id"), self.fields.get("status")

    @property
    def is_called_so(self) -> bool:
        """Whether its folder is called as those of tasks are; `task-1507` is called after one task."""
        parts = filterfalse(_OF_ONE_TASK.match, self.place.casefold().split("/"))
        return any(word in part for part in parts for word in PLACES)

    @property
    def is_document(self) -> bool:
        """Whether it may be a lone document that has a status: nothing says that it is one of several tasks."""
        marks = self.fields.keys() & {"id", "owner", "depends_on", "parent"}
        several = self.known if self.kind == "status line" else self.files
        return several < 2 and not marks and not self.is_called_so and "plan" not in self.place

    @property
    def is_likely(self) -> bool:
        """Whether it can be read, and may be of a store."""
        return self.is_readable and not self.is_document

    @property
    def is_archived(self) -> bool:
        """Whether all its tasks are put away."""
        return all(_archive(each.path) for each in self.said)

    @property
    def is_example(self) -> bool:
        """Whether all its tasks lie among examples."""
        return all(is_example(each.path) for each in self.said)

    @cached_property
    def archives(self) -> Sequence[str]:
        """The patterns of the tasks that are put away: `tasks/archive/**`, `backlog-archive.yaml`."""
        return sorted({_archive(each.path) for each in self.said} - {""})

    @cached_property
    def needs_at_names(self) -> bool:
        """Whether some can be read only where an unquoted `@name` is a value."""
        return any(each.dialect.at_names for each in self.said)

    @cached_property
    def fence(self) -> Fence:
        """What closes the front matter of all."""
        fences = {each.dialect.fence for each in self.said}
        return "start" if "start" in fences else "line"

    @cached_property
    def folders(self) -> Mapping[str, Stage]:
        """The class of each folder, where all are called as statuses are; else nothing."""
        if not self.place.endswith("/*"):
            return {}
        folders = sorted({each.path.rpartition("/")[0] for each in self.said})
        stages = {folder: stage_of_folder(folder) for folder in folders}
        found = {folder: stage for folder, stage in stages.items() if stage is not None}
        return found if len(found) == len(stages) else {}

    @cached_property
    def classes_of_folders(self) -> Mapping[str, Sequence[Stage]]:
        """The classes of each folder whose name says one, and whose tasks mostly agree; of a lone one, if it is closed.

        What lies in a folder of closed tasks and isn't closed is a contradiction, however many do. But a folder called
        active may stand for every status before done. Where nothing lies beside it, one of done tasks may have dropped
        ones, too.
        """
        if self.folders:
            return {place: [stage] for place, stage in self.folders.items() if self._agrees(place, stage)}
        own = self.place.partition("*")[0].rstrip("/")
        stage = stage_of_folder(own)
        if stage is None or not stage.closed or "/" not in own:
            return {}
        others = {Stage.DONE, Stage.DROPPED}.intersection(filter(None, map(stage_of, self.statuses))) - {stage}
        return {own: [stage, *others]}

    def _agrees(self, folder: str, stage: Stage) -> bool:
        """Return whether a folder is one of closed tasks, or at most a third in it are open in another class."""
        inside = (each.values.get(self.status_key or "") for each in self.said if each.path.startswith(f"{folder}/"))
        stages = list(filter(None, (stage_of(status) for status in inside if isinstance(status, str))))
        others = [other for other in stages if other is not stage and not other.closed]
        return stage.closed or 3 * len(others) <= len(stages)

    @property
    def has_scoped_ids(self) -> bool:
        """Whether an id is one within its folder: several folders have it."""
        if "*" not in self.place or self.folders or self.is_in_file:
            return False
        return any(count > 1 for count in self._of_field("id").values())

    @property
    def depends_elsewhere(self) -> bool:
        """Whether its tasks are said to depend on several things, none of which is a task of it."""
        stems = (name.rpartition(".")[0] for name in self._names)
        known = set(map(fold_id, (*stems, *self._of_field("id"))))
        names = self._of_field("depends_on")
        return len(names) >= SEVERAL and known.isdisjoint(map(fold_id, names))

    @cached_property
    def _names(self) -> frozenset[str]:
        """What the files are called."""
        return frozenset(each.path.rpartition("/")[2] for each in self.said)

    def _of_field(self, name: str) -> dict[str, int]:
        return self._counted(self.fields.get(name, ""))

    def _counted(self, key: str) -> dict[str, int]:
        """Return how often each text stands under a key, or in a list there, the most frequent first."""
        counts: Counter[str] = Counter()
        for each in self.said:
            counts.update(filter(None, _texts(each.values.get(key))))
        return dict(counts.most_common())

    def _may_be_field(self, key: str) -> bool:
        """Return whether a key has text only; a label in a text means a field only by its usual name, an id in most."""
        if key == self.status_key:
            return False
        if self.kind == "status line":
            is_rare_id = key == "id" and self.keys[key] * 2 < self.files
            if key not in IN_TEXTS or is_rare_id:
                return False
        return self._is_text(key)

    def _is_text(self, key: str) -> bool:
        """Return whether nothing but text stands under a key, alone or in a list."""
        held = (item for each in self.said for item in _items(each.values.get(key)))
        return not any(isinstance(item, Mapping) for item in held)


def readable(found: Iterable[Heap]) -> tuple[Heap, ...]:
    """Return the heaps that can be read as one store: those with the kind and the keys of the largest readable one.

    If some folders have a usual name of task folders, only these count: a decision in `docs/` has a status, too.
    If none has such a name, only those in the place of the largest heap count. An archive comes last. A lone document
    is no store.
    """
    heaps = sorted(_likely(found), key=attrgetter("is_document", "is_archived"))
    if not heaps or heaps[0].is_document:
        return ()
    first = heaps[0]
    if first.is_in_file:
        return (first, *filter(first.has_archive, heaps[1:]))
    if not first.is_called_so:
        heaps = list(filter(first.holds, heaps))
    return tuple(filter(first.is_like, heaps))


def _likely(found: Iterable[Heap]) -> list[Heap]:
    """Return the readable heaps, Markdown first: those with a usual name of task folders, or else those in Markdown.

    Examples are left out where anything else is likely.
    """
    heaps = sorted(filter(attrgetter("is_readable"), found), key=attrgetter("is_in_file"))
    heaps = list(filterfalse(attrgetter("is_example"), heaps)) or heaps
    called = filter(attrgetter("is_called_so"), heaps)
    return list(called) or list(filterfalse(attrgetter("is_in_file"), heaps))


def _archive(path: str) -> str:
    """Return the pattern of the archive that a file lies in, or is; empty for none."""
    found = _ARCHIVED.match(path)
    if found is None:
        return ""
    return path if found[0] == path else f"{found[0]}/**"


def stage_of_folder(place: str) -> Stage | None:
    """Return the class of the status that a folder is called after: `3-in-progress`; None for another name."""
    return stage_of(place.rpartition("/")[2].lstrip("0123456789-_. "))


def _items(value: Value) -> Sequence[Value]:
    """Return the items of a list, or the only value."""
    return value if isinstance(value, tuple) else (value,)


def _texts(value: Value) -> Iterable[str]:
    """Return a text, or those of a list."""
    return (item for item in _items(value) if isinstance(item, str))
