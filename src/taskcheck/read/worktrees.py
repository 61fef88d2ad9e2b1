"""Compares every other checkout's task files with root's, and asks history about those that differ."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from taskcheck.globs import Pattern
from taskcheck.read.files import MAX_TASK_BYTES, Folder, small_text
from taskcheck.read.git import Git, GitError, Versions, WorktreeRecord
from taskcheck.read.locate import Location, git_dir
from taskcheck.settings import Settings
from taskcheck.sources import CheckoutSource, Fork, Source, Unavailable

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


def read_worktrees(
    location: Location,
    records: Sequence[WorktreeRecord],
    common_dir: Path,
    root_files: Mapping[str, bytes],
    paths: TaskPaths,
    errors: list[str],
    progress: Callable[[str], None],
) -> list[CheckoutSource]:
    """Every linked worktree, with the task files in which it differs from root."""
    names = _names([record.path for record in records if not _same(record.path, location.top)])
    checkouts = []
    for record in records:
        if record.bare or _same(record.path, location.top):
            continue
        progress(f"comparing {names[record.path]}")
        defect = _defect(record.path, common_dir)
        files: dict[str, Source] = {}
        present: set[str] = set(root_files)
        folders: frozenset[str] = frozenset()
        if defect is None:
            folder = Folder(record.path / location.prefix)
            files, present = paths.read(folder, root_files)
            folders = frozenset(folder.listed)
            errors.extend(f"{names[record.path]}: {error}" for error in folder.errors)
        checkouts.append(
            CheckoutSource(
                name=names[record.path],
                path=record.path,
                shown_path=_shown(record.path, location.root),
                real_path=os.path.realpath(record.path),
                branch=record.branch,
                head=record.head,
                defect=defect,
                locked=record.locked,
                files=files,
                absent=frozenset(set(root_files) - present),
                folders=folders,
            )
        )
    return sorted(checkouts, key=lambda checkout: checkout.name)


def _shown(path: Path, root: Path) -> str:
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")


def _names(paths: Iterable[Path]) -> dict[Path, str]:
    """``worktree:<directory name>``, with as many parent folders as it takes to tell two apart."""
    paths = list(paths)
    names = {}
    for path in paths:
        length = 1
        while length < len(path.parts) - 1 and any(
            other != path and other.parts[-length:] == path.parts[-length:] for other in paths
        ):
            length += 1
        names[path] = "worktree:" + "/".join(path.parts[-length:])
    return names


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and os.path.realpath(path) == os.path.realpath(other)


def _defect(path: Path, common_dir: Path) -> str | None:
    """What is wrong with a listed worktree: it and the repository must point at each other.

    Git lists a folder as a worktree on the word of its own records alone; a forged record would name any folder.
    """
    if not path.is_dir():
        return "missing"
    if not os.path.lexists(path / ".git"):
        return "its .git file is gone"
    admin = git_dir(path)
    if admin is None:
        return "its .git is no file that points to a repository"
    if admin.parent != Path(os.path.realpath(common_dir / "worktrees")):
        return f"its .git file points to {admin}, which is none of this repository's"
    back = small_text(admin / "gitdir")
    if back is None:
        return f"its .git file points to {admin}, which is gone"
    if os.path.realpath(admin / back.strip()) != os.path.realpath(path / ".git"):
        return "the repository's record of it points elsewhere"
    return None


@dataclass(slots=True)
class _Question:
    """What is to be asked about one checkout's history."""

    base: str
    paths: list[str]
    tree: dict[str, str]
    root_changes: list[Versions]
    own_changes: list[Versions]


