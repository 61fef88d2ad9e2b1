"""The latest look at each store of a fleet, as the bytes that clients get."""

import json
from collections.abc import Callable, Iterator

from taskcheck.documents.values import iso
from taskcheck.formats import fleet_json, fleet_page
from taskcheck.model.fleet import Fleet, Member
from taskcheck.store import clock
from taskcheck.watch.fleet.rounds import Rounds
from taskcheck.web.wall import Shown, Wall


class FleetBoard(Wall):
    """Where the looking thread puts what it saw of many stores."""

    def __init__(self, rounds: Callable[[], Rounds], nonce: str) -> None:
        """Take what looks at the stores, which is begun anew where it fails, and what tells this server from others."""
        super().__init__(nonce)
        self._rounds = rounds
        self._fleet: Fleet | None = None

    def _views(self) -> Iterator[Shown | None]:
        """Yield what is to be shown whenever a store was looked at, once each was."""
        rounds = self._rounds()
        for seen in rounds.again(self._stop):
            if seen is None:
                yield None
                continue
            if self.looked is not None:
                self.looked.see_member(seen.member, clock())
            if all(member.looks for member in rounds.members):
                yield self._of(Fleet(now=clock(), members=tuple(rounds.members)))

    def _amiss(self, trouble: str) -> Shown:
        return self._shown(self._fleet, trouble)

    def _of(self, fleet: Fleet) -> Shown:
        self._fleet = fleet
        return self._shown(fleet, "; ".join(_told(member, why) for member, why in fleet.unwell))

    def _shown(self, fleet: Fleet | None, trouble: str) -> Shown:
        """Return what clients get; where a store can't be seen as it is now, health says so."""
        name = self._next_name()
        health = {"status": "failing" if trouble else "ok", "now": iso(fleet.now) if fleet else None}
        if trouble:
            health["error"] = trouble
        told = f"{json.dumps(health)}\n".encode()
        report = fleet_json.as_json(fleet).encode() if fleet is not None else told
        page = fleet_page.page(fleet, trouble="" if fleet is not None and fleet.unwell else trouble, live=name)
        return Shown(name=name, page=page.encode(), report=report, health=told, trouble=trouble)


def _told(member: Member, why: str) -> str:
    return f"{member.name}: {why}"
