"""The bytes of registers and tombstones as a dispatch writes them; pure. What others put in them stays."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from taskcheck.assemble.rows import CONTAINERS, register_rows
from taskcheck.documents import Document, Refused, Route, jsonsplice, read_json
from taskcheck.documents.values import iso

SCHEMA = "taskcheck/tombstone/1"

Scalar = str | int | bool | None
"""What a field of a tombstone holds."""


def registered(data: bytes | None, owner: str, task: str, entry: Mapping[str, Any], now: datetime) -> bytes:
    """Return a register with a task's entry; one that it has already keeps what the new one doesn't say.

    Args:
        data: the register; None for a new one.
        owner: canonical key of the person whose register it is.
        task: the task's id.
        entry: the fields to write; JSON values.
        now: what ``updated_at`` is to say.

    Raises:
        DocumentError: the register can't be read.
        Refused: it can't be done exactly.
        TypeError, ValueError: a field is nothing that JSON has.
    """
    if data is None:
        values = {"owner": owner, "updated_at": iso(now), "entries": {task: entry}}
        return (json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    document = read_json(data)
    container: Route | None = None
    replaced = []
    for name, route, _ in register_rows(document):
        container = route[:-1]
        if name == task:
            replaced.append(route)
            entry = {**json.loads(jsonsplice.member_text(document, route)), **entry}
    if container is None:
        container = _container(document)
    document = jsonsplice.drop(document, replaced)
    if container is None:
        container = (CONTAINERS[0],)
        document = jsonsplice.add(document, (), [(CONTAINERS[0], "{}")])
    is_list = isinstance(document.get(container), tuple)
    if is_list and not {"slug", "task"} & entry.keys():
        entry = {"slug": task, **entry}
    indent = 2 if "\n" in document.text.strip() else None
    text = json.dumps(entry, ensure_ascii=False, allow_nan=False, indent=indent)
    return _dated(jsonsplice.add(document, container, [(task, text)]), now)


def unregistered(data: bytes, task: str, now: datetime) -> bytes:
    """Return a register without a task's entry; as it was where there is none.

    Raises:
        DocumentError, Refused: as `registered`.
    """
    document = read_json(data)
    routes = [route for name, route, _ in register_rows(document) if name == task]
    return _dated(jsonsplice.drop(document, routes), now) if routes else data


def tombstone(data: bytes | None, **changes: Scalar) -> bytes:
    """Return a tombstone with some fields set; of one that was there every other field stays.

    Raises:
        ValueError, TypeError: it is no JSON object.
    """
    values = json.loads(data) if data is not None else {}
    if not isinstance(values, dict):
        raise TypeError("it is no object")
    return (json.dumps({"schema": SCHEMA, **values, **changes}, indent=2, ensure_ascii=False) + "\n").encode()


def _container(document: Document) -> Route | None:
    """Return where the rows of an empty register would be; None where it has no such place.

    Raises:
        Refused: what should hold them can't.
    """
    name = next((name for name in CONTAINERS if name in document.values), None)
    if name is None:
        return None
    if not isinstance(document.values[name], Mapping | tuple):
        raise Refused(f"{name} should be an object or a list")
    return (name,)


def _dated(document: Document, now: datetime) -> bytes:
    """Return a register's bytes, with the time of the change where it has one at all."""
    said = document.values.get("updated_at")
    if isinstance(said, str):
        document = jsonsplice.set_text(document, ("updated_at",), iso(now))
    return jsonsplice.encoded(document)
