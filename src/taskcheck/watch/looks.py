"""Looks at a store, and again whenever one of its ledgers changes or some time has passed."""

import os
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from threading import Event

from taskcheck.checks import check_settled
from taskcheck.config.load import ConfigError
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.report import Report
from taskcheck.read.folders import Folders, watched
from taskcheck.read.runner import GitError
from taskcheck.store import Request, UsageError, Where, open_store
from taskcheck.watch.recording import Keeper, Recorded

INTERVAL = 60.0
"""Seconds after which it is looked again where nothing changed: ages grow, and workers die without a word."""

AGAIN = 2.0
"""The same where it couldn't be looked."""

REST = 0.5
"""The least seconds between two looks; they also rest twice as long as the last one took."""

TICK = 0.25
POLL = 1.0

Contents = dict[str, tuple[int, ...]]
"""What lies in some folders, by path: what tells each from what it was before it was last written."""


@frozen(kw_only=True)
class Sight:
    """What one look brought: a report, or why there is none."""

    report: Report | None = None
    trouble: str = ""
    code: int = 0
    """The exit code that the trouble makes."""
    name: str = ""
    """What the store's folder is called."""
    interval: float = AGAIN
    folders: Folders = frozenset()
    took: float = 0.0
    """Seconds that it took."""
    recorded: Recorded | None = None
    """The look as it was written down; None where it wasn't."""
    notice: str = ""
    """What somebody should know of the record: that a look couldn't be written down, that a file was set aside."""

    @property
    def says(self) -> object:
        """What stays the same while nothing but time passes."""
        if self.report is None:
            return self.trouble
        managers = [(manager.owner, manager.fresh, manager.workers) for manager in self.report.managers]
        incidents = [(i.subject, i.severity, i.worker, i.signals, i.findings) for i in self.report.incidents]
        found = [(*rest, [finding.fingerprint for finding in findings]) for *rest, findings in incidents]
        works = [(work.task, work.run, work.pid) for work in self.report.at_work]
        waiting = [(queue.stage, [each.task for each in queue.all]) for queue in self.report.waiting]
        return managers, works, waiting, found, self.report.errors, self.report.skipped


def looks(where: Where, request: Request, stop: Event, keeper: Keeper | None = None) -> Iterator[Sight | None]:
    """Yield every look, until it is to stop; None a few times a second while there is nothing new.

    Args:
        where: the store.
        request: what is asked of it.
        stop: ends it.
        keeper: knows what is recorded, and may write the looks down; None where nothing is to be known of that.
    """
    where = replace(where, root=Path(os.path.realpath(where.root)))
    watching: Folders = frozenset()
    changes = changes_in(watching, stop)
    while not stop.is_set():
        began = time.monotonic()
        sight = look_once(where, request, keeper)
        yield sight
        ended = time.monotonic()
        if sight.folders and sight.folders != watching:
            watching, changes = sight.folders, changes_in(sight.folders, stop)
            next(changes)
            sight = replace(sight, interval=0)  # What was written before the watch began is seen by looking again.
        earliest = ended + max(REST, 2 * (ended - began))
        changed = False
        there = _there(where.root)
        while not stop.is_set():
            yield None
            changed = bool(next(changes)) or changed or _there(where.root) != there
            if time.monotonic() >= (earliest if changed else max(earliest, ended + sight.interval)):
                break


def look_once(where: Where, request: Request, keeper: Keeper | None) -> Sight:
    """Look at a store; where that can't be done, why."""
    began = time.monotonic()
    sight = _looked(where, request, keeper)
    return replace(sight, took=time.monotonic() - began)


def _looked(where: Where, request: Request, keeper: Keeper | None) -> Sight:
    try:
        store = open_store(where)
        seen = check_settled(store, request)
        interval = min(INTERVAL, store.settings.limits.snapshot_max_age.total_seconds())
        name = store.location.root.name
        folders = watched(seen.sources, store.location, where.config)
        sight = Sight(report=seen.report, name=name, interval=interval, folders=folders)
        if keeper is None:
            return sight
        kept = keeper.kept(seen.report, store.location)
        return replace(sight, report=kept.report, recorded=kept.recorded, notice=kept.notice)
    except ConfigError as error:
        return Sight(trouble=f"the configuration can't be used: {'; '.join(error.messages)}", code=2)
    except NotADirectoryError as error:
        return Sight(trouble=f"there is no folder {error}", code=2)
    except UsageError as error:
        return Sight(trouble=str(error), code=2)
    except (GitError, OSError) as error:
        return Sight(trouble=str(error), code=3)


def _there(root: Path) -> int | None:
    """Return what the file system calls the root; None while it isn't there."""
    try:
        return root.stat().st_ino
    except OSError:
        return None


def changes_in(folders: Folders, stop: Event) -> Iterator[frozenset[str]]:
    """Yield a few times a second in which of some folders something was written."""
    paths = [path for path, _ in folders]
    if paths:
        try:
            from watchfiles import watch

            for found in watch(
                *paths,
                watch_filter=None,
                debounce=200,
                stop_event=stop,
                rust_timeout=int(TICK * 1000),
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            ):
                yield frozenset(chain.from_iterable((path, path.rpartition(os.sep)[0]) for _, path in found))
        except (ImportError, OSError, RuntimeError):  # Too many watches, or a file system that has none.
            pass
    before = None
    while True:
        now = _contents(paths)
        yield frozenset() if before is None else _differing(before, now)
        before = now
        stop.wait(POLL if paths else TICK)


def _differing(before: Contents, now: Contents) -> frozenset[str]:
    """Return the folders that hold something else than before."""
    paths = [path for path, _ in before.items() ^ now.items()]
    return frozenset(path.rpartition(os.sep)[0] for path in paths)


def _contents(folders: list[str]) -> Contents:
    """Return what lies in some folders, and when it was last written."""
    found: Contents = {}
    for folder in folders:
        try:
            for entry in os.scandir(folder):
                stat = entry.stat(follow_symlinks=False)
                found[entry.path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        except OSError:
            continue
    return found
