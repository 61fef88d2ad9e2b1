"""Many stores as one page: a card for each, then its rows below its name."""

from collections import Counter
from collections.abc import Mapping

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.formats.fleet import Standing, closing, standing
from taskcheck.formats.groups import Group, groups
from taskcheck.formats.html import MOST_EXPLAINED, rendered, why_of
from taskcheck.model.fleet import Fleet, Member
from taskcheck.model.report import Report


@frozen(kw_only=True)
class Card:
    """A store as the page shows it."""

    member: Member
    standing: Standing
    report: Report | None = None
    groups: tuple[Group, ...] = ()
    whys: Mapping[str, str] = field(default_factory=dict)
    """Why each rule matters that something was found by."""


def page(fleet: Fleet | None, *, trouble: str = "", live: str = "") -> str:
    """Return the page of a fleet; with ``live``, which names the look, the one that `taskcheck serve` keeps up to date.

    Args:
        fleet: the stores, as they were last seen where there is trouble.
        trouble: why they can't be looked at now.
        live: what tells this look from others.
    """
    cards = _cards(fleet)
    heading = _heading(fleet)
    is_amiss = trouble or _unwell(fleet)
    mark = "(!) " if is_amiss else ""
    incidents = sum(len(card.report.incidents) for card in cards if card.report is not None)
    return rendered(
        "fleet.html",
        live=live,
        fleet=fleet,
        cards=cards,
        chips=_chips(cards),
        brief=incidents > MOST_EXPLAINED,
        title=f"{mark}{heading} · taskcheck",
        heading=heading,
        trouble=trouble,
    )


def _heading(fleet: Fleet | None) -> str:
    """Return what matters most, in a few words."""
    if fleet is None:
        return "can't be looked at"
    return closing(fleet)


def _unwell(fleet: Fleet | None) -> bool:
    """Return whether a store isn't seen as it is now."""
    if fleet is None:
        return True
    return bool(fleet.unwell)


def _cards(fleet: Fleet | None) -> list[Card]:
    """Return a card for each store."""
    if fleet is None:
        return []
    return [_card(member, fleet) for member in fleet.members]


def _card(member: Member, fleet: Fleet) -> Card:
    """Return the card of a store; of one that was never seen, without rows."""
    report = member.report
    card = Card(member=member, standing=standing(member, fleet.now))
    if report is None:
        return card
    return replace(card, report=report, groups=tuple(groups(report)), whys=why_of(report))


def _chips(cards: list[Card]) -> list[tuple[Group, int]]:
    """Return each group with how many rows of it all stores have together; the first is there in any case."""
    counts: Counter[str] = Counter()
    firsts: dict[str, Group] = {}
    for card in cards:
        for group in card.groups:
            counts[group.name] += group.count
            firsts.setdefault(group.name, group)
    shown = []
    for name, group in firsts.items():
        if counts[name] or name == "needs":
            shown.append((group, counts[name]))
    return shown
