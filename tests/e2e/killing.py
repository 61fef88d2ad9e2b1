"""Commands that are killed, or refused by the system, at any call by which they change a file.

Each runs in a fork of the tests: a process of its own, for which the start of an interpreter isn't paid. SIGKILL is the
real one; what is counted are the calls that reach a disk, so that no two kills leave the same by chance alone.
"""

import errno
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from taskcheck.cli import main
from tests.e2e.conftest import PATIENCE, environment
from tests.figures import KILLED, REFUSED, WITHIN, Figure

CHANGES = (
    "open", "write", "fsync", "rename", "link", "unlink", "mkdir", "fchmod", "fchown", "utime", "setxattr", "ftruncate",
)  # fmt: skip
"""What files are changed by; of open, where it may make one."""

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT)

Act = Callable[[], object]


@dataclass(frozen=True)
class Ended:
    """How an attempt ended."""

    killed: bool
    calls: int = 0
    """How many it made; 0 where it was killed."""
    raised: str = ""
    """The exception that it ended by."""
    given: int | None = None
    """What was done gave, where that is a number."""
    printed: str = ""


class Saboteur:
    """Stands between a process and the system: counts its changes, and at one of them kills it or fails."""

    def __init__(self, at: int, error: int | None) -> None:
        self.at, self.error, self.process, self.calls = at, error, 0, 0

    def install(self) -> None:
        """Stand in its way from now on; in that of processes which it forks, never."""
        self.process = os.getpid()
        for name in CHANGES:
            if hasattr(os, name):
                setattr(os, name, self._between(name, getattr(os, name)))

    def _between(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if os.getpid() == self.process and _changes(name, arguments):
                self._count(name)
            return real(*arguments, **options)

        return call

    def _count(self, name: str) -> None:
        self.calls += 1
        if self.calls != self.at:
            return
        if self.error is None:
            os.kill(self.process, signal.SIGKILL)
        raise OSError(self.error, os.strerror(self.error or 0), name)


def _changes(name: str, arguments: Sequence[Any]) -> bool:
    """Whether a call changes a file: it makes one, or writes to one, and not to the pipe of a git that is asked."""
    if name == "open":
        return bool(arguments[1] & os.O_CREAT)
    return name != "write" or stat.S_ISREG(os.fstat(arguments[0]).st_mode)


def attempt(act: Act, at: int = 0, error: int | None = None) -> Ended:
    """Do something in a process of its own, which is killed before the n-th of its changes, or fails at it.

    What it leaves running is waited for: that holds its output open.
    """
    (told, tell), (out, out_end) = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child uses none of them
        pid = os.fork()
    if pid == 0:
        _become_an_attempt(act, Saboteur(at, error), tell, out_end)
    os.close(tell)
    os.close(out_end)
    with os.fdopen(out, "rb") as printed, os.fdopen(told, "rb") as end:
        text, said = printed.read().decode(), end.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGKILL:
        return Ended(killed=True, printed=text)
    calls, raised, given = json.loads(said)
    return Ended(killed=False, calls=calls, raised=raised, given=given, printed=text)


def _become_an_attempt(act: Act, saboteur: Saboteur, tell: int, out: int) -> NoReturn:
    raised, given, write = "", None, os.write
    try:
        for stream, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), out, out)):
            os.dup2(descriptor, stream)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.alarm(int(PATIENCE))
        saboteur.install()
        given = act()
    except BaseException as trouble:  # noqa: BLE001 - whatever it was, the parent is told
        raised = type(trouble).__name__
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        write(tell, json.dumps([saboteur.calls, raised, given if isinstance(given, int) else None]).encode())
        os._exit(0)


def command(root: Path, *arguments: str) -> Act:
    """The command in a folder, for an attempt; it gives the exit code."""

    def act() -> int:
        os.chdir(root)
        os.environ.clear()
        os.environ.update(environment())
        return main(arguments)

    return act


@dataclass(frozen=True)
class Held:
    """A file as it is."""

    data: bytes
    mode: int
    mtime_ns: int


Tree = dict[str, Held]


def tree(root: Path) -> Tree:
    """All files of a store and our records of it; of git's own none else, and no locks."""
    held = {}
    for folder, folders, names in os.walk(root):
        at = Path(folder)
        if at.name == ".git":
            folders[:] = ["taskcheck"] if "taskcheck" in folders else []
            continue
        for name in names:
            path = at / name
            if name != ".git" and not name.endswith("lock") and not path.is_symlink() and path.is_file():
                found = path.stat()
                held[path.relative_to(root).as_posix()] = Held(path.read_bytes(), found.st_mode, found.st_mtime_ns)
    return held


def restore(root: Path, wanted: Tree) -> None:
    """Make a store what it was."""
    now = tree(root)
    for name in now.keys() - wanted.keys():
        (root / name).unlink()
    for name, held in wanted.items():
        if now.get(name) != held:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(held.data)
            path.chmod(held.mode)
            os.utime(path, ns=(held.mtime_ns, held.mtime_ns))


def is_record(name: str) -> bool:
    """Whether a file is one of our own."""
    return "taskcheck/store" in name or name.startswith(".taskcheck/")


def ledgers_of(held: Tree) -> dict[str, bytes]:
    """The files of a store that are not our own, by path."""
    return {name: file.data for name, file in held.items() if not is_record(name)}


def unfinished(held: Tree) -> list[str]:
    """What a process that was killed while it wrote has left: new contents beside files, journals that aren't filed."""
    beside = [name for name in held if name.rpartition("/")[2].startswith(".taskcheck.")]
    return beside + [name for name in held if is_record(name) and "/undo/" not in name]


class Count:
    """Adds up what a test did, and tells it."""

    def __init__(self) -> None:
        self.kills = self.within = self.errors = 0

    def tell(self, figure: Figure) -> None:
        figure(KILLED, self.kills)
        figure(WITHIN, self.within)
        figure(REFUSED, self.errors)

    def tried(self, ended: Ended, left: Tree) -> None:
        """One more kill, or error, and what it left."""
        self.kills += ended.killed
        self.within += ended.killed and bool(unfinished(left))
        self.errors += not ended.killed


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of stores come and go."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if os.access(shared, os.W_OK) else None)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
