"""Reports in the formats of the command line, and into further files."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskcheck.model.report import Report
    from taskcheck.store import Store


def renderer_of(name: str, store: "Store") -> "Callable[[Report], str]":
    """Return what makes a report of a format, built-in or of a plugin.

    Raises:
        Failure: there is no such format.
    """
    from taskcheck.formats import renderer

    if name in FORMATS:
        return renderer(name)
    others = store.plugins.reporters()
    if name not in others:
        from taskcheck.config.suggest import did_you_mean

        known = (*FORMATS, *others)
        raise Failure(f"unknown format {name!r}{did_you_mean(name, known)}; available: {', '.join(known)}")
    return others[name]


def output(item: str, store: "Store") -> "tuple[Callable[[Report], str], Path]":
    """Return format and file of an ``--output FORMAT=FILE``.

    Raises:
        Failure: it isn't written so, or the file can't be.
    """
    name, equals, path = item.partition("=")
    if not equals or not path:
        raise Failure(f"--output {item}: write it as FORMAT=FILE, for example junit=report.xml")
    if trouble := _obstacle(Path(path)):
        raise Failure(f"--output {path}: {trouble}")
    return renderer_of(name, store), Path(path)


def _obstacle(path: Path) -> str | None:
    """Return why a file can't be written, as far as that can be told before anything is done."""
    try:
        if path.is_dir():
            return os.strerror(errno.EISDIR)
        where = str(path) if path.exists() else f"{path.parent}/."
        os.stat(where)  # noqa: PTH116 - a Path forgets the dot, which demands a folder
    except OSError as error:
        return error.strerror
    return None if os.access(where, os.W_OK) else os.strerror(errno.EACCES)


def write(path: Path, text: str) -> None:
    """Write a report into a file.

    Raises:
        Failure: it can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Failure(f"--output {path}: {error.strerror}") from error
