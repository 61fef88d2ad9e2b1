"""Tell which files of a checkout are task files, and read them."""

from collections.abc import Callable, Iterable, Iterator

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen
from taskcheck.model.memory import Remembered, Seen
from taskcheck.model.sources import Source
from taskcheck.read.files import MAX_TASK_BYTES, Folder, Globs
from taskcheck.read.known import Contents, Index
from taskcheck.read.recall import Listing

NOT_A_TASK = frozenset({"_template.md", "index.md", "readme.md"})
"""Names that a task file has only where a pattern says so."""


@frozen
class Compared:
    """The task files of a checkout, beside root's."""

    files: dict[str, Source]
    """Those that have other contents, by path."""
    absent: set[str]
    """Paths of root's that it doesn't have."""
    seen: Seen | None
    """What tells that none of them was written since; None where one may be."""


@frozen
class TaskPaths:
    """Where task files lie in any checkout of the store."""

    globs: Globs

    @classmethod
    def of(cls, settings: Settings) -> "TaskPaths":
        """Return where a store has its task files."""
        patterns, exclude = (tuple(map(Pattern, texts)) for texts in (settings.paths.tasks, settings.paths.exclude))
        return cls(Globs(patterns, exclude, NOT_A_TASK, settings.samples))

    def read(self, folder: Folder) -> dict[str, Source]:
        """Return the task files of a checkout by path."""
        return self.read_found(folder, self.find(folder))

    def compare(
        self,
        folder: Folder,
        same: Contents,
        index: Callable[[], Index | None],
        remembered: Remembered | None = None,
    ) -> Compared:
        """Return the task files of a checkout that have other contents than root's.

        Args:
            folder: the store's folder in the checkout.
            same: root's contents, that they are compared with.
            index: gives what git knows of the checkout's files, if it is to be had.
            remembered: what is known of root, and of the checkout as it was.
        """
        if remembered is None:
            paths = [path for path, _ in self.find(folder)]
            known = _vouched_for(folder, paths, same, index())
            return self._compared(folder, same, paths, [path for path in paths if path not in known])
        listing = Listing(folder.stamps(self.globs))
        before = remembered.worktrees.get(str(folder.root))
        digest = listing.digest()
        if before is not None and before.listing == digest:
            doubtful = listing.stamps.keys() & {*before.differing, *remembered.changed}
        else:
            paths = sorted(listing.stamps)
            doubtful = listing.stamps.keys() - _vouched_for(folder, paths, same, index())
            if not listing.is_settled(remembered.settled_ns):
                digest = ""
        return self._compared(folder, same, listing.stamps, sorted(doubtful), digest)

    def _compared(
        self, folder: Folder, same: Contents, paths: Iterable[str], doubtful: Iterable[str], digest: str = ""
    ) -> Compared:
        """Return what is different of the files of a checkout.

        Args:
            folder: the store's folder in it.
            same: root's contents.
            paths: of all files.
            doubtful: of those that have to be read to be compared, sorted.
            digest: what tells next time that no file was written; empty where nothing will.
        """
        differing = [path for path in doubtful if not _has_same(folder, path, same)]
        files = self.read_found(folder, self.named(differing))
        seen = Seen(listing=digest, differing=tuple(differing)) if digest else None
        return Compared(files, same.sizes.keys() - paths, seen)

    def find(self, folder: Folder) -> list[tuple[str, str]]:
        """Return the paths of the task files of a checkout, sorted, each with what the placeholder stood for."""
        return list(folder.find(self.globs))

    def listing(self, folder: Folder) -> Listing:
        """Return the task files of a checkout with their stamps, in the order of their paths."""
        stamps = folder.stamps(self.globs)
        return Listing({path: stamps[path] for path in sorted(stamps)})

    def named(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """Return paths of task files, each with what the placeholder stood for."""
        return [(path, self.globs.name(path) or "") for path in paths]

    def know(self, paths: Iterable[str]) -> None:
        """Take paths for those of task files, as they are known to be of this store, to save their matching."""
        if not any("{" in pattern.text for pattern in self.globs.patterns):
            self.globs.names.update(dict.fromkeys(paths, ""))

    def read_found(self, folder: Folder, found: Iterable[tuple[str, str]]) -> dict[str, Source]:
        """Return some files of a checkout by path."""
        return {source.path: source for source in folder.read_all(found, MAX_TASK_BYTES)}

    def match(self, path: str, prefix: str) -> bool:
        """Return whether a path in the repository is that of a task file of the store under a prefix."""
        if not path.startswith(prefix):
            return False
        return self.globs.name(path.removeprefix(prefix)) is not None

    def passes_over(self, path: str) -> bool:
        """Return whether a file has a name that is no task's, unless a pattern gives it."""
        return path.rpartition("/")[2].lower() in NOT_A_TASK or self.globs.is_sample(path)

    def folders(self, prefix: str) -> list[str]:
        """Return the folders that hold them, as git names them; none for the whole repository."""
        folders = {f"{prefix}{pattern.folder}".rstrip("/") for pattern in self.globs.patterns}
        return [] if "" in folders else sorted(folders)


def markdown(paths: Iterable[str]) -> Iterator[str]:
    """Yield those of some paths that are of Markdown."""
    return (path for path in paths if path.endswith(".md"))


def _vouched_for(folder: Folder, paths: Iterable[str], same: Contents, index: Index | None) -> set[str]:
    """Return those of some files of a checkout, in their order, that git's index says are the same."""
    return index.unchanged(folder.root, paths, same) if index is not None else set()


def _has_same(folder: Folder, path: str, same: Contents) -> bool:
    """Return whether a file has the contents that it is compared with."""
    return path in same.sizes and folder.holds(path, same.data(path))
