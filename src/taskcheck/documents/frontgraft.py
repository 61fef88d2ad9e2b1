"""Sets keys of front matter as another copy of the file has them: in its lines, and where they stand there; pure.

What both sides changed alike and at one place is no conflict to git. So the lines that a key shares a change with are
taken together, whichever keys these are of.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

from taskcheck.documents.document import DocumentError, Refused, Route, Value, decode
from taskcheck.documents.linediff import Incomparable
from taskcheck.documents.origin import Origin
from taskcheck.documents.shape import PLAIN, Shape
from taskcheck.documents.sides import Side, shared
from taskcheck.documents.threeway import Part, merge


@lru_cache(maxsize=8)
def _side(text: str, shape: Shape) -> Side:
    """Return one version of the file, of which several questions are asked in a row.

    Raises:
        DocumentError: it can't be read.
    """
    return Side(text, shape=shape)


def _text(data: bytes) -> str:
    """Return the text of a file, with its byte order mark.

    Raises:
        DocumentError: it isn't UTF-8.
    """
    decode(data)
    return data.decode()


@lru_cache(maxsize=8)  # the copies of a task come one after the other, and many have the same bytes
def changed_with(keys: frozenset[str], origin: Origin, *, shape: Shape) -> frozenset[str]:
    """Return the keys with a line in a change of the origin that one of these has a line in too, and so on; with them.

    Raises:
        Refused: it can't be told.
    """
    try:
        base, theirs = _side(origin.base, shape), _side(origin.text, shape)
        return frozenset(shared(base, theirs, keys)[1])
    except (DocumentError, Incomparable) as error:
        raise Refused("its lines can't be compared") from error


def set_keys(data: bytes, changes: Mapping[Route, str], origin: Origin | None = None, *, shape: Shape = PLAIN) -> bytes:
    """Return the file with some scalars set; those of an origin by its very lines, where these can be taken.

    The result is read again and compared: exactly these values are other than they were. Other keys keep their order,
    but for those that the origin moved along with these.

    Raises:
        DocumentError: the file can't be read.
        Refused: it can't be done exactly.
    """
    if origin is None:
        return shape.set_scalars(data, changes)
    values = {route[0]: value for route, value in changes.items()}
    root = _text(data)
    try:
        return _by_lines(root, origin, values, shape=shape).encode()
    except (DocumentError, Incomparable, Refused):
        return _by_keys(root, origin, values, shape=shape)


def meeting(origin: Origin, data: bytes, *, shape: Shape = PLAIN) -> str:
    """Return what a merge of the origin with a file would leave to a person, in words; empty where it is clean.

    For example `lines 4-6 (labels, status)`, or `the merged file: the key "pr_url" is there twice`.
    """
    text = _text(data)
    try:
        merged = merge(origin.base, text, origin.text)
        base, ours, theirs = (_side(side, shape) for side in (origin.base, text, origin.text))
    except Incomparable:
        return "lines that can't be compared"
    except DocumentError as error:
        return f"what can't be read: {error.trouble.message}"
    if merged.conflicts:
        return _met(merged.conflicts, ours, theirs)
    try:
        both = _side(merged.text, shape)
    except DocumentError as error:
        return f"the merged file: {error.trouble.message}"
    if dict(both.values) != _of_both(base.values, ours.values, theirs.values):
        return "the merged file, which wouldn't have what both sides say"
    return ""


def _met(conflicts: Collection[Part], ours: Side, theirs: Side) -> str:
    """Return the origin's lines that are met by others, and the keys that both sides have there."""
    lines, keys = [], set()
    for part in conflicts:
        first, last = part.their_start + 1, max(part.their_end, part.their_start + 1)
        lines.append(str(first) if first == last else f"{first}-{last}")
        keys |= theirs.touched(part.their_start, part.their_end) | ours.touched(part.start, part.end)
    met = f"line{'s' if lines[1:] or '-' in lines[0] else ''} {', '.join(lines)}"
    return f"{met} ({', '.join(sorted(keys))})" if keys else met


