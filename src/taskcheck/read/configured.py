"""Reads the configuration files that count for a store in place of those that lie in its folder."""

from collections.abc import Mapping

from taskcheck.config.load import FILE, FILES, as_file
from taskcheck.read.locate import Location


def configured(location: Location, preset: str | None, revision: str | None) -> Mapping[str, bytes] | None:
    """Return configuration files by name; None where they count as they lie.

    Args:
        location: where the store is.
        preset: the format that alone says what the store is.
        revision: the commit that has them.

    Raises:
        GitError: there is no such commit, or one of its files can't be read.
    """
    if preset is not None:
        return {FILE: as_file(preset)}
    if revision is None:
        return None
    from taskcheck.read.revision import read_revision

    return read_revision(location, revision, FILES)
