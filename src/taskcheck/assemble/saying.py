"""What a file of an unknown store says of tasks: by front matter, lines of its text, or entries in JSON and YAML."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeGuard, get_args

from taskcheck.documents import DocumentError, Value, read_json
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import Fence, FrontMatter
from taskcheck.documents.statusline import read_status_lines
from taskcheck.model.sources import Source

Kind = Literal["front matter", "status line", "JSON", "YAML"]

WORDS = (b"status", b"state")
"""What a file has to have in it that holds tasks."""

KINDS: Mapping[str, Kind] = {"json": "JSON", "yaml": "YAML", "yml": "YAML"}
"""What a file holds, by how its name ends."""

DIALECTS = tuple(FrontMatter(at_names=at_names, fence=fence) for fence in get_args(Fence) for at_names in (False, True))
"""How front matter may be written, the strictest way first."""

MOST_DEPTH = 3
"""Keys that lead to a list of tasks."""


@frozen
class Said:
    """What a file, or an element of a JSON file, says."""

    path: str
    kind: Kind
    values: Mapping[str, Value]
    route: str = ""
    """Of an entry in JSON or YAML: the keys that lead to its list, with dots between them."""
    dialect: FrontMatter = FrontMatter()
    """The strictest one in which its front matter can be read."""


def said(source: Source) -> Iterator[Said]:
    """Yield what a file says; of JSON and YAML each entry of its lists that has a status."""
    data = source.data or b""
    kind = KINDS.get(source.path.rpartition(".")[2])
    if kind is not None:
        for route, entry in _entries(data, kind):
            yield Said(source.path, kind, entry, route)
        return
    front, dialect = _front_matter(data)
    if front:
        yield Said(source.path, "front matter", front, dialect=dialect)
    elif front is None:
        lines = _status_lines(data)
        if lines:
            yield Said(source.path, "status line", lines)


def _front_matter(data: bytes) -> tuple[Mapping[str, Value] | None, FrontMatter]:
    """Return the front matter of a file, with its dialect; empty where it can't be read, None where there is none."""
    for dialect in DIALECTS:
        try:
            document = dialect.read(data)
        except DocumentError:
            continue
        return (document.values if document else None), dialect
    return {}, DIALECTS[0]


def _status_lines(data: bytes) -> Mapping[str, Value]:
    """Return what the lines of a text say; nothing where none says a status."""
    try:
        document = read_status_lines(data)
    except DocumentError:
        return {}
    return document.values if document else {}


def _entries(data: bytes, kind: Kind) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Yield the entries with a status of the lists that lie at most three keys deep, each with the way to its list."""
    if not any(word in data for word in WORDS):
        return
    try:
        waiting: list[tuple[tuple[str, ...], Value]] = [((), _whole(data, kind))]
    except DocumentError:
        return
    while waiting:
        route, value = waiting.pop()
        found = _with_status(value, kind)
        for entry in found:
            yield ".".join(route), entry
        if not found and len(route) < MOST_DEPTH:
            waiting += [((*route, key), item) for key, item in _members(value)]


def _members(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the members of a map by the keys that a configuration can name."""
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if "." not in key and key != "*":
            yield key, item


def _whole(data: bytes, kind: Kind) -> Value:
    """Return what a file holds.

    Raises:
        DocumentError: it can't be read.
    """
    if kind == "JSON":
        return read_json(data).values
    from taskcheck.documents.yamllist import read_yaml

    return read_yaml(data)


def _with_status(value: Value, kind: Kind) -> list[Mapping[str, Value]]:
    """Return the entries of a list that have a status; in YAML also of a map, if all have one, with their keys."""
    if isinstance(value, tuple):
        return [entry for entry in value if _has_status(entry)]
    if kind != "YAML" or not isinstance(value, Mapping):
        return []
    found: list[Mapping[str, Value]] = []
    for key, entry in value.items():
        if not _has_status(entry):
            return []
        found.append({"id": key, **entry})
    return found


def _has_status(value: Value) -> TypeGuard[Mapping[str, Value]]:
    """Return whether a value is an object with a status."""
    if not isinstance(value, Mapping):
        return False
    return not value.keys().isdisjoint(("status", "state"))
