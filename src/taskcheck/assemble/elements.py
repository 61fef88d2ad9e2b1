"""Sources whose files hold many tasks, as if each of these had a file: `tasks.json#3`; pure.

What is compared of a task is what it says, not how: its bytes are its values as JSON. So only tasks that differ from
root's are copies, and only versions in which a task was changed are versions of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from taskcheck.documents import Document, DocumentError
from taskcheck.documents.frozen import replace
from taskcheck.documents.shape import JsonTasks
from taskcheck.model.sources import Behind, Change, CheckoutSource, Fetched, Fork, Merge, Repository, Source, Sources

Parts = Mapping[str, bytes]
"""What each task of a file says, by its path."""


def expanded(sources: Sources, shape: JsonTasks) -> Sources:
    """Return sources in which every task has a file of its own."""
    return _Expansion(shape).sources(sources)


def split(source: Source, shape: JsonTasks) -> tuple[Source, ...]:
    """Return the tasks of a file, each as a file of its own; the file as it is where it can't be read."""
    return tuple(_Expansion(shape).split(source))


def places(sources: Sources, shape: JsonTasks) -> dict[tuple[str, str], Document]:
    """Return the tasks of files, by checkout and path, as documents of the whole file."""
    found: dict[tuple[str, str], Document] = {}
    checkouts = sources.git.checkouts if isinstance(sources.git, Repository) else ()
    for name, files in (("root", sources.tasks), *((held.name, held.files.values()) for held in checkouts)):
        for source in files:
            for path, document in _documents(shape, source):
                found[name, path] = document
    return found


def _documents(shape: JsonTasks, source: Source) -> Iterator[tuple[str, Document]]:
    """Yield the tasks of a file, by path."""
    if source.data is None:
        return
    try:
        for name, element in shape.elements(source.data).items():
            yield f"{source.path}#{name}", shape.located(source.data, element)
    except DocumentError:
        return


class _Expansion:
    """One expansion of sources."""

    def __init__(self, shape: JsonTasks) -> None:
        self.shape = shape

    def sources(self, sources: Sources) -> Sources:
        """Return the sources with a file for each task."""
        tasks = tuple(part for source in sources.tasks for part in self.split(source))
        git = sources.git
        if isinstance(git, Repository):
            root = {part.path: part.data for part in tasks if part.data is not None}
            git = replace(
                git,
                checkouts=tuple(self._checkout(held, root) for held in git.checkouts),
                changes=tuple(self._changes(git.changes)),
                merges={branch: self._merge(merge) for branch, merge in git.merges.items()},
                standing=self._standing(git.standing),
                moved=(),
                fetched=self._fetched(git.fetched, root) if isinstance(git.fetched, Fetched) else git.fetched,
            )
        return replace(sources, tasks=tasks, git=git)

    def _parts(self, path: str, data: bytes | None) -> Parts:
        """Return what each task of a file says; nothing for one that can't be read."""
        if data is None:
            return {}
        try:
            found = self.shape.elements(data)
        except DocumentError:
            return {}
        return {f"{path}#{name}": _bytes(element.values) for name, element in found.items()}

    def split(self, source: Source) -> Iterator[Source]:
        """Yield the tasks of a file; one that can't be read stays as it is, for its trouble is to be told."""
        parts = self._parts(source.path, source.data)
        if not parts:
            yield source
        for path, data in parts.items():
            yield replace(source, path=path, data=data)

    def _checkout(self, held: CheckoutSource, root: Parts) -> CheckoutSource:
        """Return another checkout with the tasks that differ from root's, and those that it lacks."""
        files, absent = self._differing(held.files, held.absent, root)
        return replace(
            held,
            files=files,
            absent=absent,
            fork=self._fork(held.fork) if isinstance(held.fork, Fork) else held.fork,
            behind=self._behind(held.behind, root),
            merge=self._merge(held.merge) if held.merge is not None else None,
        )

    def _behind(self, behind: Behind, root: Parts) -> Behind:
        """Return the tasks in which a checkout is merely behind."""
        blobs: dict[str, str] = {}
        contents: dict[str, bytes] = {}
        for path, blob in behind.blobs.items():
            for part, data in self._parts(path, behind.contents[blob]).items():
                if root.get(part) != data:
                    blobs[part] = f"{blob}#{part}"
                    contents[blobs[part]] = data
        return Behind(blobs, contents)

    def _fork(self, fork: Fork) -> Fork:
        """Return how a checkout left root's history, for each task."""
        base: dict[str, bytes] = {}
        for path, data in fork.base_files.items():
            base.update(self._parts(path, data))
        root_versions = self._versions(fork.root_versions, base)
        own_versions = self._versions(fork.own_versions, base)
        return replace(fork, base_files=base, root_versions=root_versions, own_versions=own_versions)

    def _versions(self, versions: Mapping[str, tuple[bytes, ...]], base: Parts) -> dict[str, tuple[bytes, ...]]:
        """Return the versions of each task, newest first: those in which it says something else than before."""
        found: dict[str, list[bytes]] = {}
        before = dict(base)
        for path, contents in versions.items():
            for data in reversed(contents):
                for part, said in self._parts(path, data).items():
                    if before.get(part) != said:
                        found.setdefault(part, []).insert(0, said)
                        before[part] = said
        return {part: tuple(contents) for part, contents in found.items()}

    def _changes(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield what commits did to each task."""
        for change in changes:
            before = self._parts(change.path, change.before)
            after = self._parts(change.path, change.after)
            for path in dict.fromkeys((*before, *after)):
                if before.get(path) != after.get(path):
                    yield replace(change, path=path, before=before.get(path), after=after.get(path))

    def _standing(self, standing: Mapping[str, tuple[Change, ...]]) -> dict[str, tuple[Change, ...]]:
        """Return the same for each task, by its path."""
        found: dict[str, list[Change]] = {}
        for changes in standing.values():
            for change in self._changes(changes):
                found.setdefault(change.path, []).append(change)
        return {path: tuple(changes) for path, changes in found.items()}

    def _fetched(self, fetched: Fetched, root: Parts) -> Fetched:
        """Return trunk as it was fetched, with the tasks that differ from root's, and those that it has no more."""
        files, absent = self._differing(fetched.files, fetched.absent, root)
        before = {part.path: part for source in fetched.before.values() for part in self.split(source)}
        return replace(fetched, files=files, before=before, absent=absent)

    def _differing(
        self, files: Mapping[str, Source], absent: Iterable[str], root: Parts
    ) -> tuple[dict[str, Source], frozenset[str]]:
        """Return the tasks that files have otherwise than root, and the paths of root's that they lack."""
        differing: dict[str, Source] = {}
        lacking: set[str] = set()
        for file in absent:
            lacking |= _of_file(file, root)
        for source in files.values():
            parts = {part.path: part for part in self.split(source)}
            differing.update(_other_than(parts, root))
            is_read = source.path not in parts
            if is_read:
                lacking |= _of_file(source.path, root) - parts.keys()
        return differing, frozenset(lacking)

    def _merge(self, merge: Merge) -> Merge:
        """Return a verdict with what the branch made of each task."""
        return replace(merge, edits=tuple(self._changes(merge.edits)))


def _of_file(file: str, parts: Parts) -> set[str]:
    """Return the paths of the tasks of a file."""
    return {path for path in parts if path.startswith(f"{file}#")}


def _other_than(parts: Mapping[str, Source], root: Parts) -> dict[str, Source]:
    """Return the tasks that say something else than root's."""
    return {path: part for path, part in parts.items() if root.get(path) != part.data}


def _bytes(values: object) -> bytes:
    """Return what a task says, the same for the same values."""
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
