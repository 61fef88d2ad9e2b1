"""Git in miniature: commits with whole trees, and the few questions that are asked of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit; ids rise with time."""

    id: str
    parents: tuple[str, ...]
    at: datetime
    message: str
    files: Mapping[str, bytes]


@dataclass
class History:
    """All commits of a repository, in the order in which they were made."""

    commits: dict[str, Commit] = field(default_factory=dict)
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, parents: tuple[str, ...], at: datetime, message: str, files: Mapping[str, bytes]) -> str:
        """Make a commit."""
        one = Commit(id=f"{len(self.commits) + 1:040x}", parents=parents, at=at, message=message, files=dict(files))
        self.commits[one.id] = one
        self._ancestors[one.id] = frozenset({one.id}).union(*(self._ancestors[parent] for parent in parents))
        return one.id

    def files(self, commit: str) -> Mapping[str, bytes]:
        """The tree of a commit."""
        return self.commits[commit].files

    def ancestors(self, commit: str) -> frozenset[str]:
        """Itself and everything before it."""
        return self._ancestors[commit]

    def base(self, one: str, other: str) -> str:
        """The merge-base: of the common ancestors the last one made, which is before no other."""
        return max(self._ancestors[one] & self._ancestors[other])

    def between(self, include: str, exclude: str) -> list[Commit]:
        """The commits reachable from one and not from the other, newest first."""
        return [self.commits[one] for one in sorted(self._ancestors[include] - self._ancestors[exclude], reverse=True)]

    def versions(self, include: str, exclude: str, paths: Collection[str]) -> dict[str, tuple[bytes, ...]]:
        """What the commits between made of some files, newest first, as ``git rev-list -- paths`` walks them."""
        inside = {commit.id for commit in self.between(include, exclude)}
        found: dict[str, list[bytes]] = {}
        for commit in self._walk(include, inside, paths):
            for path in paths:
                after = commit.files.get(path)
                before = [self.files(parent).get(path) for parent in commit.parents]
                if after is not None and any(after != one for one in before):
                    found.setdefault(path, []).append(after)
        return {path: tuple(versions) for path, versions in found.items()}

    def _walk(self, start: str, inside: Collection[str], paths: Collection[str]) -> Iterator[Commit]:
        """Of a merge that is like one of its parents, git follows only that parent."""
        pending, seen = {start}, set()
        while pending:
            commit = self.commits[max(pending)]
            pending.discard(commit.id)
            if commit.id not in inside or commit.id in seen:
                continue
            seen.add(commit.id)
            same = [
                parent
                for parent in commit.parents
                if all(self.files(parent).get(path) == commit.files.get(path) for path in paths)
            ]
            pending |= set(same[:1] or commit.parents)
            if not same:
                yield commit

    def mainline(self, head: str) -> Iterator[Commit]:
        """The commits that are reached by first parents."""
        commit: Commit | None = self.commits[head]
        while commit:
            yield commit
            commit = self.commits[commit.parents[0]] if commit.parents else None
