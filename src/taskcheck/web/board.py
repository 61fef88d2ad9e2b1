"""The latest look at a store as the bytes that clients get."""

import json
from collections.abc import Iterator

from taskcheck.documents.values import iso
from taskcheck.formats import html, json_report
from taskcheck.model.report import Report
from taskcheck.store import Request, Where
from taskcheck.watch.looks import Sight, looks
from taskcheck.watch.recording import Keeper
from taskcheck.web.wall import Shown, Wall


class Board(Wall):
    """Where the looking thread puts what it saw of one store."""

    def __init__(self, where: Where, request: Request, nonce: str, keeper: Keeper | None = None) -> None:
        super().__init__(nonce)
        self._where, self._request, self._keeper = where, request, keeper
        self._name = where.root.name
        self._last: Report | None = None

    def _views(self) -> Iterator[Shown | None]:
        for sight in looks(self._where, self._request, self._stop, self._keeper):
            if sight is not None and self.looked is not None:
                self.looked.see(sight, self._where.root.name)
            yield self._rendered(sight) if sight is not None else None

    def _amiss(self, trouble: str) -> Shown:
        return self._rendered(Sight(trouble=trouble))

    def _rendered(self, sight: Sight) -> Shown:
        """Return a look as clients get it; its report is what they get the next time that there is none."""
        name = sight.name or self._name
        shown = rendered(sight, sight.report or self._last, name, self._next_name())
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
