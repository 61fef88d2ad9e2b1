"""Tell which files of a checkout are task files, and read them."""

from collections.abc import Mapping

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Source
from taskcheck.read.files import MAX_TASK_BYTES, Folder, Wanted

NOT_A_TASK = frozenset({"index.md", "readme.md"})


@frozen
class TaskPaths:
    """Where task files lie in any checkout of the store."""

    wanted: Wanted

    @classmethod
    def of(cls, settings: Settings) -> "TaskPaths":
        """Return where a store has its task files."""
        return cls(Wanted(tuple(map(Pattern, settings.paths.tasks)), tuple(map(Pattern, settings.paths.exclude))))

    def read(self, folder: Folder, same: Mapping[str, bytes] | None = None) -> tuple[dict[str, Source], set[str]]:
        """Return the task files of a checkout by path, but for those as in ``same``; and all their paths."""
        paths: set[str] = set()
        differing: list[tuple[str, str]] = []
        for path, name in folder.find(self.wanted):
            if self._passed_over(path):
                continue
            paths.add(path)
            is_same = same is not None and path in same and folder.holds(path, same[path])
            if not is_same:
                differing.append((path, name))
        sources = folder.read_all(differing, MAX_TASK_BYTES)
        return {source.path: source for source in sources}, paths

    def match(self, path: str, prefix: str) -> bool:
        """Return whether a path in the repository is that of a task file of the store under a prefix."""
        if not path.startswith(prefix):
            return False
        inside = path.removeprefix(prefix)
        return self.wanted.name(inside) is not None and not self._passed_over(inside)

    def _passed_over(self, path: str) -> bool:
        """Return whether it is a README.md or index.md that no pattern names."""
        name = path.rpartition("/")[2]
        if name.lower() not in NOT_A_TASK:
            return False
        return all(pattern.text.rpartition("/")[2] != name for pattern in self.wanted.patterns)

    def folders(self, prefix: str) -> list[str]:
        """Return the folders that hold them, as git names them."""
        return sorted({f"{prefix}{pattern.folder}".rstrip("/") for pattern in self.wanted.patterns} - {""})
