"""Text to the types that rules compare: timestamps, spans of time, whole numbers."""

import re
from datetime import UTC, datetime, timedelta

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?[ ]?(Z|z|[+-]\d\d:?\d\d)?)?"
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def timestamp(text: str) -> datetime | None:
    """The moment that a text names, in UTC; None when it names none.

    RFC 3339, ``YYYY-MM-DD HH:MM[:SS]`` or ``YYYY-MM-DD``; one without an offset is UTC. Stricter than
    ``datetime.fromisoformat``, which takes ``20260102`` and ``2026-W01-1``.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        naive = datetime(  # noqa: DTZ001 - its offset is applied below
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int(f"{fraction or 0:0<6}"[:6]),
        )  # fmt: skip
        return (naive - _offset(offset)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> timedelta:
    if text is None or text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def duration(text: str) -> timedelta:
    """A span of time like ``90s``, ``10m``, ``4h``, ``2d`` or ``1h30m``.

    Raises:
        ValueError: the text is no such span.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no span of time like 90s, 10m, 4h or 2d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a span of time") from error


def age(span: timedelta) -> str:
    """A span of time for people, in its two largest units: ``3d 2h``, ``25m``, ``45s``."""
    seconds = int(abs(span.total_seconds()))
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        amount, seconds = divmod(seconds, size)
        parts.append((amount, unit))
    first = next((index for index, (amount, _) in enumerate(parts) if amount), 3)
    return " ".join(f"{amount}{unit}" for amount, unit in parts[first : first + 2] if amount) or "0s"


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second: ``2026-03-24T18:00:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
