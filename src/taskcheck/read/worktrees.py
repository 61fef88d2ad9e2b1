"""Compare every other checkout's task files with root's, and tell whether each is a linked worktree at all."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from taskcheck.model.sources import (
    CheckoutSource,
    Source,
)
from taskcheck.read.files import Folder, small_text
from taskcheck.read.git import WorktreeRecord
from taskcheck.read.locate import Location, git_dir, led_to
from taskcheck.read.tasks import TaskPaths


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
    if led_to(admin, back) != Path(os.path.realpath(path / ".git")):
        return "the repository's record of it points elsewhere"
    return None