def read_forks(
    git: Git, location: Location, head: str, checkouts: Sequence[CheckoutSource], paths: TaskPaths
) -> dict[str, Fork | Unavailable]:
    """How the history of every live checkout with differing task files left root's, by checkout name.

    The contents of all files at all merge-bases and in all commits since are fetched by one process.
    """
    trees: dict[str, dict[str, str]] = {}
    questions: dict[str, _Question] = {}
    forks: dict[str, Fork | Unavailable] = {}
    own_commits: dict[str, dict[str, datetime]] = {}
    for checkout in checkouts:
        if checkout.defect is not None:
            continue
        if checkout.head is None:
            forks[checkout.name] = Unavailable("it has no commit yet")
            continue
        try:
            base = git.merge_base(head, checkout.head)
            if base is None:
                forks[checkout.name] = Unavailable("its history and root's have no common commit")
                continue
            own = git.commits(checkout.head, base, "--max-count=10000") if base != checkout.head else []
            own_commits[checkout.name] = dict(own)
            differing = [*checkout.files, *checkout.absent]
            if differing and base not in trees:
                trees[base] = git.tree(base, paths.folders(location.prefix))
            questions[checkout.name] = _question(
                git, location.prefix, head, checkout.head, base, differing, trees.get(base, {})
            )
        except GitError as error:
            forks[checkout.name] = Unavailable(str(error))
    contents = git.blobs(
        {
            object_id
            for question in questions.values()
            for object_id in (
                *question.tree.values(),
                *(change.after for change in (*question.root_changes, *question.own_changes) if change.after),
            )
        },
        MAX_TASK_BYTES,
    )
    for name, question in questions.items():
        own_of = own_commits[name]
        forks[name] = Fork(
            base=question.base,
            base_files=_contents(question.tree, contents, location.prefix),
            root_versions=_versions(question.root_changes, contents, location.prefix),
            own_versions=_versions(question.own_changes, contents, location.prefix),
            commits=len(own_of),
            newest_commit_at=max(own_of.values(), default=None),
        )
    return _stacked(checkouts, forks, own_commits)


def _stacked(
    checkouts: Sequence[CheckoutSource],
    forks: Mapping[str, Fork | Unavailable],
    own_commits: Mapping[str, Mapping[str, datetime]],
) -> dict[str, Fork | Unavailable]:
    """The forks with the names of the checkouts whose tip each contains, among those that changed the same files.

    A checkout whose own change isn't committed is in nobody's history, whatever contains its tip.
    """
    committed: dict[str, dict[str, bool]] = {}
    for checkout in checkouts:
        fork = forks.get(checkout.name)
        if isinstance(fork, Fork):
            committed[checkout.name] = dict(_own_changes(checkout, fork))
    heads = {checkout.name: checkout.head or "" for checkout in checkouts}

    def contains(later: str, earlier: str) -> bool:
        shared = committed[later].keys() & committed[earlier].keys()
        if later == earlier or heads[earlier] not in own_commits[later] or not shared:
            return False
        return all(committed[earlier][path] for path in shared)

    return {
        name: replace(fork, containing=frozenset(other for other in committed if contains(name, other)))
        if isinstance(fork, Fork) and committed[name]
        else fork
        for name, fork in forks.items()
    }


def _own_changes(checkout: CheckoutSource, fork: Fork) -> Iterator[tuple[str, bool]]:
    """The files that a checkout changed since its base, each with whether that is committed."""
    for path, source in checkout.files.items():
        versions = fork.own_versions.get(path, ())
        tip = versions[0] if versions else fork.base_files.get(path)
        if versions or source.data != tip:
            yield path, source.data == tip


def _question(
    git: Git, prefix: str, head: str, tip: str, base: str, differing: Sequence[str], tree: Mapping[str, str]
) -> _Question:
    if not differing:
        return _Question(base, [], {}, [], [])
    names = {path.rpartition("/")[2] for path in differing}
    # A task keeps its file name when it is moved, say to completed/.
    at_base = {path: blob for path, blob in tree.items() if path.rpartition("/")[2] in names}
    asked = sorted({*(prefix + path for path in differing), *at_base})
    return _Question(
        base,
        asked,
        at_base,
        git.changes(head, base, asked) if head != base else [],
        git.changes(tip, base, asked) if tip != base else [],
    )


def _contents(tree: Mapping[str, str], contents: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    return {path.removeprefix(prefix): contents[blob] for path, blob in tree.items() if blob in contents}


def _versions(changes: Iterable[Versions], contents: Mapping[str, bytes], prefix: str) -> dict[str, tuple[bytes, ...]]:
    versions: dict[str, list[bytes]] = {}
    for change in changes:
        content = contents.get(change.after or "")
        if content is not None:
            versions.setdefault(change.path.removeprefix(prefix), []).append(content)
    return {path: tuple(found) for path, found in versions.items()}
