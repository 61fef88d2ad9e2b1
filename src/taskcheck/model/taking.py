"""What root takes over from another checkout's copy of a task, so that git merges the two afterwards; pure."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from posixpath import basename

from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Refused
from taskcheck.documents.frozen import frozen
from taskcheck.documents.origin import Origin, whole
from taskcheck.documents.shape import JsonTasks, Shape
from taskcheck.model.edit import SetKey, with_keys
from taskcheck.model.sources import Fork
from taskcheck.model.task import Checkout, Copy, Task


@frozen
class Taking:
    """Edits of root's file, and the lines that will conflict with the copy's branch."""

    edits: tuple[SetKey, ...]
    meets: str = ""
    """Which lines of which branch a merge would leave to a person; empty where git merges all."""


def taking(root: Task, copy: Copy | None, values: Mapping[str, str], settings: Settings) -> Taking:
    """Return the edits that set values in root: those in the lines of the copy, at its places.

    What may differ (``drift.ignore``) is taken along where the copy changed it in the same lines.
    """
    plain = tuple(SetKey(place=root.place.at(key), value=value) for key, value in values.items())
    if copy is None or root.document is None or copy.task.document is None:
        return Taking(plain)
    if isinstance(settings.shape, JsonTasks):
        return Taking(plain, f"whether {copy.checkout.spoken} merges with a changed JSON file is unknown")
    origin = _origin(copy, copy.task.document)
    if origin is None:
        return Taking(plain, f"where {copy.checkout.spoken} began is unknown, and so is whether it merges")
    theirs = copy.task.front
    own = {key: value for key, value in values.items() if theirs.get(key) == value}
    own |= _taken_along(root, copy, own, origin, settings)
    edits = []
    for key, value in {**values, **own}.items():
        edits.append(SetKey(place=root.place.at(key), value=value, origin=origin if key in own else None))
    return Taking(tuple(edits), _meets(root, root.document, copy, origin, edits, settings))


def _origin(copy: Copy, document: Document) -> Origin | None:
    """Return what values of a copy are taken from; None where it isn't known what it began with."""
    if not isinstance(copy.checkout.fork, Fork):
        return None
    if copy.base is None:
        return Origin(whole(document), "")
    if copy.base.document is None:
        return None
    return Origin(whole(document), whole(copy.base.document))


def _taken_along(root: Task, copy: Copy, keys: Mapping[str, str], origin: Origin, settings: Settings) -> dict[str, str]:
    """Return what may differ and stands in one change with some keys, with the copy's values."""
    from taskcheck.documents.frontgraft import changed_with

    try:
        beside = changed_with(frozenset(keys), origin, shape=settings.shape)
    except Refused:
        return {}
    never = {root.keys["status"], root.keys["owner"], root.keys.get("id", "id"), "taskcheck"}
    found = {}
    for key in sorted(beside & set(settings.drift_ignore) - never):
        value = copy.task.front.get(key)
        if isinstance(value, str) and not _newer_in_root(root, copy, key):
            found[key] = value
    return found


def _newer_in_root(root: Task, copy: Copy, key: str) -> bool:
    """Return whether root has what the copy says, or changed the key itself and not to an earlier time."""
    ours, theirs = root.front.get(key), copy.task.front.get(key)
    at_base = copy.base.front.get(key) if copy.base else None
    if ours == theirs or ours in (None, at_base):
        return ours == theirs
    return key != root.keys["updated_at"] or str(ours) > str(theirs)


def _meets(root: Task, document: Document, copy: Copy, origin: Origin, edits: list[SetKey], settings: Settings) -> str:
    """Return what a merge of which branch would leave to a person, were the edits made: lines, else the whole file."""
    now = whole(document)
    try:
        lines = _met_after(now, tuple(edits), origin, settings.shape)
        later = with_keys(now.encode(), tuple(edits), shape=settings.shape)
    except (DocumentError, Refused):
        return ""  # it isn't made at all, and that is said
    return _said(copy, lines) or _loses_name(root, copy, now.encode(), later)


