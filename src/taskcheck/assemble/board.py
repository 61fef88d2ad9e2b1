"""A map of statuses in YAML beside the tasks, as a sprint's board: what it says of each of them; pure."""

import codecs
from collections.abc import Iterator, Mapping

from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Route, Trouble, Value, read_front_matter
from taskcheck.documents.document import entries
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import replace
from taskcheck.model.runtime import Ledger, LedgerKind
from taskcheck.model.sources import Source
from taskcheck.model.task import Marker, Place

Signs = Mapping[str, Marker]
"""Name of a task to what the board says of it."""

_FENCE = b"---\n"

_START = expression(rb"(?:(?:[ \t\r]*(?:#[^\n]*)?|%[^\n]*)\n)*---[ \t\r]*(?:(?<=[ \t])#[^\n]*)?\n")
"""What opens a document: lines that are empty, comments or directives, and the mark of its start."""


def parse_board(source: Source, settings: Settings) -> tuple[Signs, tuple[Ledger, ...]]:
    """Return what a board says of tasks, in words that have a class; and the file where it can't be read."""
    if source.data is None:
        return _unread(source, source.trouble or Trouble("denied", "it could not be read"))
    try:
        document = read_front_matter(_FENCE + _one_document(source.data).rstrip() + b"\n" + _FENCE)
    except DocumentError as error:
        return _unread(source, replace(error.trouble, line=max(1, error.trouble.line - 1)))
    held = document.values.get(settings.board_key) if document else None
    if document is None or not isinstance(held, Mapping | tuple):
        return _unread(source, Trouble("syntax", f"it has no map of statuses under {settings.board_key}"))
    return _signs(source.path, document, held, settings), ()


def _one_document(data: bytes) -> bytes:
    """Return the first YAML document of a file, with the lines that it had: what opens it is made comments."""
    data = data.removeprefix(codecs.BOM_UTF8)
    start = _START.match(data)
    if start is None:
        return data
    opened = start[0]
    comments = opened.replace(b"%", b"#").replace(b"---", b"#--")
    return comments + data[len(opened) :]


def _signs(path: str, document: Document, held: Value, settings: Settings) -> Signs:
    """Return what a board says: a map of statuses, or the entries of a list or a map, each with a status."""
    found = {}
    for route, task, status in _rows(held, settings.fields["status"]):
        stage = settings.stage(status)
        if stage is not None:
            line, column = document.locate((settings.board_key, *route))
            place = Place(path=path, line=line - 1, column=column)
            found[task] = Marker(place=place, stage=stage, says=status)
    return found


def _rows(held: Value, key: str) -> Iterator[tuple[Route, str, str]]:
    """Yield the rows of a board: the way to each status, the task, and the status."""
    for step, named, row in entries(held):
        name: Value = named
        status: Value = row
        route: Route = (step,)
        if isinstance(row, Mapping):
            name = row.get("id") or name
            status, route = row.get(key), (step, key)
        if isinstance(name, str) and isinstance(status, str):
            yield route, name, status


def _unread(source: Source, trouble: Trouble) -> tuple[Signs, tuple[Ledger, ...]]:
    """Return that a board can't be read."""
    ledger = Ledger(kind=LedgerKind.BOARD, place=Place(path=source.path), name="board", troubles=(((), trouble),))
    return {}, (ledger,)
