"""What is asked of one store of a fleet, and what came of a look at it: values that JSON carries between processes."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from taskcheck.formats.sanitize import json_text


class Asked(NamedTuple):
    """What the process that looks is to do."""

    root: str
    now: str | None = None
    """The moment to judge ages by; None for the present."""
    owner: str | None = None
    remember: bool = True
    """Whether the cache may tell what wasn't written since the last look."""
    records: bool = False
    """Whether the look is written down."""
    fixes: bool = False
    """Whether the safe repairs are made."""


class Came(NamedTuple):
    """What a look brought."""

    report: Mapping[str, Any] | None = None
    """The report as JSON values; None where there is none."""
    trouble: str = ""
    """Why there is none."""
    code: int = 0
    """The exit code of the trouble."""
    took: float = 0.0
    interval: float = 2.0
    """Seconds after which to look again where nothing changes."""
    folders: tuple[tuple[str, int], ...] = ()
    """Where a change would show, each with what the file system calls it."""
    said: tuple[str, ...] = ()
    """What became of incidents, and what was repaired, in lines."""
    complaints: tuple[str, ...] = ()
    """What somebody should know."""
    repairs: int = 0
    """Findings that were repaired."""

    def line(self) -> str:
        """Return it as a line of JSON."""
        return f"{json_text(self)}\n"


def came(line: bytes) -> Came:
    """Return what a look brought from its line of JSON."""
    told = Came(*json.loads(line))
    folders = tuple((path, number) for path, number in told.folders)
    return told._replace(folders=folders, said=tuple(told.said), complaints=tuple(told.complaints))