@lru_cache(maxsize=8)  # as in `changed_with`
def _met_after(text: str, edits: tuple[SetKey, ...], origin: Origin, shape: Shape) -> str:
    """Return which lines a merge of an origin with a file would leave to a person, were edits made; empty for none.

    Raises:
        DocumentError, Refused: the edits can't be made.
    """
    from taskcheck.documents.frontgraft import meeting

    return meeting(origin, with_keys(text.encode(), edits, shape=shape), shape=shape)


def met(copy: Copy, data: bytes, *, shape: Shape) -> str:
    """Return which lines of which branch a merge would leave to a person, were root's file so; empty for none."""
    from taskcheck.documents.frontgraft import meeting

    origin = _origin(copy, copy.task.document) if copy.task.document else None
    return _said(copy, meeting(origin, data, shape=shape)) if origin else ""


def left_unmergeable(root: Task, copies: Iterable[Copy], edits: tuple[SetKey, ...], settings: Settings) -> str:
    """Return which branch of some copies couldn't be merged any more if root's file were edited; empty for none.

    What a merge would leave to a person in any case doesn't count, nor does a branch that has landed.
    """
    to_merge = list(filter(_is_to_merge, copies))
    if root.document is None or not to_merge:
        return ""
    now = whole(root.document).encode()
    try:
        later = with_keys(now, edits, shape=settings.shape)
    except (DocumentError, Refused):
        return ""  # it isn't made at all, and that is said
    for copy in to_merge:
        if isinstance(settings.shape, JsonTasks):
            return f"whether {copy.checkout.spoken} merges with a changed JSON file is unknown"
        meets = met(copy, later, shape=settings.shape)
        if meets != met(copy, now, shape=settings.shape):
            return meets
        lost = _loses_name(root, copy, now, later)
        if lost:
            return lost
    return ""


def _loses_name(root: Task, copy: Copy, now: bytes, later: bytes) -> str:
    """Return that git won't see any more that a side renamed the file, once root's is edited; empty where it will."""
    if _finds_name(root, copy, later) or not _finds_name(root, copy, now):
        return ""
    path = copy.task.place.path
    return f"a merge of {_branch(copy)} would conflict in its {path}: git wouldn't see that the file was renamed"


def _finds_name(root: Task, copy: Copy, data: bytes) -> bool:
    """Return whether git pairs the files of both sides, were root's so: none was renamed, or it sees that.

    One that was only moved to another folder is found by its name, by whoever merges.
    """
    from taskcheck.documents.alike import is_renamed

    base = copy.base
    if base is None or base.document is None or copy.task.document is None:
        return True
    before = whole(base.document).encode()
    theirs = whole(copy.task.document).encode()
    sides = ((root, data), (copy.task, theirs))
    renamed = [text for side, text in sides if basename(side.place.path) != basename(base.place.path)]
    return data == before or all(is_renamed(before, text) for text in renamed)


def _is_to_merge(copy: Copy) -> bool:
    """Return whether a branch has changed its copy of a task, and hasn't landed."""
    merge = copy.checkout.merge
    has_landed = merge is not None and merge.merged is True
    return copy.changed and not has_landed


def changed_alike(root: Task, own: Checkout | None, copy: Copy | None = None) -> str:
    """Return that a task's own branch has changed its file to what root has, and is still to land; else nothing.

    Whatever root says next, such a branch says something else in the same lines. One with a copy that differs from
    root's file isn't meant: `left_unmergeable` tells of it.
    """
    if own is None or copy is not None or not isinstance(own.fork, Fork):
        return ""
    path = root.place.path
    has_landed = own.merge is not None and own.merge.merged is True
    is_changed = path in own.fork.own_versions
    if has_landed or not is_changed:
        return ""
    return f"a merge of {own.spoken} would conflict in its {path}, because it has the same change as root"


def _said(copy: Copy, lines: str) -> str:
    """Return where a merge of a copy's branch would conflict; empty where no line would."""
    if not lines:
        return ""
    return f"a merge of {_branch(copy)} would conflict in its {copy.task.place.path}: {lines}"


def _branch(copy: Copy) -> str:
    """Return what a copy is merged by."""
    return f"branch {copy.checkout.branch}" if copy.checkout.branch else copy.checkout.spoken
