"""Did you mean …: the nearest known names to one that isn't known."""

from collections.abc import Collection, Iterable

ALIKE = 0.7
"""The likeness, of 1, from which a name may be meant: that of `difflib.SequenceMatcher`."""

SHORTEST = 3
"""Characters from which a name may be meant by one that it is a part of."""

LONGEST = 200
"""Characters of a name that may have been meant for another one."""


MOST = 2_000
"""Names that are compared; of more, those that stand next to the unknown one in the alphabet."""


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """Return ``; did you mean A or B?`` with the most similar names; empty if none is similar.

    Case counts for nothing. A name of which the other one is a part, `fix-login` for `login`, is near too.
    """
    if len(name) > LONGEST:
        return ""
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for each in known:
        by_folded.setdefault(each.casefold(), each)
    folded = name.casefold()
    close = get_close_matches(folded, _beside(folded, by_folded), most, ALIKE)
    parts = sorted((each for each in by_folded if _is_part(each, folded)), key=len)
    meant = list(dict.fromkeys((*close, *parts)))[:most]
    if not meant:
        return ""
    return f"; did you mean {' or '.join(by_folded[each] for each in meant)}?"


def _beside(name: str, known: Collection[str]) -> Collection[str]:
    """Return known names; of very many, those that stand next to a name in the alphabet."""
    if len(known) <= MOST:
        return known
    from bisect import bisect

    in_order = sorted(known)
    position = bisect(in_order, name)
    return in_order[max(0, position - MOST // 2) : position + MOST // 2]


def _is_part(one: str, other: str) -> bool:
    """Return whether one of two names is a part of the other, and long enough for that not to be chance."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= SHORTEST and shorter in longer
