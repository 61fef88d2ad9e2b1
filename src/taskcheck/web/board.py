"""The latest look as the bytes that clients get, and everybody who waits for the next one."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

from taskcheck.checking import Request
from taskcheck.documents.values import iso
from taskcheck.finding import Report
from taskcheck.formats import html, json_report
from taskcheck.watching import AGAIN, Look, looks


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def __init__(self, request: Request, nonce: str) -> None:
        self.shown: Shown | None = None
        self._request, self._nonce = request, nonce
        self._stop = Event()
        self._news = asyncio.Event()

    def start(self) -> None:
        """Begin to look. However long a look takes, the thread never keeps the process from ending."""
        loop = asyncio.get_running_loop()
        Thread(target=self._look, args=(loop,), name="looking", daemon=True).start()

    def close(self) -> None:
        """Stop looking, and let everybody go who waits."""
        self._stop.set()
        self._news.set()

    @property
    def closed(self) -> bool:
        """Whether there will be no more looks."""
        return self._stop.is_set()

    async def after(self, seen: str, patience: float | None = None) -> Shown | None:
        """What is shown once that is something else than what was seen; or what there is when patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self.closed and (self.shown is None or self.shown.name == seen):
                    await self._news.wait()
        return self.shown

    def _put(self, shown: Shown) -> None:
        self.shown = shown
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        name, last = self._request.root.name, None
        for number, look in enumerate(self._looks(), 1):
            name, last = look.name or name, look.report or last
            shown = rendered(look, last, name, f"{self._nonce}-{number}")
            with suppress(RuntimeError):  # The loop may have ended meanwhile.
                loop.call_soon_threadsafe(self._put, shown)

    def _looks(self) -> Iterator[Look]:
        """Every look; where looking itself fails, that is one too, and it goes on."""
        while not self._stop.is_set():
            try:
                yield from filter(None, looks(self._request, self._stop))
            except Exception as error:  # noqa: BLE001 - whatever it is, the page says so
                yield Look(trouble=f"taskcheck itself failed: {type(error).__name__}: {error}")
                self._stop.wait(AGAIN)


def rendered(look: Look, last: Report | None, name: str, number: str) -> Shown:
    """What clients get of a look; where there is no report, the page goes on to show the last one, and says so."""
    health = {"status": "failing" if look.trouble else "ok", "now": iso(last.now) if last else None}
    if look.trouble:
        health["error"] = look.trouble
    told = f"{json.dumps(health)}\n".encode()
    page = html.page(last, name=name, trouble=look.trouble, live=number)
    report = json_report.render(look.report).encode() if look.report else told
    return Shown(name=number, page=page.encode(), report=report, health=told, trouble=look.trouble)
