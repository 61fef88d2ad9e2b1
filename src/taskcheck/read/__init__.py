"""The only readers: every ledger is read once, in two steps; what git is asked depends on what the files say."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from taskcheck.globs import Pattern
from taskcheck.read.accepted import baseline_file, read_baseline
from taskcheck.read.allowed import branch_name
from taskcheck.read.branches import read_branches
from taskcheck.read.files import LOG_TAIL_BYTES, MAX_LEDGER_BYTES, Folder, stamp
from taskcheck.read.git import MINIMUM, Git, GitError, installed
from taskcheck.read.landed import read_landed, read_remote, read_since
from taskcheck.read.locate import Location, fix_folder, git_dir, locate
from taskcheck.read.merges import MergeReader
from taskcheck.read.processes import read_processes
from taskcheck.read.revision import read_revision
from taskcheck.read.staging import read_staging
from taskcheck.read.watched import watched
from taskcheck.read.worktrees import TaskPaths, read_forks, read_worktrees
from taskcheck.settings import Settings
from taskcheck.sources import (
    Change,
    Merge,
    Processes,
    RecordedPath,
    Repository,
    Source,
    Sources,
    Unavailable,
)

__all__ = [
    "GitError", "Location", "Pattern", "Questions", "baseline_file", "changed", "fix_folder", "locate",
    "read_baseline", "read_files", "read_landed", "read_processes", "read_remote", "read_rest", "read_revision",
    "read_since", "read_staging", "watched",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What the files make us ask of git and of this machine."""

    pids: frozenset[int] = frozenset()
    worktree_paths: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    changed_since: Mapping[str, datetime] | None = None
    """Root paths of the tasks that were dispatched, with the time of the last sign of that run."""


def read_files(location: Location, settings: Settings) -> Sources:
    """Step one: root's task files, the runtime ledgers, the team files."""
    folder = Folder(location.root)
    tasks, _ = TaskPaths.of(settings).read(folder)

    def patterns(*texts: str) -> tuple[Pattern, ...]:
        return tuple(Pattern(text) for text in texts if text)

    def ledger(pattern: str) -> tuple[Source, ...]:
        return tuple(folder.read_all(folder.find(patterns(pattern)), MAX_LEDGER_BYTES))

    def team(globs: tuple[str, ...]) -> tuple[Source, ...]:
        files, _ = TaskPaths(patterns(*globs), ()).read(folder)
        return tuple(files.values())

    paths = settings.paths
    return Sources(
        root=location.root,
        tasks=tuple(tasks.values()),
        registers=ledger(paths.registers),
        snapshots=ledger(paths.snapshots),
        dispatch_logs=tuple(folder.read_all(folder.find(patterns(paths.dispatch_logs)), LOG_TAIL_BYTES, tail=True)),
        tombstones=ledger(paths.tombstones),
        reviews=tuple(Source(path=path, data=None) for path, _ in folder.find(patterns(paths.reviews))),
        markers=tuple(
            (marker, Source(path=path, data=None, name=name))
            for marker in settings.markers
            for path, name in folder.find(patterns(marker))
        ),
        people=team(paths.people),
        roles=team(paths.roles),
        folders=frozenset(folder.listed),
        errors=tuple(folder.errors),
    )


