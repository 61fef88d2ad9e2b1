"""Proposes a taskcheck.toml for a store that no preset knows, from its files; each line has its reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from taskcheck.assemble.heap import Heap, readable
from taskcheck.cli.proposal import SCHEMA
from taskcheck.config.pattern import Pattern
from taskcheck.config.samples import place_of_sample
from taskcheck.config.settings import Stage
from taskcheck.config.words import FIELDS, stage_of
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import counted

_OUTCOMES = {
    "blocked": (Stage.STOPPED, Stage.ACTIVE),
    "needs_review_fix": (Stage.STOPPED, Stage.ACTIVE),
    "failed": (Stage.STOPPED, Stage.READY, Stage.ACTIVE),
}
"""Outcome to the classes of which it allows the first status each, the best class first."""

_USUAL = {Stage.DONE: ["done", "completed", "closed"], Stage.ACTIVE: ["in-progress", "in_progress", "in progress"]}
"""The words of classes that a configuration can't do without."""

MOST_KEYS = 5
"""Number of keys that are named for a folder."""


@frozen
class Custom:
    """A proposed configuration."""

    text: str
    notes: tuple[str, ...]
    """Questions that a person has to decide."""


def _noun(heap: Heap) -> str:
    """Return the noun for one task of a heap."""
    return "entry" if heap.is_in_file else "file"


def propose_custom(found: Sequence[Heap], samples: Iterable[str] = (), *, beside_marks: bool) -> Custom | None:
    """Return the configuration for the heaps that were found; None if none of them can be read.

    Args:
        found: the heaps.
        samples: the paths of templates, fixtures and examples, which may lie among them.
        beside_marks: whether the marks of a preset exist beside them. Then the configuration also names values that
            are otherwise the default.
    """
    heaps = readable(found)
    if not heaps:
        return None
    statuses = _statuses(heaps)
    classes = _classes(statuses)
    notes = [*_unclassed(statuses), *_left_out(heap for heap in found if heap not in heaps)]
    for stage in _missing(classes):
        notes.append(f"no status in use means {stage.value}, so the configuration lists the usual words")
        classes[stage] = _USUAL[stage]
    lines = [
        SCHEMA,
        "# Written by `taskcheck init`: no preset matches this store.",
        *(_comment(f"# Look at: {note}") for note in notes),
        *_top(heaps),
        "",
        *_paths(heaps, _excluded(heaps, samples)),
        "",
        *_fields(heaps),
        "",
        *_shape(heaps, beside_marks=beside_marks),
        "[statuses]                     # proposed from the usual meaning of the words",
        *(f"{stage.value} = {_list(classes.get(stage, []))}" for stage in Stage),
        "",
        "[outcomes]                     # the status after each outcome of a run",
        *_outcomes(classes),
        "",
        "[drift]",
        'authority = "branch"           # a branch may be ahead of root until it is merged',
        "",
        "[rules]",
        *_ignored(heaps),
    ]
    return Custom("\n".join(lines) + "\n", tuple(notes))


def _ignored(heaps: Iterable[Heap]) -> Iterator[str]:
    """Yield the rules that are left out, each with its reason."""
    yield "ignore = ["
    yield '  "ready-too-early",            # ready may mean the whole backlog here, not a queue'
    if any(heap.depends_elsewhere for heap in heaps):
        yield '  "unknown-dependency",         # no dependency here names a task'
    yield "]"


def _top(heaps: Sequence[Heap]) -> Iterator[str]:
    """Yield what stands before the tables: the preset of status lines, and the dialect."""
    if _has_lines(heaps):
        yield from ("", 'preset = "status-line"         # the status is a line of the text')
    if any(heap.needs_at_names for heap in heaps):
        yield from ("", "at_names = true                # an unquoted @name is a value")


def _has_lines(heaps: Sequence[Heap]) -> bool:
    """Return whether the status is a line of the text."""
    return heaps[0].kind == "status line"


def _unclassed(statuses: Mapping[str, int]) -> Iterator[str]:
    """Yield the statuses whose word suggests no class."""
    for status, count in statuses.items():
        if stage_of(status) is None:
            yield f"status {status!r} of {counted(count, 'task')} belongs to no class yet"


def _left_out(heaps: Iterable[Heap]) -> Iterator[str]:
    """Yield the other possible tasks, which this configuration doesn't read."""
    for heap in heaps:
        yield f"{heap.pattern} is left out: {counted(heap.files, _noun(heap))} with {heap.kind}"


def _statuses(heaps: Iterable[Heap]) -> dict[str, int]:
    """Return how many tasks have each status."""
    counts: dict[str, int] = {}
    for heap in heaps:
        for status, count in heap.statuses.items():
            counts[status] = counts.get(status, 0) + count
    return counts


