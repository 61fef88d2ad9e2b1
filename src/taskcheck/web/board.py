"""The latest look as the bytes that clients get, and everybody who waits for the next one."""

import asyncio
import json
import time
from contextlib import suppress
from itertools import count
from threading import Event, Thread
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import iso
from taskcheck.formats import html, json_report
from taskcheck.model.report import Report
from taskcheck.store import Request, Where
from taskcheck.watch.looks import AGAIN, Sight, looks
from taskcheck.watch.recording import Keeper

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


class Board:
    """Where the looking thread puts what it saw; everything but the looking happens in the event loop."""

    def __init__(self, where: Where, request: Request, nonce: str, keeper: Keeper | None = None) -> None:
        self.shown: Shown | None = None
        self._where, self._request, self._nonce, self._keeper = where, request, nonce, keeper
        self._name = where.root.name
        self._last: Report | None = None
        self._numbers = count(1)
        self._moved = time.monotonic()
        self._stop = Event()
        self.looked: Looked | None = None
        """Tells Prometheus of the looks; None where its client library isn't installed."""
        self._news = asyncio.Event()

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
                self._put(self._rendered(Sight(trouble=f"a look has been going on for {PATIENCE:.0f} seconds")))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sight, and put up what was seen; where looking or rendering fails, say that, and go on."""
        while not self._stop.is_set():
            try:
                for sight in looks(self._where, self._request, self._stop, self._keeper):
                    if sight is not None and self.looked is not None:
                        self.looked.see(sight)
                    if sight is not None:
                        self._put_up(self._rendered(sight), loop)
                    self._moved = time.monotonic()
            except Exception as error:  # noqa: BLE001 - whatever it is, the page says so
                trouble = f"taskcheck itself failed: {type(error).__name__}: {error}"
                self._put_up(self._rendered(Sight(trouble=trouble)), loop)
                self._stop.wait(AGAIN)

    def _put_up(self, shown: Shown, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # The loop may have ended meanwhile.
            loop.call_soon_threadsafe(self._put, shown)

    def _rendered(self, sight: Sight) -> Shown:
        """Return a look as clients get it; its report is what they get the next time that there is none."""
        name = sight.name or self._name
        shown = rendered(sight, sight.report or self._last, name, f"{self._nonce}-{next(self._numbers)}")
        self._name, self._last = name, sight.report or self._last
        return shown


def rendered(sight: Sight, last: Report | None, name: str, number: str) -> Shown:
    """What clients get of a look; where there is no report, the page goes on to show the last one, and says so."""
    health = {"status": "failing" if sight.trouble else "ok", "now": iso(last.now) if last else None}
    if sight.trouble:
        health["error"] = sight.trouble
    told = f"{json.dumps(health)}\n".encode()
    page = html.page(last, name=name, trouble=sight.trouble, live=number)
    report = json_report.render(sight.report).encode() if sight.report else told
    return Shown(name=number, page=page.encode(), report=report, health=told, trouble=sight.trouble)
