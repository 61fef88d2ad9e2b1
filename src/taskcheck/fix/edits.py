"""Keyed edits to the bytes of the files that they name; pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from taskcheck.assemble.rows import CONTAINERS, register_rows
from taskcheck.documents import Document, DocumentError, Refused, Route, Value, jsonsplice, read_json
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import Shape, file_of
from taskcheck.documents.values import timestamp
from taskcheck.model.edit import (
    DropEntry,
    Edit,
    KeepFile,
    MergeFile,
    SetKey,
    edited,
    with_keys,
)


@frozen
class After:
    """A file as it is to be: its bytes, None for none; and the file whose mode and owner a new one takes."""

    data: bytes | None
    like: str | None = None


class AgreedEdits:
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
                self._edited.add(file_of(edit.place.path))
            else:
                self._whole.update(dict.fromkeys(edited(edit), edit))
        return True

    def _clashes(self, edit: Edit) -> bool:
        """Return whether an edit doesn't agree with those that were taken."""
        if isinstance(edit, SetKey | DropEntry):
            return self._parts.get(edit.place, edit) != edit or file_of(edit.place.path) in self._whole
        return any(self._whole.get(path, edit) != edit or path in self._edited for path in edited(edit))


def compose(edits: Iterable[Edit], files: Mapping[str, bytes], *, shape: Shape) -> dict[str, After]:
    """Return the files that some edits change, as they are to be; edits that agree are made once.

    Raises:
        Refused: an edit can't be made exactly; the message begins with the file.
    """
    parts: dict[str, list[SetKey | DropEntry]] = {}
    whole: list[MergeFile | KeepFile] = []
    for edit in dict.fromkeys(edits):
        if isinstance(edit, MergeFile | KeepFile):
            whole.append(edit)
            continue
        place = edit.place
        if place.checkout != "root":
            raise Refused(f"{place.path} of {place.checkout} is not in the root checkout; fix it there")
        parts.setdefault(file_of(place.path), []).append(edit)
    changed: dict[str, After] = {}
    for path, of_file in parts.items():
        with _named(path):
            changed[path] = After(_part(of_file, _content(path, files), shape=shape))
    for edit in whole:
        with _named(edit.target.path):
            changed.update(_merge(edit, files) if isinstance(edit, MergeFile) else _keep(edit, files))
    return {path: after for path, after in changed.items() if after.data != files.get(path)}


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Put a file's name before what is said of it."""
    try:
        yield
    except (DocumentError, Refused) as error:
        raise Refused(error.in_file(path)) from error