def read_rest(
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    processes: Processes | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Sources:
    """Step two: git, the process table, and the folders that ledgers name."""
    errors = list(sources.errors)
    git = _read_git(sources, location, settings, questions, errors, progress)
    return replace(
        sources,
        git=git,
        processes=processes or read_processes(questions.pids),
        recorded_paths={path: _recorded(path, location.root) for path in questions.worktree_paths},
        errors=tuple(errors),
    )


def changed(sources: Sources, location: Location) -> bool:
    """Whether a file was written since it was read: what rests on it may be about a moment that never was."""
    ledgers = (*sources.registers, *sources.snapshots, *sources.tombstones, *sources.dispatch_logs)
    files = [(location.root, source) for source in (*sources.tasks, *ledgers, *sources.people, *sources.roles)]
    if isinstance(sources.git, Repository):
        for checkout in sources.git.checkouts:
            if checkout.path is not None:
                files += [(checkout.path / location.prefix, source) for source in checkout.files.values()]
    return any(source.stamp is not None and stamp(root / source.path) != source.stamp for root, source in files)


def _recorded(path: str, root: Path) -> RecordedPath:
    """What lies at a worktree path that a ledger names; it is looked at, never entered."""
    try:
        absolute = os.path.normpath(root / path)
        real = Path(os.path.realpath(absolute))
        return RecordedPath(
            exists=real.exists(),
            parent_exists=Path(absolute).parent.is_dir(),
            inside=absolute.startswith(f"{root}{os.sep}"),
            real=str(real),
            defect=_no_worktree(real, root) if real.is_dir() else None,
        )
    except (ValueError, OSError):
        return RecordedPath(exists=False, parent_exists=False, inside=False, real=path)


def _no_worktree(folder: Path, root: Path) -> str | None:
    """Why a folder is no worktree: it belongs to root's own checkout, or its ``.git`` file points nowhere."""
    holder = next((at for at in (folder, *folder.parents) if os.path.lexists(at / ".git")), None)
    if holder is None or holder == root:
        return "it has no .git file"
    admin = git_dir(holder)
    return None if admin is None or admin.is_dir() else f"its .git file points to {admin}, which is gone"


def _read_git(
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    errors: list[str],
    progress: Callable[[str], None],
) -> Repository | Unavailable:
    if location.top is None:
        return Unavailable("not a git repository")
    if not installed():
        return Unavailable("git is not installed")
    git = Git(location.top)
    try:
        version = git.version()
        if version < MINIMUM:
            needed, found = (".".join(map(str, part)) for part in (MINIMUM, version))
            return Unavailable(f"git {needed} or newer is needed, this is {found}")
        return _read_repository(git, sources, location, settings, questions, errors, progress)
    except GitError as error:
        errors.append(str(error))
        return Unavailable(str(error))


def _read_repository(
    git: Git,
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    errors: list[str],
    progress: Callable[[str], None],
) -> Repository:
    common_dir, shallow, refs = git.common_dir(), git.shallow(), git.refs()
    # In a submodule git lists the repository's own folder, below the outer .git, for the main checkout.
    real_top, real_common = os.path.realpath(location.top or ""), os.path.realpath(common_dir)
    records = [
        replace(record, path=Path(real_top)) if os.path.realpath(record.path) in {real_top, real_common} else record
        for record in git.worktrees()
    ]
    main = next((record for record in records if str(record.path) == real_top and not record.bare), None)
    head = main.head if main else None
    root_files = {source.path: source.data for source in sources.tasks if source.data is not None}
    paths = TaskPaths.of(settings)
    checkouts = read_worktrees(location, records, common_dir, root_files, paths, errors, progress)
    trunk = _trunk(settings.trunk, refs)
    branch = main.branch if main else None
    if settings.branches:
        taken = {name for name in (trunk, branch, *(checkout.branch for checkout in checkouts)) if name}
        checkouts += read_branches(git, refs, settings.branches, taken, trunk, root_files, paths, location.prefix)
    progress("asking git about history")
    if head is not None:
        forks = read_forks(git, location, head, checkouts, paths)
        checkouts = [
            replace(checkout, fork=forks.get(checkout.name, Unavailable("not a live checkout")))
            for checkout in checkouts
        ]
    branches = {*questions.branches, *(checkout.branch or "" for checkout in checkouts)}
    merges = {}
    if head is not None:
        reader = MergeReader(
            git,
            head,
            shallow,
            is_task=lambda path: paths.match(path, location.prefix),
            reflogs=common_dir / "logs" / "refs" / "heads",
        )
        merges = _merges(reader, refs, settings, branches)
    return Repository(
        head=head,
        branch=branch,
        shallow=shallow,
        trunk=trunk,
        on_trunk=trunk is not None and branch == trunk,
        checkouts=tuple(checkouts),
        branches=frozenset(name.removeprefix("refs/heads/") for name in refs if name.startswith("refs/heads/")),
        merges=merges,
        tracked=_tracked(git, settings, location, common_dir, head) if main else frozenset(),
        changes=_changes(git, head, questions, location.prefix),
    )


def _tracked(git: Git, settings: Settings, location: Location, common_dir: Path, head: str | None) -> frozenset[str]:
    """Registers and snapshots that git tracks.

    Git renews the time of a shared index that it reads; where the index is split, the last commit has to do.
    """
    patterns = [Pattern(text) for text in (settings.paths.registers, settings.paths.snapshots) if text]
    folders = [f"{location.prefix}{pattern.folder}".rstrip("/") for pattern in patterns]
    if not patterns:
        return frozenset()
    folders = [] if "" in folders else sorted(set(folders))
    if not any(common_dir.glob("sharedindex.*")):
        paths: Iterable[str] = git.tracked(folders)
    else:
        paths = git.tree(head, folders) if head else ()
    inside = {path.removeprefix(location.prefix) for path in paths if path.startswith(location.prefix)}
    return frozenset(path for path in inside if any(pattern.match(path) for pattern in patterns))


def _trunk(candidates: tuple[str, ...], refs: Mapping[str, str]) -> str | None:
    """The local name of the first trunk candidate that exists."""
    for candidate in candidates:
        remote = refs.get(f"refs/remotes/{candidate}", "")
        if remote.startswith("ref: "):
            return remote.removeprefix("ref: refs/remotes/").partition("/")[2]
        if f"refs/heads/{candidate}" in refs:
            return candidate
        if remote:
            return candidate.partition("/")[2]
    return None


_REF_FOLDERS = ("refs/heads/", "refs/remotes/", "refs/remotes/origin/")


def _merges(reader: MergeReader, refs: Mapping[str, str], settings: Settings, names: set[str]) -> dict[str, Merge]:
    """The verdict on every named branch that exists, trunk itself left out."""
    tips = {
        name: next((refs[at] for at in (f"{prefix}{name}" for prefix in _REF_FOLDERS) if at in refs), None)
        for name in sorted(names)
        if branch_name(name) and name != _trunk(settings.trunk, refs)
    }
    return {name: reader.verdict(tip, name) for name, tip in tips.items() if tip and not tip.startswith("ref: ")}


def _changes(git: Git, head: str | None, questions: Questions, prefix: str) -> tuple[Change, ...]:
    """What root's commits made of tasks that were dispatched, since the earliest last sign of a run."""
    if head is None or not questions.changed_since:
        return ()
    since = min(questions.changed_since.values())
    paths = sorted(prefix + path for path in questions.changed_since)
    found = git.changes(head, None, paths, f"--since={int(since.timestamp())}", first_parent=True)
    blobs = git.blobs({blob for change in found for blob in (change.before, change.after) if blob}, MAX_LEDGER_BYTES)
    return tuple(
        Change(
            path=change.path.removeprefix(prefix),
            commit=change.commit,
            at=change.at,
            before=blobs.get(change.before or ""),
            after=blobs.get(change.after or ""),
        )
        for change in found
    )
