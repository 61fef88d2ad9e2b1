"""Show or clear the cache, which makes the next check of a store faster.

You can clear the cache at any time: reports don't depend on it.
"""

import argparse
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from taskcheck.cli import Failure
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.write.cache import Cache


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--clear", action="store_true", help="delete the cache of all stores")


def run(options: argparse.Namespace) -> int:
    """Show or clear the cache, and return the exit code."""
    from taskcheck.write.cache import Cache, NotOurs, cache_home

    home = cache_home(os.environ)
    if home is None:
        raise Failure("there is no cache: neither XDG_CACHE_HOME nor HOME is an absolute path")
    cache = Cache(home)
    try:
        told = _cleared(cache) if options.clear else _shown(cache)
    except NotOurs as error:
        raise Failure(f"the cache isn't used: {error}") from error
    except OSError as error:
        raise Failure(f"{cache.path}: {error.strerror}") from error
    print("\n".join(told))
    return 0


def _cleared(cache: "Cache") -> list[str]:
    count = cache.clear()
    return [f"{visible(cache.path, None)}: {_files(count)} removed"]


def _shown(cache: "Cache") -> list[str]:
    """Return the lines that tell of the folder, and of each store the newest first."""
    from taskcheck.model.memory import root_of
    from taskcheck.write.cache import MOST_BYTES

    files = cache.files()
    total = sum(found.st_size for found in files.values())
    lines = [f"{visible(cache.path, None)}: {_files(len(files))}, {_size(total)} of at most {_size(MOST_BYTES)}"]
    for name, found in sorted(files.items(), key=lambda item: -item[1].st_mtime):
        data = cache.read(name)
        root = root_of(data) if data is not None else None
        used = datetime.fromtimestamp(found.st_mtime, UTC)
        told = visible(root, None) if root is not None else f"{visible(name, None)}, of an unknown store"
        lines.append(f"  {_size(found.st_size):>8}  {used:%Y-%m-%d %H:%M}Z  {told}")
    return lines


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"