def _of_both(base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a merge has to say: each value that one side changed, else that of the base."""
    values = {}
    for key in {*ours, *theirs}:
        side = ours if _says(ours, key) != _says(base, key) else theirs
        if key in side:
            values[key] = side[key]
    return values


def _says(values: Mapping[str, Value], key: str) -> tuple[bool, Value]:
    """Return whether a key is there, and its value."""
    return key in values, values.get(key)


def _by_lines(text: str, origin: Origin, values: Mapping[str, str], *, shape: Shape) -> str:
    """Return the file with whole changes of the origin in it, by a merge of these alone.

    Raises:
        DocumentError, Incomparable, Refused: it can't be done so.
    """
    base, theirs = _side(origin.base, shape), _side(origin.text, shape)
    root = _side(text, shape)
    chosen, touched = shared(base, theirs, values)
    lines: list[str] = []
    at = 0
    for change in chosen:
        lines += base.lines[at : change.start] + theirs.lines[change.other_start : change.other_end]
        at = change.end
    lines += base.lines[at:]
    merged = merge(origin.base, _as_begun(root, base, theirs, values), "".join(lines))
    if merged.conflicts:
        raise Refused("other lines meet them")
    _check(root, merged.text, values, touched, shape=shape)
    return merged.text


def _as_begun(root: Side, base: Side, theirs: Side, keys: Collection[str]) -> str:
    """Return the file with keys that are about to be overwritten as the base has them: what they say doesn't matter.

    Raises:
        Refused: beside one stands what nobody else says, such as a comment.
    """
    lines: list[str | None] = list(root.lines)
    for key in filter(root.keys.__contains__, keys):
        if _shares_line(key, root, base):
            lines[root.keys[key].start] = base.text_of(key)
        if not root.alone(key):
            continue
        if key in base.keys and (not base.alone(key) or root.text_of(key) == base.text_of(key)):
            continue
        if root.beside(key) not in {"", base.beside(key), theirs.beside(key)}:
            raise Refused(f"the text beside {key} would be lost")
        block = root.keys[key]
        lines[block.start : block.stop] = [None] * len(block)
        if key in base.keys:
            lines[block.start] = base.text_of(key)
    return "".join(line for line in lines if line is not None)


def _shares_line(key: str, root: Side, base: Side) -> bool:
    """Return whether a key has one line, with other keys in it, that is the base's but for its own value."""
    if root.alone(key) or key not in base.keys:
        return False
    return len(root.keys[key]) == len(base.keys[key]) == 1 and root.around(key) == base.around(key)


def _check(root: Side, text: str, values: Mapping[str, str], moved: Collection[str], *, shape: Shape) -> None:
    """See that exactly the named values are other than they were, and no key but some has moved.

    Raises:
        DocumentError: the text can't be read.
        Refused: something else changed.
    """
    after = _side(text, shape)
    if root.document is None or after.document is None:
        raise Refused("there is no front matter")
    if dict(after.values) != {**root.values, **values} or after.document.body != root.document.body:
        raise Refused("more than that would change")
    kept = [[key for key in side.keys if key not in moved] for side in (root, after)]
    if kept[0] != kept[1]:
        raise Refused("other keys would move")


def _by_keys(text: str, origin: Origin, values: Mapping[str, str], *, shape: Shape) -> bytes:
    """Return the file with each key set by itself, a new one below the one that it follows in the origin.

    Raises:
        DocumentError: the file can't be read.
        Refused: it can't be done exactly.
    """
    theirs = _side(origin.text, shape)
    for key in sorted(values, key=list(theirs.values).index):
        root = _side(text, shape)
        try:
            text = _inserted(root, theirs, key)
            _check(root, text, {key: values[key]}, {key}, shape=shape)
        except (DocumentError, Refused):
            before = "".join(root.lines).encode()
            text = shape.set_scalars(before, {(key,): values[key]}).decode()
    return text.encode()


def _inserted(root: Side, theirs: Side, key: str) -> str:
    """Return the file with the origin's lines of a key that it lacks.

    Raises:
        Refused: it has the key, or nothing else; or another key has the line in the origin, too.
    """
    names = list(theirs.keys)
    before = [name for name in names[: names.index(key)] if name in root.keys]
    if key in root.keys or not root.keys or not theirs.alone(key):
        raise Refused("its value alone is set")
    at = root.keys[before[-1]].stop if before else min(lines.start for lines in root.keys.values())
    return "".join([*root.lines[:at], theirs.text_of(key), *root.lines[at:]])
