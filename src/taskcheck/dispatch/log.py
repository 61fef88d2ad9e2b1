"""The dispatch log: everything that workers print, run after run, each ended by a line with the exit code."""

import os

from taskcheck.config.pattern import Pattern, file_name
from taskcheck.dispatch.start import make_folder
from taskcheck.documents.frozen import frozen
from taskcheck.store import Store
from taskcheck.write.disk import target

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@frozen
class Log:
    """A dispatch log that is open for appending."""

    fd: int
    size: int
    """Its length before this run."""

    @staticmethod
    def opened(store: Store, task: str) -> "Log":
        """Return the log of a task; nowhere where none is configured.

        Raises:
            UsageError, Obstacle: its path leads out of the root checkout, or its folder can't be made.
            OSError: it can't be opened.
        """
        pattern = store.settings.paths.dispatch_logs
        if not pattern:
            return Log(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), 0)
        path = Pattern(pattern).fill(task=file_name(task))
        make_folder(store, path)
        with target(store.location.root, path) as at:
            fd = os.open(at.name, _FLAGS, 0o666, dir_fd=at.folder)
        return Log(fd, os.fstat(fd).st_size)

    def begin(self, line: str) -> None:
        """Tell of a new run, so that the last line isn't the end of an earlier one any more.

        Raises:
            OSError: it can't be written.
        """
        _write(self.fd, f"{self._line_break()}--- {line}\n".encode())

    def withdraw(self) -> None:
        """Forget the run that didn't come about."""
        if self.size or os.fstat(self.fd).st_size:
            os.ftruncate(self.fd, self.size)

    def end(self, exit_code: int) -> None:
        """Write the last line.

        Raises:
            OSError: it can't be written.
        """
        _write(self.fd, f"{self._line_break()}dispatch_exit_code={exit_code}\n".encode())

    def close(self) -> None:
        """Close it."""
        os.close(self.fd)

    def _line_break(self) -> str:
        size = os.fstat(self.fd).st_size
        return "\n" if size and os.pread(self.fd, 1, size - 1) != b"\n" else ""


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
