"""What git says of the files that commits change, without their contents."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import from_epoch


@frozen
class Versions:
    """One commit's change of one file, as blob ids; None where the file wasn't there."""

    commit: str
    at: datetime
    path: str
    before: str | None
    after: str | None


def raw_changes(out: bytes, times: Mapping[str, int]) -> Iterator[Versions]:
    """Yield the records of ``diff-tree --stdin -z --raw``: a commit id, then ``:modes ids status`` and path, in turn.

    Args:
        out: what git said.
        times: when each commit was made, in seconds since 1970.
    """
    fields = iter(out.split(b"\0"))
    commit = ""
    for item in fields:
        field = item.lstrip(b"\n")
        if field.startswith(b":"):
            _, _, before, after, _ = field.decode().split()
            yield Versions(
                commit=commit,
                at=from_epoch(times[commit]),
                path=os.fsdecode(next(fields)),
                before=before if before.strip("0") else None,
                after=after if after.strip("0") else None,
            )
        elif field:
            commit = field.decode().split()[0]
