"""Files among the tasks whose status stands under a key that is the store's in another case: they aren't read."""

from collections.abc import Iterator, Mapping

from taskcheck.config.settings import Settings
from taskcheck.documents import Value
from taskcheck.documents.shape import FrontMatter


def miscased(others: Mapping[str, Mapping[str, Value]], settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the path of each such file, with its key: ``Status`` in a store whose files have ``status``.

    Args:
        others: the values of the files at the paths of tasks that are none, by path.
        settings: of the store.
    """
    if not isinstance(settings.shape, FrontMatter):
        return
    usual = settings.fields["status"]
    folded = usual.casefold()
    for path, front in others.items():
        folds = {key.casefold(): key for key in front}
        key = folds.get(folded, usual)
        if key != usual:
            yield path, key
