"""Keyed edits to the bytes of the files that they name; pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from taskcheck.assemble.rows import CONTAINERS, register_rows
from taskcheck.documents import Document, DocumentError, Refused, Route, Value, jsonsplice, read_json
from taskcheck.documents.frontsplice import set_scalars
from taskcheck.documents.values import timestamp
from taskcheck.model.edit import (
    DropEntry,
    Edit,
    KeepFile,
    MergeFile,
    SetKey,
    edited,
)


@dataclass(frozen=True, slots=True)
class After:
    """A file as it is to be: its bytes, None for none; and the file whose mode and owner a new one takes."""

    data: bytes | None
    like: str | None = None


class Taken:
    """Edits that are made together: they agree on every key, and none is about a whole file that another edits."""

    def __init__(self) -> None:
        self._parts: dict[object, SetKey | DropEntry] = {}
        self._whole: dict[str, MergeFile | KeepFile] = {}
        self._edited: set[str] = set()

    def take(self, edits: Iterable[Edit]) -> bool:
        """Take some edits in, all or none; whether they could be."""
        edits = tuple(edits)
        if any(self._clashes(edit) for edit in edits):
            return False
        for edit in edits:
            if isinstance(edit, SetKey | DropEntry):
                self._parts[edit.place] = edit
                self._edited.add(edit.place.path)
            else:
                self._whole.update(dict.fromkeys(edited(edit), edit))
        return True

    def _clashes(self, edit: Edit) -> bool:
        if isinstance(edit, SetKey | DropEntry):
            return self._parts.get(edit.place, edit) != edit or edit.place.path in self._whole
        return any(self._whole.get(path, edit) != edit or path in self._edited for path in edited(edit))


def compose(edits: Iterable[Edit], files: Mapping[str, bytes], *, at_names: bool) -> dict[str, After]:
    """The files that some edits change, as they are to be; edits that agree are made once.

    Raises:
        Refused: an edit can't be made exactly; the message begins with the file.
    """
    edits = tuple(dict.fromkeys(edits))
    for edit in edits:
        if isinstance(edit, SetKey | DropEntry) and edit.place.checkout != "root":
            raise Refused(f"{edit.place.path} of {edit.place.checkout} is not in the root checkout; fix it there")
    parts: dict[str, list[SetKey | DropEntry]] = {}
    for edit in edits:
        if isinstance(edit, SetKey | DropEntry):
            parts.setdefault(edit.place.path, []).append(edit)
    changed: dict[str, After] = {}
    for path, of_file in parts.items():
        with _named(path):
            changed[path] = After(_part(of_file, _content(path, files), at_names=at_names))
    for edit in edits:
        if isinstance(edit, MergeFile):
            with _named(edit.target.path):
                changed.update(_merge(edit, files))
        elif isinstance(edit, KeepFile):
            with _named(edit.target.path):
                changed.update(_keep(edit, files))
    return {path: after for path, after in changed.items() if after.data != files.get(path)}


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Put a file's name before what is said of it."""
    try:
        yield
    except (DocumentError, Refused) as error:
        raise Refused(error.in_file(path)) from error


def _content(path: str, files: Mapping[str, bytes]) -> bytes:
    if path not in files:
        raise Refused("it isn't there")
    return files[path]


def _part(edits: list[SetKey | DropEntry], data: bytes, *, at_names: bool) -> bytes:
    """A file with some keys set or some rows taken out."""
    dropped = [edit.place.route for edit in edits if isinstance(edit, DropEntry)]
    values = {edit.place.route: edit.value for edit in edits if isinstance(edit, SetKey)}
    if dropped and values:
        raise Refused("rows are taken out of a register, keys are set in a task file")
    if dropped:
        return jsonsplice.encoded(jsonsplice.drop(read_json(data), dropped))
    return set_scalars(data, values, at_names=at_names)


def _keep(edit: KeepFile, files: Mapping[str, bytes]) -> dict[str, After]:
    """One file under the canonical path and owner, and the others gone."""
    document = _owned(read_json(_content(edit.source.path, files)), edit.owner)
    gone = {place.path: After(None) for place in (edit.source, *edit.dropped)}
    return {**gone, edit.target.path: After(jsonsplice.encoded(document), like=edit.source.path)}