def _content(path: str, files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a file.

    Raises:
        Refused: it isn't there.
    """
    if path not in files:
        raise Refused("it isn't there")
    return files[path]


def _part(edits: list[SetKey | DropEntry], data: bytes, *, shape: Shape) -> bytes:
    """Return a file with some keys set or some rows taken out."""
    dropped = [edit.place.route for edit in edits if isinstance(edit, DropEntry)]
    keys = [edit for edit in edits if isinstance(edit, SetKey)]
    if dropped and keys:
        raise Refused("rows are taken out of a register, keys are set in a task file")
    if dropped:
        return jsonsplice.encoded(jsonsplice.drop(read_json(data), dropped))
    return with_keys(data, keys, shape=shape)


def _keep(edit: KeepFile, files: Mapping[str, bytes]) -> dict[str, After]:
    """Return one file under the canonical path and owner, and the others gone."""
    document = _owned(read_json(_content(edit.source.path, files)), edit.owner)
    gone = {place.path: After(None) for place in (edit.source, *edit.dropped)}
    return {**gone, edit.target.path: After(jsonsplice.encoded(document), like=edit.source.path)}


def _merge(edit: MergeFile, files: Mapping[str, bytes]) -> dict[str, After]:
    """Return one register with the rows of all, under the canonical path and owner, and the others gone.

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
    """Return a register with the rows and keys of another one that it lacks.

    Of two rows of a task the later one stays; where they are about one run, it gets what only the other says:

    * ``{"fix-login": {"pid": 1}}`` and ``{"fix-logout": {"pid": 2}}`` become a register with both rows;
    * of ``{"fix-login": {"pid": 1, "started_at": 9:00}}`` and ``{"fix-login": {"pid": 2, "started_at": 10:00}}`` the
      second row stays, for it is of a later run;
    * of ``{"fix-login": {"pid": 1}}`` and ``{"fix-login": {"pid": 1, "pr_number": 7}}`` the first gets the number.
    """
    lacking_keys = _lacking(merged, other)
    rows = {task: (route, value) for task, route, value in register_rows(merged)}
    new: list[tuple[str, Route]] = []
    replaced: list[Route] = []
    for task, route, value in register_rows(other):
        if task not in rows:
            new.append((task, route))
            continue
        own_route, own_value = rows[task]
        if _began(value) > _began(own_value):
            new.append((task, route))
            replaced.append(own_route)
            other = _completed(other, route, merged, own_route)
        else:
            merged = _completed(merged, own_route, other, route)
    container = next((route[:1] for route, _ in rows.values()), None) or _container(merged)
    merged = jsonsplice.drop(merged, replaced)
    merged = _with_rows(merged, container, other, new)
    if lacking_keys:
        merged = jsonsplice.add(merged, (), lacking_keys)
    updated = other.values.get("updated_at")
    if isinstance(updated, str) and _updated(other) > _updated(merged) > 0:
        return jsonsplice.set_text(merged, ("updated_at",), updated)
    return merged


def _with_rows(
    merged: Document, container: Route | None, other: Document, rows: Iterable[tuple[str, Route]]
) -> Document:
    """Return a register with rows of another one, in the container of its own; in a new one where it has none.

    Raises:
        Refused: the container is a list, and a row doesn't name its task.
    """
    if container is None:
        container = (CONTAINERS[0],)
        merged = jsonsplice.add(merged, (), [(CONTAINERS[0], "{}")])
    is_list = isinstance(merged.get(container), tuple)
    members: list[jsonsplice.Member] = []
    for task, route in rows:
        if is_list and not _names_its_task(other.get(route), task):
            raise Refused(f"the row of {task} doesn't name its task, as the rows of a list must")
        members.append((task, jsonsplice.member_text(other, route)))
    return jsonsplice.add(merged, container, members)


def _names_its_task(row: Value, task: str) -> bool:
    """Return whether a row says itself which task it is of."""
    return isinstance(row, Mapping) and task in {row.get("slug"), row.get("task")}


def _container(document: Document) -> Route | None:
    """Return where an empty register would hold its rows."""
    for name in CONTAINERS:
        if isinstance(document.values.get(name), Mapping | tuple):
            return (name,)
    return None


def _lacking(merged: Document, other: Document) -> list[jsonsplice.Member]:
    """Return what another register has beside its rows, and the merged one hasn't.

    Raises:
        Refused: the two say different things under one key, or rows would be lost.
    """
    merged_apart = {*CONTAINERS, *({"owner", "updated_at"} & merged.values.keys())}
    lacking: list[jsonsplice.Member] = []
    for key, value in other.values.items():
        if key in merged_apart:
            continue
        if key not in merged.values:
            lacking.append((key, jsonsplice.member_text(other, (key,))))
        elif json.dumps(merged.values[key]) != json.dumps(value):
            raise Refused(f"the registers say different things under {key}")
    filled = [name for name in CONTAINERS if other.values.get(name)]
    if len(filled) > 1:
        raise Refused("a register has rows in two places, of which only the first ones are read")
    return lacking


def _completed(document: Document, route: Route, other: Document, at: Route) -> Document:
    """Return the document, a row of which has what only another document's row of the same run says."""
    row, rest = document.get(route), other.get(at)
    if not isinstance(row, Mapping) or not isinstance(rest, Mapping):
        return document
    if any(row.get(key) != rest.get(key) for key in ("worktree_path", "branch", "pid", "host")):
        return document
    lacking = []
    for key in rest:
        if key not in row:
            lacking.append((key, jsonsplice.member_text(other, (*at, key))))
    return jsonsplice.add(document, route, lacking)


def _began(row: Value) -> float:
    """Return the last time that a row dates its run's beginning by; 0 where it says none."""
    if not isinstance(row, Mapping):
        return 0.0
    times = []
    for key in ("launched_at", "started_at", "registered_at"):
        moment = _moment(row.get(key))
        if moment is not None:
            times.append(moment.timestamp())
    return max(times, default=0.0)


def _updated(document: Document) -> float:
    """Return when a register was written by its own word; 0 where it doesn't say."""
    moment = _moment(document.values.get("updated_at"))
    return moment.timestamp() if moment else 0.0


def _moment(value: Value) -> datetime | None:
    """Return the time that a value is; None for one that is no timestamp."""
    return timestamp(value) if isinstance(value, str) else None


def _owned(document: Document, owner: str) -> Document:
    """Return the ledger with the canonical owner inside, where it names one at all."""
    said = document.values.get("owner")
    if not isinstance(said, str) or said == owner:
        return document
    return jsonsplice.set_text(document, ("owner",), owner)
