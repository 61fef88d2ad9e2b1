"""Did you mean …: the nearest known names to one that isn't known."""

from collections.abc import Iterable

ALIKE = 70
"""The likeness, of 100, from which a name may be meant."""

SHORTEST = 3
"""Characters from which a name may be meant by one that it is a part of."""

LONGEST = 200
"""Characters of a name that may have been meant for another one."""


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """Return ``; did you mean A or B?`` with the nearest names, or nothing where none is near."""
    if len(name) > LONGEST:
        return ""
    from rapidfuzz import process

    close = []
    for choice, score, _ in process.extract(name, list(known), limit=most):
        is_crumb = len(choice) < SHORTEST < len(name)
        if score >= ALIKE and not is_crumb:
            close.append(choice)
    if not close:
        return ""
    return f"; did you mean {' or '.join(close)}?"