def _merge(edit: MergeFile, files: Mapping[str, bytes]) -> dict[str, After]:
    """One register with the rows of all, under the canonical path and owner, and the others gone.

    The register that is at that path stays as it is, and gets what it lacks; where there is none, the newest does.
    """
    documents = {place.path: read_json(_content(place.path, files)) for place in edit.sources}
    first = max(documents, key=lambda path: (path == edit.target.path, _updated(documents[path]), path))
    merged = documents[first]
    for path, document in documents.items():
        if path != first:
            merged = _added(merged, document)
    gone = {place.path: After(None) for place in edit.sources}
    return {**gone, edit.target.path: After(jsonsplice.encoded(_owned(merged, edit.owner)), like=first)}


def _added(merged: Document, other: Document) -> Document:
    """A register with the rows and keys of another one that it lacks.

    Of two rows of a task the later one stays; where they are about one run, it gets what only the other says.
    """
    extra, theirs = _lacking(merged, other), register_rows(other)
    rows = {task: (route, value) for task, route, value in register_rows(merged)}
    new = []
    for task, route, value in theirs:
        known, row = rows.get(task, ((), None))
        if not known:
            new.append((task, route))
        elif _began(value) > _began(row):
            new.append((task, route))
            other = _completed(other, route, merged, known)
        else:
            merged = _completed(merged, known, other, route)
    container = next(iter(rows.values()))[0][:1] if rows else _container(merged)
    merged = jsonsplice.drop(merged, [rows[task][0] for task, _ in new if task in rows])
    if container is None:
        merged, container = jsonsplice.add(merged, (), [(CONTAINERS[0], "{}")]), (CONTAINERS[0],)
    if isinstance(merged.get(container), tuple):
        for task, route in new:
            value = other.get(route)
            if not isinstance(value, Mapping) or task not in {value.get("slug"), value.get("task")}:
                raise Refused(f"the row of {task} doesn't name its task, as the rows of a list must")
    merged = jsonsplice.add(merged, container, [(task, jsonsplice.member_text(other, route)) for task, route in new])
    merged = jsonsplice.add(merged, (), extra) if extra else merged
    updated = other.values.get("updated_at")
    if isinstance(updated, str) and _updated(other) > _updated(merged) > 0:
        return jsonsplice.set_text(merged, ("updated_at",), updated)
    return merged


def _container(document: Document) -> Route | None:
    """Where an empty register would hold its rows."""
    return next(((name,) for name in CONTAINERS if isinstance(document.values.get(name), Mapping | tuple)), None)


def _lacking(merged: Document, other: Document) -> list[jsonsplice.Member]:
    """What another register has beside its rows, and the merged one hasn't.

    Raises:
        Refused: the two say different things under one key, or rows would be lost.
    """
    own = {*CONTAINERS, *({"owner", "updated_at"} & merged.values.keys())}
    keys = [key for key in other.values if key not in own]
    for key in keys:
        if key in merged.values and json.dumps(merged.values[key]) != json.dumps(other.values[key]):
            raise Refused(f"the registers say different things under {key}")
    if sum(bool(other.values.get(name)) for name in CONTAINERS) > 1:
        raise Refused("a register has rows in two places, of which only the first ones are read")
    return [(key, jsonsplice.member_text(other, (key,))) for key in keys if key not in merged.values]


def _completed(document: Document, route: Route, other: Document, at: Route) -> Document:
    """The document, a row of which has what only another document's row of the same run says."""
    row, rest = document.get(route), other.get(at)
    if not isinstance(row, Mapping) or not isinstance(rest, Mapping):
        return document
    if any(row.get(key) != rest.get(key) for key in ("worktree_path", "branch", "pid", "host")):
        return document
    lacking = [(key, jsonsplice.member_text(other, (*at, key))) for key in rest if key not in row]
    return jsonsplice.add(document, route, lacking)


def _began(row: Value) -> float:
    values = row if isinstance(row, Mapping) else {}
    times = (_moment(values.get(key)) for key in ("launched_at", "started_at", "registered_at"))
    return max((at.timestamp() for at in times if at), default=0.0)


def _updated(document: Document) -> float:
    at = _moment(document.values.get("updated_at"))
    return at.timestamp() if at else 0.0


def _moment(value: Value) -> datetime | None:
    return timestamp(value) if isinstance(value, str) else None


def _owned(document: Document, owner: str) -> Document:
    """The ledger with the canonical owner inside, where it names one at all."""
    said = document.values.get("owner")
    return jsonsplice.set_text(document, ("owner",), owner) if isinstance(said, str) and said != owner else document
