"""Which findings are accepted as they stand: by the baseline of the command line, else by the configuration's."""

import os
from pathlib import Path

from taskcheck.config.settings import Settings
from taskcheck.documents.bounded import Unreadable, read_still
from taskcheck.documents.values import phrase
from taskcheck.model.baseline import Baseline, BaselineError
from taskcheck.read.locate import Location
from taskcheck.read.runner import GitError

MAX_BYTES = 8 * 1024 * 1024
"""Of a baseline: some 70,000 findings."""


def baseline_file(named: Path | None, location: Location, settings: Settings) -> Path | None:
    """Return the file that counts: the named one, else that of the configuration; None where neither names one."""
    if named:
        return named
    if settings.baseline:
        return location.root / settings.baseline
    return None


def read_baseline(
    named: Path | None, location: Location, settings: Settings, revision: str | None = None, *, new: bool = False
) -> Baseline:
    """Return what is accepted; nothing where no baseline is named.

    Args:
        named: the file of the command line, if it names one.
        location: where the store is.
        settings: its configuration.
        revision: the commit to take the file from; None for the file as it lies.
        new: whether it may not be there yet.

    Raises:
        BaselineError: it can't be read or isn't one; the message says where it is named.
    """
    path = baseline_file(named, location, settings)
    if path is None:
        return Baseline()
    try:
        text = _lying(path) if revision is None else _of(revision, path, location)
        return Baseline.parse(text)
    except FileNotFoundError as error:
        if new:
            return Baseline()
        why = "there is no such file; --update-baseline writes it"
        raise BaselineError(f"{_named(named, settings)}: {why}") from error
    except (BaselineError, GitError, OSError, UnicodeDecodeError) as error:
        where = _named(named, settings)
        of = phrase(" of ", revision)
        raise BaselineError(f"{where}{of}: {_why(error)}") from error


def _why(error: Exception) -> str:
    """Return why a baseline can't be read, in a few words."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    told = getattr(error, "strerror", None)
    return told or str(error)


def _named(named: Path | None, settings: Settings) -> str:
    return f"--baseline {named}" if named else f"{settings.source}: baseline {settings.baseline}"


def _lying(path: Path) -> str:
    """The file's text as it lies."""
    try:
        return read_still(path, MAX_BYTES, follow=True).decode("utf-8")
    except Unreadable as refusal:
        if refusal.trouble.kind == "missing":
            raise FileNotFoundError from refusal
        raise BaselineError(f"{refusal}; --update-baseline writes a new one, once this is away") from refusal


def _of(revision: str, path: Path, location: Location) -> str:
    """Return the file's text as a commit has it."""
    inside = os.path.relpath(os.path.realpath(path), location.root)
    from taskcheck.read.revision import read_revision

    found = read_revision(location, revision, [inside])
    if inside not in found:
        raise BaselineError(f"{revision} has no {inside} in {location.root}")
    return found[inside].decode("utf-8")
