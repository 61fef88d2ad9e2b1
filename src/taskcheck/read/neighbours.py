"""Finds the stores that lie in the folder of another one: of formats that it isn't read as."""

from collections.abc import Iterable, Iterator, Mapping

from taskcheck.config.load import FILE, ConfigError, as_file, load
from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.config.tables import Preset
from taskcheck.documents.document import DocumentError
from taskcheck.documents.shape import JsonTasks
from taskcheck.documents.values import counted
from taskcheck.model.sources import Source
from taskcheck.model.unseen import STORE, Unseen
from taskcheck.read.files import MAX_TASK_BYTES, Folder
from taskcheck.read.locate import Location
from taskcheck.read.tasks import TaskPaths

MOST = 20
"""Files of a store that are opened until one is found to be a task."""


def neighbours(location: Location, settings: Settings, known: Mapping[str, Preset]) -> Iterator[Unseen]:
    """Yield the stores of other formats whose marks lie in a store's folder, and whose tasks nobody reads or names."""
    for preset in known.values():
        mark = preset.mark_in(location.root) if preset.name != settings.preset else None
        if mark is None:
            continue
        try:
            theirs = load(location.root, known, given={FILE: as_file(preset.name)})
        except ConfigError:
            continue
        files = _unread(Folder(location.root), settings, theirs)
        if files:
            why = f"{counted(len(files), 'task file')} of another store, but this check reads {settings.preset}"
            cure = f"taskcheck --preset {preset.name} checks it; or name it in [paths] other"
            yield Unseen(kind=STORE, where=f"{mark} ({preset.name})", why=why, cure=cure)


def _unread(folder: Folder, settings: Settings, theirs: Settings) -> list[str]:
    """Return the task files of another store that this one neither reads nor names; none where none is a task."""
    own = {path for path, _ in TaskPaths.of(settings).find(folder)}
    named = (*settings.paths.exclude, *settings.paths.archive, *settings.paths.other)
    patterns = tuple(map(Pattern, named))
    found = []
    for path, name in TaskPaths.of(theirs).find(folder):
        is_named = any(pattern.match(path) for pattern in patterns)
        if path not in own and not is_named:
            found.append((path, name))
    read = folder.read_all(found[:MOST], MAX_TASK_BYTES)
    return [path for path, _ in found] if _has_task(read, theirs) else []


def _has_task(sources: Iterable[Source], settings: Settings) -> bool:
    """Return whether one of some files says the status of a task."""
    return any(source.data is not None and _says_status(source.data, settings) for source in sources)


def _says_status(data: bytes, settings: Settings) -> bool:
    shape = settings.shape
    try:
        if isinstance(shape, JsonTasks):
            return bool(shape.elements(data))
        document = shape.read(data)
    except DocumentError:
        return False
    return document is not None and settings.fields["status"] in document.values
