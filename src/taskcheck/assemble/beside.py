"""Which Markdown beside the task files looks like a task that isn't read; pure."""

from collections.abc import Sequence

from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.expression import expression
from taskcheck.model.sources import Sources
from taskcheck.model.task import Task

_LETTER_MORE = expression(r"(?<=[0-9])[A-Za-z](?=[-._ ])")
"""What ``005a-extra.md`` has, and ``005-extra.md`` hasn't."""


def looks_unread(sources: Sources, settings: Settings, tasks: Sequence[Task]) -> tuple[str, ...]:
    """Return the paths of Markdown that looks like a task of the store, and that no pattern names.

    Its status is in the vocabulary, and it has all keys that all tasks have, or the name of a task with a letter or a
    folder more.
    """
    reader = TaskReader(settings)
    candidates = []
    for source in sources.beside:
        task = reader.read(source)
        if task is not None and _is_known(task, settings):
            candidates.append(task)
    if not candidates:
        return ()
    usual = _usual_keys(tasks, settings)
    patterns = tuple(map(Pattern, settings.paths.tasks))
    found = []
    for task in candidates:
        path = task.place.path
        has_usual_keys = usual <= task.front.keys()
        if has_usual_keys or _has_name_of_a_task(path, patterns):
            found.append(path)
    return tuple(found)


def _is_known(task: Task, settings: Settings) -> bool:
    """Return whether a task can be read, and has a status of the vocabulary."""
    return task.status is not None and settings.knows(task.status)


def _usual_keys(tasks: Sequence[Task], settings: Settings) -> set[str]:
    """Return the keys that all tasks have that can be read; where there are none, those that they have to have."""
    fronts = []
    for task in tasks:
        if task.document is not None:
            fronts.append(set(task.front))
    if not fronts:
        return set(settings.required_keys)
    return set.intersection(*fronts)


def _has_name_of_a_task(path: str, patterns: Sequence[Pattern]) -> bool:
    """Return whether a path would be a task's, were it without a letter behind a number, or without some folders.

    For example `epics/ext/005a-extra.md` beside `epics/{scope}/{number}-*.md`, or `tasks/later/x.md` beside
    `tasks/*.md`.
    """
    folder, _, name = path.rpartition("/")
    without_letter = f"{folder}/{_LETTER_MORE.sub('', name, count=1)}"
    for pattern in patterns:
        if pattern.match(without_letter):
            return True
        without_folders = f"{pattern.folder}/{name}"
        lies_deeper = path.startswith(f"{pattern.folder}/")
        if lies_deeper and pattern.match(without_folders):
            return True
    return False
