"""Looks for what may be tasks in a repository that no preset knows: Markdown, JSON, YAML; bounded, no link followed."""

import os
from collections.abc import Iterator
from pathlib import Path

from taskcheck.config.samples import EXAMPLES, SAMPLES, place_of_sample
from taskcheck.config.words import NO_TASKS
from taskcheck.documents.bounded import Busy, Unreadable, read_bounded
from taskcheck.model.sources import Source
from taskcheck.read.below import files_below
from taskcheck.read.git import Git
from taskcheck.read.locate import Location
from taskcheck.read.runner import GitError

MOST_FILES = 5_000
"""Files that are opened."""

MOST_ENTRIES = 100_000
"""Files that are looked at by name."""

MOST_BYTES = 1024 * 1024
"""Bytes of a file; what is larger is passed over."""

MOST_YAML = 8 * 1024 * 1024
"""Bytes of all files in YAML, which takes longest to read."""

ENDS = (".md", ".json", ".yaml", ".yml")

PASSED_OVER = frozenset({
    ".git", ".hg", ".tox", ".venv", ".worktrees", "__pycache__", "build", "dist", "node_modules", "target", "vendor",
    "venv",
})  # fmt: skip
"""Folders in which nobody keeps tasks, where git doesn't say what is to be ignored."""


def survey(location: Location) -> tuple[Source, ...]:
    """Return the Markdown, JSON and YAML of a store's folder that git doesn't ignore, sorted by path."""
    paths = sorted(path for path in _paths(location) if path.endswith(ENDS) and not _is_passed_over(path))[:MOST_FILES]
    return tuple(source for source in map(_Reader(location.root).read, paths) if source is not None)


def samples(location: Location) -> tuple[str, ...]:
    """Return the paths of the templates, fixtures and examples of a store's folder, sorted."""
    return tuple(sorted(filter(place_of_sample, _paths(location))))


def _is_passed_over(path: str) -> bool:
    """Return whether a file is no task, whatever it says: a template, or an instruction of an agent.

    A store that lies among examples may be the only one.
    """
    *folders, name = path.casefold().split("/")
    return not _NO_TASKS.isdisjoint(folders) or "template" in name


_NO_TASKS = (NO_TASKS | SAMPLES) - EXAMPLES


class _Reader:
    """Reads files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real = os.path.realpath(root)
        self.yaml_left = MOST_YAML

    def read(self, path: str) -> Source | None:
        """Return a file; None for one that can't be read, or lies elsewhere by a link."""
        whole = f"{self.root}/{path}"
        if not os.path.realpath(whole).startswith(f"{self.real}/"):
            return None
        try:
            data, _ = read_bounded(whole, MOST_BYTES)
        except (Busy, Unreadable):
            return None
        if path.endswith((".yaml", ".yml")):
            self.yaml_left -= len(data)
        return Source(path=path, data=data) if self.yaml_left >= 0 else None


def _paths(location: Location) -> Iterator[str]:
    """Yield the paths of files, relative to the store's folder: by git where it answers, else by walking."""
    listed = None
    if location.top is not None:
        try:
            listed = Git(location.root).unignored()
        except GitError:
            listed = None
    yield from files_below(location.root, "", MOST_ENTRIES, PASSED_OVER) if listed is None else listed[:MOST_ENTRIES]
