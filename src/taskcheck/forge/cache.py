"""Answers that are kept in files: few, bounded, and never in a repository; a cache that fails costs only its help."""

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cachecontrol.cache import BaseCache

MOST = 1_000
"""Answers that are kept from one run to the next."""

LARGEST = 1024 * 1024
"""Bytes of one that is worth keeping: a pull request has some twenty thousand."""

_MARKS = (".git", "taskcheck.toml")


def folder() -> Path | None:
    """Where answers are kept; None where nobody has a home, and in a repository: a check writes nothing there."""
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(named) if named and Path(named).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    place = Path(os.path.realpath(base / "taskcheck" / "forge"))
    within = any(os.path.lexists(parent / mark) for parent in place.parents for mark in _MARKS)
    return None if within or ".git" in place.parts else place


class Kept(BaseCache):
    """The answers in a folder, each in a file that is replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with suppress(OSError):
            self._prune()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        with suppress(OSError), self._file(key).open("rb") as file:
            return file.read(LARGEST)
        return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:  # noqa: ARG002
        """Keep something; nobody but the user can read it."""
        if len(value) >= LARGEST:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(value)
                Path(name).replace(self._file(key))
            except OSError:
                Path(name).unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Keep it no longer."""
        with suppress(OSError):
            self._file(key).unlink()

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    def _prune(self) -> None:
        """Remove those that were confirmed longest ago, of too many."""
        for _, file in sorted(((file.stat().st_mtime, file) for file in self._folder.iterdir()), reverse=True)[MOST:]:
            with suppress(OSError):
                file.unlink()
