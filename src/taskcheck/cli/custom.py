"""A first taskcheck.toml for a store that no preset knows, from what lies there; each line with its reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from taskcheck.assemble.heap import IN_FILES, Heap
from taskcheck.cli.proposal import SCHEMA
from taskcheck.config.settings import Stage
from taskcheck.config.words import FIELDS, stage_of
from taskcheck.documents.frozen import frozen

_OUTCOMES = {
    "completed_with_pr": (Stage.REVIEW, Stage.DONE),
    "blocked": (Stage.STOPPED, Stage.ACTIVE),
    "needs_review_fix": (Stage.STOPPED, Stage.ACTIVE),
    "failed": (Stage.STOPPED, Stage.READY, Stage.ACTIVE),
}
"""How a run ends, and the classes whose first word says so, the best first."""


MOST_KEYS = 5
"""Keys that are named beside a folder."""


@frozen
class Custom:
    """A proposed configuration."""

    text: str
    notes: tuple[str, ...]
    """What could not be placed, and is for a person to say."""


def readable(found: Iterable[Heap]) -> tuple[Heap, ...]:
    """Return the heaps that can be read as one store: those of the kind and keys of the largest that can be.

    Where folders are called as those of tasks are, others are no part of it: a decision in `docs/` has a status, too.
    Where none is called so, those that lie elsewhere than the largest are no part of it either.
    """
    heaps = _likely(found)
    if not heaps:
        return ()
    first = heaps[0]
    if _is_in_file(first):
        return (first,)
    if not first.is_called_so:
        heaps = list(filter(first.holds, heaps))
    return tuple(heap for heap in heaps if heap.kind == first.kind and _keys(heap) == _keys(first))


def _likely(found: Iterable[Heap]) -> list[Heap]:
    """Return the heaps that can be read, files of their own first: those that are called so, else those in Markdown."""
    heaps = sorted((heap for heap in found if heap.is_readable), key=_is_in_file)
    called = list(filter(_is_called_so, heaps))
    return called or [heap for heap in heaps if not _is_in_file(heap)]


def _is_called_so(heap: Heap) -> bool:
    """Return whether the folder of a heap is called as those of tasks are."""
    return heap.is_called_so


def _is_in_file(heap: Heap) -> bool:
    """Return whether one file holds all tasks of a heap: files of their own come first."""
    return heap.kind in IN_FILES


def _keys(heap: Heap) -> tuple[str | None, ...]:
    """Return the keys that have to be the same for heaps to be one store."""
    return tuple(heap.fields.get(name) for name in ("id", "status"))


def propose_custom(found: Sequence[Heap], *, beside_marks: bool) -> Custom | None:
    """Return the configuration for what was found; None where nothing of it can be read.

    Where the marks of a preset lie beside it, the configuration says what is otherwise so by default.
    """
    heaps = readable(found)
    if not heaps:
        return None
    statuses = _statuses(heaps)
    classes = _classes(statuses)
    notes = [*_unclassed(statuses), *_left_out(heap for heap in found if heap not in heaps)]
    if Stage.DONE not in classes:
        notes.append("no status says that a task is done: the usual words were put there")
        classes[Stage.DONE] = ["done", "completed", "closed"]
    lines = [
        SCHEMA,
        "# Written by `taskcheck init`: no preset knows this store.",
        *(_comment(f"# Look at: {note}") for note in notes),
        *(["", 'preset = "status-line"         # a line of the text says the status'] if _has_lines(heaps) else []),
        "",
        *_paths(heaps),
        "",
        *_fields(heaps),
        "",
        *_shape(heaps, beside_marks=beside_marks),
        "[statuses]                     # by what the words mean elsewhere",
        *(f"{stage.value} = {_list(classes.get(stage, []))}" for stage in Stage),
        "",
        "[outcomes]                     # how a run ends, and the first status that its class has",
        *_outcomes(classes),
        "",
        "[drift]",
        'authority = "branch"           # files travel in branches until they are merged',
        "",
        "[rules]",
        *_ignored(heaps),
    ]
    return Custom("\n".join(lines) + "\n", tuple(notes))


def _ignored(heaps: Iterable[Heap]) -> Iterator[str]:
    """Yield the rules that are left out, each with why."""
    yield "ignore = ["
    yield '  "ready-too-early",            # a ready task may be the whole backlog, not a queue'
    if any(heap.depends_elsewhere for heap in heaps):
        yield '  "unknown-dependency",         # nothing that tasks are said to depend on here is a task'
    yield "]"


def _has_lines(heaps: Sequence[Heap]) -> bool:
    """Return whether lines of the text say the status."""
    return heaps[0].kind == "status line"


def _unclassed(statuses: Mapping[str, int]) -> Iterator[str]:
    """Yield the statuses whose word says no class."""
    for status, count in statuses.items():
        if stage_of(status) is None:
            yield f"status {status!r} of {count} has no class yet"


def _left_out(heaps: Iterable[Heap]) -> Iterator[str]:
    """Yield what may be tasks, too, and isn't read with this configuration."""
    for heap in heaps:
        yield f"{heap.pattern}: {heap.files} with {heap.kind} are not in it"


