"""Markdown that lies below the folders of task files and is read as none: it may be tasks that nobody looks at."""

from collections.abc import Iterator

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.sources import Source
from taskcheck.read.below import files_below
from taskcheck.read.files import MAX_TASK_BYTES, Folder
from taskcheck.read.locate import Location
from taskcheck.read.tasks import TaskPaths, markdown

MOST = 1000
"""Files that are opened; where there are more, nobody keeps tasks there by mistake."""

MOST_ENTRIES = 20_000
"""Files and folders that are looked at below a folder that no pattern reaches."""


def read_beside(folder: Folder, tasks: TaskPaths, settings: Settings) -> tuple[Source, ...]:
    """Return the Markdown that a walk for task files met, or that lies deeper than it went.

    What is excluded, archived or named as something else isn't among it, nor is a README.md, index.md or _TEMPLATE.md.
    """
    named = (*settings.paths.exclude, *settings.paths.archive, *settings.paths.other)
    excluded = tuple(map(Pattern, named))
    found = []
    for path in sorted(_markdown(folder)):
        if tasks.globs.name(path) is not None or tasks.passes_over(path):
            continue
        if not any(pattern.match(path) for pattern in excluded):
            found.append(path)
    return tuple(folder.read_all(((path, "") for path in found[:MOST]), MAX_TASK_BYTES))


def passed_over(location: Location, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the Markdown that lies below the folders of task files and is read as none, each with the reason."""
    folder = Folder(location.root)
    tasks = TaskPaths.of(settings)
    found = {path for path, _ in tasks.find(folder)}
    reasons = [("[paths] exclude", settings.paths.exclude), ("[paths] other", settings.paths.other)]
    others = {*_markdown(folder)} - found
    for path in sorted(others):
        reason = "no pattern of [paths] tasks fits"
        if tasks.globs.is_sample(path):
            reason = "a template, fixture or example is no task, unless a configuration says so"
        elif tasks.passes_over(path):
            reason = "a README.md, index.md or _TEMPLATE.md is no task, unless a pattern names it"
        for key, texts in reasons:
            fitting = [text for text in texts if Pattern(text).match(path)]
            if fitting:
                reason = f"{key} has {fitting[0]}"
        yield path, reason


def _markdown(folder: Folder) -> Iterator[str]:
    """Yield the Markdown that was met, and what lies in the folders that no pattern reaches."""
    yield from markdown(folder.met)
    for path in folder.unentered:
        place = f"{folder.root}/{path}"
        if place in folder.listed:
            continue
        yield from markdown(files_below(folder.root, path, MOST_ENTRIES))
