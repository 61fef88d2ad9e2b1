"""Tell which files of a checkout are task files, and read them."""

from collections.abc import Iterable

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.sources import Source
from taskcheck.read.files import MAX_TASK_BYTES, Folder, Globs
from taskcheck.read.known import Contents, Index

NOT_A_TASK = frozenset({"index.md", "readme.md"})
_ENDS = frozenset(name[-4:] for name in NOT_A_TASK)


@frozen
class TaskPaths:
    """Where task files lie in any checkout of the store."""

    globs: Globs

    @classmethod
    def of(cls, settings: Settings) -> "TaskPaths":
        """Return where a store has its task files."""
        return cls(Globs(tuple(map(Pattern, settings.paths.tasks)), tuple(map(Pattern, settings.paths.exclude))))

    def read(self, folder: Folder) -> dict[str, Source]:
        """Return the task files of a checkout by path."""
        return self._read(folder, self.find(folder))

    def compare(self, folder: Folder, same: Contents, index: Index | None) -> tuple[dict[str, Source], set[str]]:
        """Return the task files of a checkout that have other contents, by path; and all their paths.

        Args:
            folder: the store's folder in the checkout.
            same: the contents that they are compared with.
            index: what git knows of the checkout's files, if it is to be had.
        """
        found = self.find(folder)
        paths = {path for path, _ in found}
        known = index.unchanged(folder.root, (path for path, _ in found), same) if index is not None else set()
        doubtful = [(path, name) for path, name in found if path not in known]
        differing = [(path, name) for path, name in doubtful if not _has_same(folder, path, same)]
        return self._read(folder, differing), paths

    def find(self, folder: Folder) -> list[tuple[str, str]]:
        """Return the paths of the task files of a checkout, sorted, each with what the placeholder stood for."""
        return [(path, name) for path, name in folder.find(self.globs) if not self._passed_over(path)]

    def _read(self, folder: Folder, found: Iterable[tuple[str, str]]) -> dict[str, Source]:
        return {source.path: source for source in folder.read_all(found, MAX_TASK_BYTES)}

    def match(self, path: str, prefix: str) -> bool:
        """Return whether a path in the repository is that of a task file of the store under a prefix."""
        if not path.startswith(prefix):
            return False
        inside = path.removeprefix(prefix)
        return self.globs.name(inside) is not None and not self._passed_over(inside)

    def _passed_over(self, path: str) -> bool:
        """Return whether it is a README.md or index.md that no pattern names."""
        if not is_passed_over(path):
            return False
        name = path.rpartition("/")[2]
        return all(pattern.text.rpartition("/")[2] != name for pattern in self.globs.patterns)

    def folders(self, prefix: str) -> list[str]:
        """Return the folders that hold them, as git names them."""
        return sorted({f"{prefix}{pattern.folder}".rstrip("/") for pattern in self.globs.patterns} - {""})


def is_passed_over(path: str) -> bool:
    """Return whether a file has a name that is no task's, unless a pattern gives it."""
    return path[-4:].lower() in _ENDS and path.rpartition("/")[2].lower() in NOT_A_TASK


def _has_same(folder: Folder, path: str, same: Contents) -> bool:
    """Return whether a file has the contents that it is compared with."""
    return path in same.files and folder.holds(path, same.files[path])
