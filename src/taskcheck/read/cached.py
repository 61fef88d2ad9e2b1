"""Where a store's memory lies in the user's cache, and what failed there; how both are had from there and put there."""

import os
import sys
from binascii import crc32
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import names_of
from taskcheck.model.memory import Memory, sealed, unsealed
from taskcheck.read.locate import Location, locate
from taskcheck.read.runner import GitError
from taskcheck.version import __version__
from taskcheck.write.cache import Cache, NotOurs, cache_home

_PARSERS = ("documents", "config", "assemble", "model", "engine")
"""Our folders that say how files are read and rules asked."""


def cache_for(location: Location) -> Cache | None:
    """Return the user's cache; None where it would lie in the store, whose files anybody may have made."""
    home = cache_home(os.environ)
    if home is None:
        return None
    cache = Cache(home)
    real = Path(os.path.realpath(cache.path))
    if is_inside(real, location):
        return None
    return cache


def file_name(root: Path) -> str:
    """Return the name of the file of a store, by its folder."""
    return f"{stem(root)}.json"


def stem(root: Path) -> str:
    """Return what files of a store are called outside of it, by its folder."""
    letters = []
    for letter in root.name:
        is_plain = letter.isascii() and letter.isalnum()
        letters.append(letter if is_plain else "-")
    told = "".join(letters[:40]) or "store"
    number = crc32(os.fsencode(root))
    return f"{told}-{number:08x}"


def read_memory(cache: Cache, location: Location, key: str) -> Memory:
    """Return what is remembered of a store; nothing where there is nothing that counts."""
    root = str(location.root)
    nothing = Memory(root=root, key=key)
    try:
        data = cache.read(file_name(location.root))
    except (NotOurs, OSError):
        return nothing
    if data is None:
        return nothing
    return Memory.parse(data, root, key) or nothing


def write_memory(cache: Cache, location: Location, memory: Memory) -> None:
    """Remember a store; where that can't be written, the next check takes longer."""
    with suppress(NotOurs, OSError):
        cache.write(file_name(location.root), memory.dump())


def last_failed(location: Location) -> tuple[str, ...]:
    """Return the names of what failed in the last check of all of a store; none where none are remembered."""
    import json

    cache = cache_for(location)
    if cache is None:
        return ()
    try:
        data = cache.read(_failed_name(location))
        told = json.loads(unsealed(data or b""))
        counts = told["root"] == str(location.root)
        return tuple(map(str, told["failed"])) if counts else ()
    except (NotOurs, OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()


def remember_failed(location: Location, names: Iterable[str]) -> None:
    """Remember what failed in a check of all of a store; where that can't be written, nothing is."""
    import json

    failed = tuple(names)
    cache = cache_for(location)
    if cache is None or last_failed(location) == failed:
        return
    told = {"root": str(location.root), "failed": failed}
    with suppress(NotOurs, OSError):
        cache.write(_failed_name(location), sealed(json.dumps(told).encode("ascii")))


def _failed_name(location: Location) -> str:
    """Return the name of the file that holds what failed in a store."""
    return f"failed-{file_name(location.root)}"


def key_of(settings: Settings, rules: Iterable[str]) -> str:
    """Return by what files are read and judged: two runs with one key make the same of the same files.

    Args:
        settings: the configuration.
        rules: folders of the built-in rules.
    """
    ours = Path(__file__).parent.parent
    parsers = [f"{ours}/{name}" for name in _PARSERS]
    stamps: list[str] = []
    for folder in (*parsers, *rules):
        stamps += sorted(_stamps(folder))
    told = " ".join(stamps)
    return f"taskcheck {__version__}, Python {sys.version}: {_written(settings)}; {told}"


def _written(value: object) -> object:
    """Return a value of a configuration so that equal ones read alike: mappings plain, sets in order."""
    if isinstance(value, Mapping):
        return [(key, _written(item)) for key, item in value.items()]
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    names = names_of(value)
    if names:
        return [type(value).__name__, *((name, _written(getattr(value, name))) for name in names)]
    return value


def _stamps(folder: str) -> Iterator[str]:
    """Yield name, size and time of each file of a folder, and of those below it, that holds code or a preset."""
    for entry in os.scandir(folder):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _stamps(entry.path)
        elif entry.name.endswith((".py", ".toml")):
            found = entry.stat()
            yield f"{entry.name} {found.st_size} {found.st_mtime_ns}"


def is_inside(folder: Path, location: Location) -> bool:
    """Return whether a folder lies in a checkout of the store's repository, or in the store itself."""
    upward = (folder, *folder.parents)
    if {location.root, location.top, location.current} & set(upward):
        return True
    checkout = next((above for above in upward if os.path.lexists(above / ".git")), None)
    if checkout is None:
        return False
    try:
        return locate(checkout).top == locate(location.top or location.root).top
    except (GitError, OSError):
        return True
