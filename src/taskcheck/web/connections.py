"""Connections of the page's server: those that don't ask in time are closed, and so is the oldest of too many."""

import asyncio
import errno
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

ASKING = 5.0
"""Seconds in which a request has to be there whole, up to the end of its headers."""

MOST = 96
"""Connections that are open at a time: a check opens files and starts processes, and a process may have only 256."""

AT_ONCE = 8
"""Connections that are accepted one after the other, before the oldest of too many can be closed."""

QUEUE = 1024
"""Connections that wait meanwhile, in the kernel, which costs no descriptor."""


class Connection(H11Protocol):
    """A connection that has to ask in time; there are at most so many of them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give it time to ask, and close another one where there are too many."""
        super().connection_made(transport)
        self._until: asyncio.TimerHandle | None = None
        self.began = self.loop.time()
        self._watch()
        others = [one for one in self.connections if isinstance(one, Connection) and one is not self]
        open_ones = [one for one in others if not one.transport.is_closing()]
        if len(open_ones) >= MOST:
            min(open_ones, key=_first_to_close).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; a part alone gives it no more time."""
        super().data_received(data)
        self._watch()

    @property
    def is_waiting(self) -> bool:
        """Whether it has still to ask something, or to ask again."""
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        """Begin to count its time where it has to ask, and stop where it has asked."""
        if not self.is_waiting:
            self._stop_watching()
        elif self._until is None:
            self._until = self.loop.call_later(ASKING, self._give_up)

    def _stop_watching(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _give_up(self) -> None:
        self._until = None
        if self.is_waiting and not self.transport.is_closing():
            self.transport.abort()


def _first_to_close(connection: Connection) -> tuple[bool, float]:
    """Return a key that sorts connections: those that ask nothing first, then by age, the oldest first."""
    return not connection.is_waiting, connection.began


def pass_over_shortage(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a connection that couldn't be accepted for want of descriptors; it is tried again soon."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}):
        loop.default_exception_handler(context)
