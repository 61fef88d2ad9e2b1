"""Where looks are put up for clients, and everybody who waits for the next one."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from threading import Event, Thread
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import frozen
from taskcheck.watch.looks import AGAIN

if TYPE_CHECKING:
    from taskcheck.watch.metrics import Looked

PATIENCE = 60.0
"""Seconds after which a look that hasn't ended is told: it may hang on a file system that is gone."""


@frozen(kw_only=True)
class Shown:
    """One look, rendered once for all clients."""

    name: str
    """What tells it from every other look, of other servers too."""
    page: bytes
    report: bytes
    health: bytes
    trouble: str
    """Why what is shown is not what there is; empty while all is well."""


class Wall(ABC):
    """Where the looking thread puts what it saw; everything but the looking happens in the event loop."""

    def __init__(self, nonce: str) -> None:
        """Take what tells this server from others."""
        self.shown: Shown | None = None
        self._nonce = nonce
        self._numbers = count(1)
        self._moved = time.monotonic()
        self._stop = Event()
        self.looked: Looked | None = None
        """Tells Prometheus of the looks; None where its client library isn't installed."""
        self._news = asyncio.Event()

    @abstractmethod
    def _views(self) -> Iterator[Shown | None]:
        """Yield what is to be shown of each look; None a few times a second while there is nothing new."""

    @abstractmethod
    def _amiss(self, trouble: str) -> Shown:
        """Return what is to be shown where a look fails."""

    def start(self) -> None:
        """Begin to look. However long a look takes, the thread never keeps the process from ending."""
        loop = asyncio.get_running_loop()
        Thread(target=self._look, args=(loop,), name="looking", daemon=True).start()
        self._minding = loop.create_task(self._mind())

    def close(self) -> None:
        """Stop looking, and let everybody go who waits."""
        self._stop.set()
        self._news.set()

    @property
    def closed(self) -> bool:
        """Whether there will be no more looks."""
        return self._stop.is_set()

    async def after(self, seen: str, patience: float | None = None) -> Shown | None:
        """Return what is shown once that is something else than what was seen; or what there is when patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self.closed and (self.shown is None or self.shown.name == seen):
                    await self._news.wait()
        return self.shown

    def _put(self, shown: Shown) -> None:
        self.shown = shown
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _mind(self) -> None:
        """Say so where a look doesn't end, for the thread that looks can't."""
        told = 0.0
        while not self.closed:
            await asyncio.sleep(PATIENCE / 10)
            if time.monotonic() - self._moved > PATIENCE and told != self._moved:
                told = self._moved
                self._put(self._amiss(f"a check has been running for {PATIENCE:.0f} seconds"))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look, and put up what was seen; where looking or rendering fails, say that, and go on."""
        while not self._stop.is_set():
            try:
                for shown in self._views():
                    if shown is not None:
                        self._put_up(shown, loop)
                    self._moved = time.monotonic()
            except Exception as error:  # noqa: BLE001 - whatever it is, the page says so
                self._put_up(self._amiss(f"taskcheck itself failed: {type(error).__name__}: {error}"), loop)
                self._stop.wait(AGAIN)

    def _next_name(self) -> str:
        """Return what tells a look from every other one."""
        return f"{self._nonce}-{next(self._numbers)}"

    def _put_up(self, shown: Shown, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # The loop may have ended meanwhile.
            loop.call_soon_threadsafe(self._put, shown)
