"""What a fixture's fixes are to leave: its folders after/ and after-unsafe/, and a checkout's files to compare."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from taskcheck.model.finding import Safety

AFTER = {Safety.SAFE: "after", Safety.UNSAFE: "after-unsafe"}
OURS = frozenset({".git", ".taskcheck"})
WORKTREES = ".worktrees"
REMOVED = "removed.txt"
"""Names the files, one a line, that the fixes remove."""


def tree(root: Path) -> dict[str, tuple[str, int, int]]:
    """Return digest, mode and time of every file of a checkout and its worktrees, by path."""
    found = {}
    for path in _inside(root, OURS):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        about = path.stat()
        found[path.relative_to(root).as_posix()] = (digest, about.st_mode, about.st_mtime_ns)
    return found


def files(root: Path) -> dict[str, bytes]:
    """Return the files of a folder, without worktrees, by path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in _inside(root, {*OURS, WORKTREES})}


def _inside(root: Path, left_out: frozenset[str] | set[str]) -> Iterator[Path]:
    """Yield the files below a folder, sorted, but for those of some names, and those in folders of these."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in left_out]
        found += [Path(folder, name) for name in names if name not in left_out]
    for path in sorted(found):
        if path.is_file():
            yield path


def expected_files(case: Path, safety: Safety) -> dict[str, bytes | None]:
    """Return what a fixture says that the fixes leave: changed and new files, and None for removed ones."""
    folder = case / AFTER[safety]
    if not folder.is_dir():
        return {}
    expected: dict[str, bytes | None] = dict(files(folder))
    expected.pop(REMOVED, None)
    removed = folder / REMOVED
    if removed.exists():
        expected.update(dict.fromkeys(removed.read_text(encoding="utf-8").splitlines()))
    return expected


def write_expected(case: Path, safety: Safety, changed: Mapping[str, bytes | None]) -> None:
    """Write what the fixes leave as what a fixture says that they do."""
    folder = case / AFTER[safety]
    shutil.rmtree(folder, ignore_errors=True)
    removed = []
    for path, data in changed.items():
        if data is None:
            removed.append(path)
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    if removed:
        folder.mkdir(exist_ok=True)
        (folder / REMOVED).write_text("".join(f"{path}\n" for path in sorted(removed)), encoding="utf-8")
