"""Sets fields of a tombstone while its run goes on: a heartbeat, or the outcome that `finish` tells."""

import json
from collections.abc import Callable, Mapping

from taskcheck.dispatch.records import Scalar, tombstone
from taskcheck.fix.transaction import journals_of
from taskcheck.store import Store
from taskcheck.write.disk import rewrite

Change = Callable[[Mapping[str, Scalar]], Mapping[str, Scalar] | None]
"""What to set, by what it says; None for nothing."""


def renew(store: Store, path: str, change: Change, patience: float) -> bool:
    """Set some fields of a tombstone that is there; whether it was written.

    Our own lock keeps out others that write it so; what a stranger wrote meanwhile is never written over.

    Raises:
        Held: somebody writes; try again later.
        Obstacle: it may not be written, or a stranger wrote it meanwhile.
        OSError: it can't be written.
        ValueError, TypeError: it is no JSON object.
    """

    def changed(data: bytes | None) -> bytes | None:
        values = json.loads(data) if data is not None else None
        changes = change(values) if isinstance(values, dict) else None
        return None if changes is None else tombstone(data, **changes)

    with journals_of(store).opened(patience):
        return rewrite(store.location.root, path, changed)
