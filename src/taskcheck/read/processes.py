"""Asks the process table whether recorded pids live, and since when."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from taskcheck.model.hosts import Processes
from taskcheck.model.sources import Unavailable

_NO_WORKTREES: Mapping[str, Path] = {}
_PROCESSES_OF_HOST = 0xEFFFFFFC
_NAME_OF_HOST = 0xEFFFFFFE
"""The numbers that Linux gives to the namespaces of a whole host: of its processes (PID), and its name (UTS)."""


def read_processes(pids: Iterable[int], worktrees: Mapping[str, Path] = _NO_WORKTREES) -> Processes | Unavailable:
    """Return the live ones among some pids of this host, with their start time where it can be read.

    A pid that may not be signalled lives: permission denied is an answer.

    Args:
        pids: that ledgers record.
        worktrees: of which it is to be told whether a process works there, by name.
    """
    if sys.platform == "win32":
        return Unavailable("the process table isn't read on Windows")
    started: dict[int, datetime | None] = {}
    for pid in sorted(set(pids)):
        if _lives(pid):
            started[pid] = _start_time(pid)
    return Processes(
        host=os.uname().nodename,
        started=started,
        is_partial=_is_sandboxed(),
        occupied=frozenset(_occupied(worktrees)),
    )


def _occupied(worktrees: Mapping[str, Path]) -> Iterator[str]:
    """Yield the names of the worktrees, given by real paths, in which a process works whose folder may be read.

    This program, those that started it, and shells that wait for somebody to type don't count.
    """
    names = {f"{path}/": name for name, path in worktrees.items()}
    paths = tuple(names)
    for pid, folder in _folders() if names else ():
        if folder.startswith(paths) and pid not in _ancestry() and not _is_shell(pid):
            yield names[max(filter(folder.startswith, paths), key=len)]


def _folders() -> Iterator[tuple[int, str]]:
    """Yield the processes whose current folder may be read, each with that and a slash; none without `/proc`."""
    for pid in _pids():
        try:
            yield pid, f"{Path(f'/proc/{pid}/cwd').readlink()}/"
        except OSError:
            continue


def _pids() -> list[int]:
    """Return the numbers of all processes; none where there is no `/proc`."""
    try:
        return [int(each.name) for each in os.scandir("/proc") if each.name.isdecimal()]
    except OSError:
        return []


def _ancestry() -> set[int]:
    """Return this process, and those that started it."""
    found = {0}
    pid = os.getpid()
    while pid not in found:
        found.add(pid)
        fields = _stat_fields(pid)
        pid = int(fields[1]) if fields else 0
    return found


def _is_shell(pid: int) -> bool:
    """Return whether a process leads the session of a terminal, as a shell does that somebody types into."""
    fields = _stat_fields(pid)
    return fields is not None and int(fields[3]) == pid and fields[4] != "0"


def _is_sandboxed() -> bool:
    """Return whether the processes of a sandbox alone can be seen, though its name is that of the host.

    A container commonly has a name of its own. Without `/proc`, nobody can tell, and all processes count as seen.
    """
    try:
        processes = Path("/proc/self/ns/pid").stat().st_ino
        name = Path("/proc/self/ns/uts").stat().st_ino
    except OSError:
        return False
    return name == _NAME_OF_HOST and processes != _PROCESSES_OF_HOST


def _lives(pid: int) -> bool:
    if not 0 < pid < 1 << 31:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return not _is_zombie(pid)


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` after the command name: state first, start time at index 19 (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    fields = _stat_fields(pid)
    return bool(fields and fields[0] in {"Z", "X"})


def _start_time(pid: int) -> datetime | None:
    fields = _stat_fields(pid)
    booted = _boot_time()
    if not fields or len(fields) < 20 or booted is None:
        return None
    return booted + timedelta(seconds=int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def _boot_time() -> datetime | None:
    try:
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith("btime "):
                return datetime.fromtimestamp(int(line.split()[1]), UTC)
    except OSError:
        pass
    return None