def _classes(statuses: Iterable[str]) -> dict[Stage, list[str]]:
    """Return the statuses of each class, by their words; of several spellings of a word, only the first."""
    classes: dict[Stage, list[str]] = {}
    seen: set[str] = set()
    for status in statuses:
        stage = stage_of(status)
        if stage is not None and status.casefold() not in seen:
            seen.add(status.casefold())
            classes.setdefault(stage, []).append(status)
    return classes


def _missing(classes: Mapping[Stage, Sequence[str]]) -> Iterator[Stage]:
    """Yield the classes without which work can't end: done, and one for work whose pull request is open."""
    if Stage.DONE not in classes:
        yield Stage.DONE
    if Stage.REVIEW not in classes and Stage.ACTIVE not in classes:
        yield Stage.ACTIVE


def _excluded(heaps: Sequence[Heap], samples: Iterable[str]) -> list[str]:
    """Return the patterns of the samples that lie among the tasks."""
    patterns = [Pattern(heap.pattern) for heap in heaps]
    among = {place_of_sample(path) for path in samples if any(pattern.match(path) for pattern in patterns)}
    return sorted(among - {place_of_sample(each.path) for heap in heaps for each in heap.said})


def _paths(heaps: Sequence[Heap], excluded: Sequence[str]) -> Iterator[str]:
    """Yield the paths of the tasks, and of the records of runs."""
    yield "[paths]"
    yield "tasks = ["
    for heap in heaps:
        shown = ", ".join(list(heap.keys)[:MOST_KEYS])
        yield f"  {_text(heap.pattern)},  # {counted(heap.files, _noun(heap))} with {_comment(shown)}"
    yield "]"
    yield f"exclude = {_list(excluded)}"
    archives = sorted(set().union(*(heap.archives for heap in heaps)))
    is_put_away = all(heap.is_archived for heap in heaps)
    if archives and not is_put_away:
        yield f"archive = {_list(archives)}"
    yield 'dispatch_logs = ".tasks/runs/{task}.log"'
    yield 'tombstones = ".tasks/runs/{task}.status.json"'
    yield 'registers = ""'
    yield 'snapshots = ""'
    yield "people = []"
    yield "roles = []"


def _fields(heaps: Sequence[Heap]) -> Iterator[str]:
    """Yield the keys whose name differs from their field; no field is required."""
    yield "[fields]"
    for name in FIELDS:
        key = heaps[0].fields.get(name)
        is_id_of_file = name == "id" and not heaps[0].is_in_file
        if key is not None and (key != name or is_id_of_file):
            yield f"{name} = {_text(key)}"
    yield "required = []"


def _shape(heaps: Sequence[Heap], *, beside_marks: bool) -> Iterator[str]:
    """Yield the shape of files with many tasks, the classes of folders, and whether ids are relative to a folder."""
    if heaps[0].is_in_file:
        yield "[shape]"
        yield f"kind = {_text(heaps[0].kind.lower())}"
        yield f"lists = {_list(heaps[0].lists)}"
        yield ""
    lines = list(_dialect(heaps, beside_marks=beside_marks))
    if lines:
        yield from ("[shape]", *lines, "")
    classes = {folder: stages for heap in heaps for folder, stages in heap.classes_of_folders.items()}
    if classes:
        yield "[folders]                      # proposed from their names"
        for folder, stages in classes.items():
            told = _list(stage.value for stage in stages)
            yield f"{_text(folder)} = {told if len(stages) > 1 else told.strip('[]')}"
        yield ""


def _dialect(heaps: Sequence[Heap], *, beside_marks: bool) -> Iterator[str]:
    """Yield how the files of single tasks are read."""
    if beside_marks and heaps[0].kind == "front matter":
        yield 'kind = "front-matter"'
    if any(heap.fence == "start" for heap in heaps):
        yield 'fence = "start"                # front matter may close with more than ---'
    if any(heap.has_scoped_ids for heap in heaps):
        yield "scoped_ids = true              # ids repeat in several folders"


def _outcomes(classes: Mapping[Stage, Sequence[str]]) -> Iterator[str]:
    """Yield the outcomes of a run, each with the first status of the classes that have one, the best class first.

    A task whose pull request is open isn't done yet: it is in review, or else still active.
    """
    waiting = Stage.REVIEW if classes.get(Stage.REVIEW) else Stage.ACTIVE
    for outcome, stages in {"completed_with_pr": (waiting, Stage.DONE), **_OUTCOMES}.items():
        words = [classes[stage][0] for stage in stages if classes.get(stage)]
        if words:
            yield f"{outcome} = {_list(words)}"


def _list(words: Iterable[str]) -> str:
    """Return a list of texts in TOML."""
    return f"[{', '.join(map(_text, words))}]"


def _text(text: str) -> str:
    """Return a text in TOML."""
    import tomli_w

    return tomli_w.dumps({"x": text}).removeprefix("x = ").rstrip("\n")


def _comment(text: str) -> str:
    """Return a text with question marks for characters that a comment can't contain."""
    return "".join(character if character.isprintable() else "?" for character in text)
