"""Tell which files of a checkout are task files, and read them."""

from collections.abc import Mapping
from dataclasses import dataclass

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.sources import (
    Source,
)
from taskcheck.read.files import MAX_TASK_BYTES, Folder

NOT_A_TASK = frozenset({"index.md", "readme.md"})


@dataclass(frozen=True, slots=True)
class TaskPaths:
    """Where task files lie in any checkout of the store."""

    patterns: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...]

    @classmethod
    def of(cls, settings: Settings) -> "TaskPaths":
        """Where a store has its task files."""
        return cls(tuple(map(Pattern, settings.paths.tasks)), tuple(map(Pattern, settings.paths.exclude)))

    def read(self, folder: Folder, same: Mapping[str, bytes] | None = None) -> tuple[dict[str, Source], set[str]]:
        """The task files of a checkout by path, those left out whose bytes are as in ``same``; and all their paths."""
        found = [(path, name) for path, name in folder.find(self.patterns, self.exclude) if not self._passed_over(path)]
        differing = found
        if same is not None:
            differing = [(path, name) for path, name in found if path not in same or not folder.holds(path, same[path])]
        return {s.path: s for s in folder.read_all(differing, MAX_TASK_BYTES)}, {path for path, _ in found}

    def _passed_over(self, path: str) -> bool:
        """Whether it is a README.md or index.md that no pattern names."""
        name = path.rpartition("/")[2]
        return name.lower() in NOT_A_TASK and all(pattern.text.rpartition("/")[2] != name for pattern in self.patterns)

    def _named(self, path: str) -> bool:
        return any(pattern.match(path) for pattern in self.patterns) and not self._passed_over(path)

    def match(self, path: str, prefix: str) -> bool:
        """Whether a path in the repository is that of a task file of the store under a prefix."""
        inside = path.removeprefix(prefix)
        named = path.startswith(prefix) and self._named(inside)
        return named and not any(pattern.match(inside) for pattern in self.exclude)

    def folders(self, prefix: str) -> list[str]:
        """The folders that hold them, as git names them."""
        return sorted({f"{prefix}{pattern.folder}".rstrip("/") for pattern in self.patterns} - {""})
