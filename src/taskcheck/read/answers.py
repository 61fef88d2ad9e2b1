"""Step two of reading: what git, the process table and the folders that ledgers name answer."""

import os
from collections.abc import Iterable
from pathlib import Path

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.history import RecordedPath
from taskcheck.model.hosts import Processes
from taskcheck.model.memory import Remembered
from taskcheck.model.sources import Repository, Source, Sources, Unavailable
from taskcheck.read.files import stamp
from taskcheck.read.locate import Location, checkout_around, git_dir, is_of_windows, meant
from taskcheck.read.processes import read_processes
from taskcheck.read.questions import Further, OnProgress, Questions, asked_further


def read_rest(
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    further: Further,
    processes: Processes | None = None,
    progress: OnProgress = lambda *_: None,
) -> Sources:
    """Return the sources with step two: git, the process table, and the folders that ledgers name."""
    errors = list(sources.errors)
    recorded = _recorded_paths(questions, location)
    sources = replace(sources, recorded_paths=recorded)
    git: Repository | Unavailable = Unavailable("not a git repository")
    worktrees: dict[str, Path] = {}
    if location.top is not None:
        from taskcheck.read.repository import read_git

        git = read_git(sources, location, settings, questions, further, errors, progress)
        if isinstance(git, Repository):
            worktrees = {each.name: each.path for each in git.checkouts if each.path is not None}
            asked = asked_further(questions, further, git.checkouts)
            recorded = recorded if asked is questions else _recorded_paths(asked, location)
            questions = asked
    return replace(
        sources,
        git=git,
        processes=processes or read_processes(questions.pids, worktrees),
        recorded_paths=recorded,
        errors=tuple(errors),
    )


def changed(sources: Sources, location: Location) -> bool:
    """Return whether a file was written since it was read: what rests on it may be about a moment that never was."""
    ledgers = (*sources.registers, *sources.snapshots, *sources.tombstones, *sources.dispatch_logs)
    if _written_since(location.root, (*sources.tasks, *ledgers, *sources.people, *sources.roles)):
        return True
    if _is_outdated(location.root, sources.remembered):
        return True
    if not isinstance(sources.git, Repository):
        return False
    for checkout in sources.git.checkouts:
        files = (*checkout.files.values(), *checkout.tombstones)
        if checkout.path is not None and _written_since(checkout.path / location.prefix, files):
            return True
    return False


def _is_outdated(root: Path, remembered: Remembered | None) -> bool:
    """Return whether a file has another stamp than is remembered of it."""
    if remembered is None:
        return False
    return any(stamp(root / path) != known for path, known in remembered.stamps.items())


def _written_since(folder: Path, files: Iterable[Source]) -> bool:
    """Return whether one of some files in a folder was written since it was read."""
    return any(source.stamp is not None and stamp(folder / source.path) != source.stamp for source in files)


def _recorded_paths(questions: Questions, location: Location) -> dict[str, RecordedPath]:
    """Return what lies at the worktree paths that ledgers name."""
    return {path: _recorded(path, location) for path in questions.worktree_paths}


def _recorded(path: str, location: Location) -> RecordedPath:
    """Return what lies at a worktree path that a ledger names; it is looked at, never entered."""
    if is_of_windows(path):
        return RecordedPath(exists=True, parent_exists=False, inside=False, real=path)
    root = location.root
    try:
        real = Path(os.path.realpath(meant(path, root)))
        return RecordedPath(
            exists=real.exists(),
            parent_exists=real.parent.is_dir(),
            inside=str(real).startswith(f"{root}{os.sep}"),
            real=str(real),
            defect=_no_worktree(real, root) if real.is_dir() else None,
            is_clone=(real / ".git").is_dir() and real not in {location.top, location.code},
        )
    except (ValueError, OSError):
        return RecordedPath(exists=False, parent_exists=False, inside=False, real=path)


def _no_worktree(folder: Path, root: Path) -> str | None:
    """Return why a folder is no worktree: it lies in root's own checkout, or its ``.git`` file points nowhere."""
    if folder == root:
        return None
    top = checkout_around(folder)
    if top is None or top == root:
        return "it has no .git file"
    admin = git_dir(top)
    if admin is None or admin.is_dir():
        return None
    return f"its .git file points to {admin}, which is gone"
