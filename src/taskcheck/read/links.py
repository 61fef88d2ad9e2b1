"""Paths with their links resolved, of many that lie in a few folders."""

import os
from pathlib import Path


class Links:
    """Resolves links as ``os.path.realpath`` does, those of a folder once, whatever lies in it; for one look."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def real(self, path: str | Path) -> str:
        """Return an absolute path with its links resolved."""
        path = os.fspath(path)
        if path not in self._known:
            self._known[path] = self._resolved(path)
        return self._known[path]

    def _resolved(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        if name in {"", ".", ".."} or not folder.startswith("/"):
            return os.path.realpath(path)
        if folder not in self._known:
            self._known[folder] = os.path.realpath(folder)
        inside = f"{self._known[folder].rstrip('/')}/{name}"
        is_link = os.path.islink(inside)  # noqa: PTH114 - a Path for each of thousands takes longer
        return os.path.realpath(inside) if is_link else inside
