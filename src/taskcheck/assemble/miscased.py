"""Files among the tasks whose status stands under a key that is the store's in another case: they aren't read."""

from collections.abc import Collection, Iterator, Mapping

from taskcheck.config.settings import Settings
from taskcheck.documents import DocumentError, Value
from taskcheck.documents.shape import FrontMatter
from taskcheck.model.sources import Source, Sources


def miscased(sources: Sources, settings: Settings, tasks: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the path of each such file, with its key: ``Status`` in a store whose files have ``status``.

    Files at the paths of tasks are known to have the key of the store.
    """
    if not isinstance(settings.shape, FrontMatter):
        return
    usual = settings.fields["status"]
    folded = usual.casefold()
    for path, front in _fronts(sources, settings.shape, tasks):
        folds = {key.casefold(): key for key in front}
        key = folds.get(folded, usual)
        if key != usual:
            yield path, key


def _fronts(sources: Sources, shape: FrontMatter, tasks: Collection[str]) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Yield the front matter of the files that are no tasks, and can be read: those that were read, and remembered."""
    for source in sources.tasks:
        if source.path not in tasks:
            yield source.path, _front(source, shape)
    remembered = {} if sources.remembered is None else sources.remembered.fronts
    for path in remembered.keys() - tasks:
        yield path, remembered[path] or {}


def _front(source: Source, shape: FrontMatter) -> Mapping[str, Value]:
    """Return the front matter of a file; nothing for one that has none, or can't be read."""
    empty: Mapping[str, Value] = {}
    try:
        document = shape.read(source.data or b"")
    except DocumentError:
        return empty
    return document.values if document else empty
