"""Signals: ours wait in a pipe, from before there is a worker until it is gone; a worker's go to its process group."""

import os
import signal
from contextlib import suppress
from pathlib import Path

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
STOPPING = frozenset({*STOPS, signal.SIGKILL})
"""Signals after which nothing of the worker's process group may stay."""

_CAUGHT = (*STOPS, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)


class Signals:
    """Holds the signals that a supervisor heeds; one that was ignored, as by nohup, stays ignored."""

    def __init__(self) -> None:
        self.fd, self._end = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._end, False)
        self._wakeup = signal.set_wakeup_fd(self._end, warn_on_full_buffer=False)
        self._handlers = {number: signal.getsignal(number) for number in _CAUGHT}
        for number, handler in self._handlers.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, _wait_in_pipe)

    def read(self) -> list[int]:
        """Those that came since the last time, in their order."""
        with suppress(BlockingIOError):
            return [number for number in os.read(self.fd, 4096) if number in _CAUGHT]
        return []

    def stop_ourselves(self, group: bool) -> None:
        """Stop as SIGTSTP does, alone or with our process group, until somebody wakes us.

        The kernel leaves us running where nobody could.
        """
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0 if group else os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, _wait_in_pipe)

    def restore(self) -> None:
        """Give the handlers back."""
        for number, handler in self._handlers.items():
            if handler is not None:  # not set from Python
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.fd)
        os.close(self._end)


def signal_group(group: int, number: int) -> None:
    """Signal a process group; one that is to end is also woken, for a stopped process takes no signal but SIGKILL."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        if number in STOPPING:
            os.killpg(group, signal.SIGCONT)


def group_lives(group: int) -> bool:
    """Return whether a process group has a member that could still do something."""
    try:
        os.killpg(group, 0)
    except OSError:  # macOS answers EPERM where all of them are zombies
        return False
    states = []
    for path in Path("/proc").glob("[0-9]*/stat"):  # where the first process of a container never reaps
        with suppress(OSError):
            state, _, member, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
            if int(member) == group:
                states.append(state)
    return not states or not {"Z", "X"}.issuperset(states)


def _wait_in_pipe(*_: object) -> None:
    """Nothing: that there is a handler puts the number into the pipe."""
