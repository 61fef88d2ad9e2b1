"""Every file below a folder, as far as it is looked; links aren't followed, other checkouts not entered."""

import os
from collections.abc import Container, Iterator
from pathlib import Path


def files_below(root: Path, top: str, most: int, passed_over: Container[str] = ()) -> Iterator[str]:
    """Yield the paths of regular files below a folder, relative to root.

    Args:
        root: what the paths are relative to.
        top: the folder, relative to root; empty for root itself, which may be a checkout.
        most: files and folders after which it ends.
        passed_over: names of folders that aren't entered.
    """
    pending = [top]
    seen = 0
    while pending and seen < most:
        folder = pending.pop()
        entries = _entries(root / folder)
        seen += len(entries)
        names = {entry.name for entry in entries}
        is_checkout = ".git" in names
        if folder and is_checkout:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}".lstrip("/")
            is_folder = entry.is_dir(follow_symlinks=False)
            is_file = entry.is_file(follow_symlinks=False)
            is_passed_over = entry.name in passed_over
            if is_file:
                yield path
            if is_folder and not is_passed_over:
                pending.append(path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a folder; nothing where it can't be listed, for nobody asked what is in it."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
