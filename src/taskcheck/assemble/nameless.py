"""Entries of task lists in JSON and YAML that have a status and no id: nothing can name them, so they aren't read."""

from collections.abc import Iterator

from taskcheck.config.settings import Settings
from taskcheck.documents import DocumentError, Value
from taskcheck.documents.document import entries
from taskcheck.documents.jsonlist import matching, whole
from taskcheck.documents.shape import JsonList, YamlTasks
from taskcheck.model.sources import Source, Sources


def nameless(sources: Sources, settings: Settings, shape: JsonList | YamlTasks) -> Iterator[str]:
    """Yield which entries have a status and no id: ``entry 2 of plan/tasks.yaml``."""
    key = settings.fields["status"]
    for source in sources.tasks:
        for number in _numbers(source, shape, key):
            yield f"entry {number} of {source.path}"


def _numbers(source: Source, shape: JsonList | YamlTasks, key: str) -> Iterator[str]:
    """Yield the numbers of such entries in their lists, from 1 on; of one within another, both: ``2.1``."""
    root = _root(source, shape)
    for pattern in shape.lists or ("",):
        keys = pattern.split(".") if pattern else []
        for _, route in matching(root, keys, ()):
            yield from _of_list(_at(root, route), shape.nested, key, "")


def _root(source: Source, shape: JsonList | YamlTasks) -> Value:
    """Return what a file holds, which is read once; nothing for one that can't be read, for that is told."""
    if source.data is None:
        return None
    try:
        if isinstance(shape, JsonList):
            return whole(source.data).values
        from taskcheck.documents.yamllist import read_yaml

        return read_yaml(source.data)
    except DocumentError:
        return None


def _at(root: Value, route: tuple[str, ...]) -> Value:
    """Return what a route of keys leads to."""
    value = root
    for key in route:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _of_list(value: Value, nested: str, key: str, before: str) -> Iterator[str]:
    """Yield the numbers of the entries of a list that have a status and no id, and of those within each of them."""
    for number, (_, name, entry) in enumerate(entries(value), 1):
        if not isinstance(entry, dict):
            continue
        has_id = name is not None or entry.get("id") is not None
        if key in entry and not has_id:
            yield f"{before}{number}"
        if nested and not before:
            yield from _of_list(entry.get(nested), nested, key, f"{number}.")
