"""Ask git about root: its branches, worktrees, trunk, merges, and what it tracks."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.sources import (
    Merge,
    Repository,
    Sources,
    Unavailable,
)
from taskcheck.read.allowlist import branch_name
from taskcheck.read.branches import read_branches
from taskcheck.read.git import MINIMUM, Git, GitError, installed
from taskcheck.read.history import read_changes, read_forks
from taskcheck.read.locate import Location
from taskcheck.read.merges import MergeReader
from taskcheck.read.questions import Questions
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.worktrees import read_worktrees


def read_git(
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    errors: list[str],
    progress: Callable[[str], None],
) -> Repository | Unavailable:
    """Return what git answers about root, or why it answers nothing; a git that fails is also added to the errors."""
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
        changes=read_changes(git, head, questions.dispatched, location.prefix),
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