def _statuses(heaps: Iterable[Heap]) -> dict[str, int]:
    """Return how many tasks have each status."""
    counts: dict[str, int] = {}
    for heap in heaps:
        for status, count in heap.statuses.items():
            counts[status] = counts.get(status, 0) + count
    return counts


def _classes(statuses: Iterable[str]) -> dict[Stage, list[str]]:
    """Return the statuses of each class, by their words; spellings of one word once."""
    classes: dict[Stage, list[str]] = {}
    seen: set[str] = set()
    for status in statuses:
        stage = stage_of(status)
        if stage is not None and status.casefold() not in seen:
            seen.add(status.casefold())
            classes.setdefault(stage, []).append(status)
    return classes


def _paths(heaps: Sequence[Heap]) -> Iterator[str]:
    """Yield where the tasks are, and where a run keeps its records."""
    yield "[paths]"
    yield "tasks = ["
    for heap in heaps:
        shown = ", ".join(list(heap.keys)[:MOST_KEYS])
        what = "entries" if _is_in_file(heap) else "files"
        yield f"  {_text(heap.pattern)},  # {heap.files} {what} with {_comment(shown)}"
    yield "]"
    yield "exclude = []"
    yield 'dispatch_logs = ".tasks/runs/{task}.log"'
    yield 'tombstones = ".tasks/runs/{task}.status.json"'
    yield 'registers = ""'
    yield 'snapshots = ""'
    yield "people = []"
    yield "roles = []"


def _fields(heaps: Sequence[Heap]) -> Iterator[str]:
    """Yield the keys that are called otherwise than their fields; no field is asked for."""
    yield "[fields]"
    for name in FIELDS:
        key = heaps[0].fields.get(name)
        is_id_of_file = name == "id" and not _is_in_file(heaps[0])
        if key is not None and (key != name or is_id_of_file):
            yield f"{name} = {_text(key)}"
    yield "required = []"


def _shape(heaps: Sequence[Heap], *, beside_marks: bool) -> Iterator[str]:
    """Yield how a file holds many tasks, what folders say of tasks, and whether an id is one within its folder."""
    if _is_in_file(heaps[0]):
        yield "[shape]"
        yield f"kind = {_text(heaps[0].kind.lower())}"
        yield f"lists = {_list(heaps[0].lists)}"
        yield ""
    lines = []
    if beside_marks and heaps[0].kind == "front matter":
        lines.append('kind = "front-matter"')
    if any(heap.has_scoped_ids for heap in heaps):
        lines.append("scoped_ids = true              # several folders have one id")
    if lines:
        yield from ("[shape]", *lines, "")
    stages = {folder: stage for heap in heaps for folder, stage in heap.folders.items()}
    if stages:
        yield "[folders]                      # by what they are called"
        for folder, stage in stages.items():
            yield f"{_text(folder)} = {_text(stage.value)}"
        yield ""


def _outcomes(classes: Mapping[Stage, Sequence[str]]) -> Iterator[str]:
    """Yield how a run may end: by the first status of the best class that there is."""
    for outcome, stages in _OUTCOMES.items():
        words = [classes[stage][0] for stage in stages if classes.get(stage)]
        if words:
            yield f"{outcome} = {_list(words)}"


def _list(words: Iterable[str]) -> str:
    """Return a list of texts as TOML has it."""
    return f"[{', '.join(map(_text, words))}]"


def _text(text: str) -> str:
    """Return a text as TOML has it."""
    import tomli_w

    return tomli_w.dumps({"x": text}).removeprefix("x = ").rstrip("\n")


def _comment(text: str) -> str:
    """Return a text with what can't stand in a comment as question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)
