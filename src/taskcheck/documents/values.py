"""What the text of a value means: times, durations and whole numbers, and how they are printed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from taskcheck.documents.expression import expression

if TYPE_CHECKING:
    from collections.abc import Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIMESTAMP = expression(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<minutes>[0-9]{2}:[0-9]{2})"
    r"(?:(?P<seconds>:[0-9]{2})(?:\.(?P<fraction>[0-9]+))?(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?"
)
_DURATION = expression(
    r"(?=[0-9])(?:(?P<days>[0-9]{1,6})d)?(?:(?P<hours>[0-9]{1,6})h)?"
    r"(?:(?P<minutes>[0-9]{1,6})m)?(?:(?P<seconds>[0-9]{1,9})s)?"
)
_EARLIEST, _LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Moments beyond are taken for these, so that adding a limit to one stays within what a date can be."""

_LONGEST = timedelta(days=36_500)
_WHOLE_NUMBER = expression(r"-?[0-9]{1,400}")


def timestamp(text: str) -> datetime | None:
    """Return the time in a text, in UTC; None if it isn't a timestamp.

    Takes RFC 3339 and `YYYY-MM-DD[ HH:MM[:SS[.fff]]]`, with ` ` or `T`; without an offset it is UTC. What lies before
    the year 1000 or after 9000 is taken for the nearest moment between.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    date, minutes, seconds, fraction, zone = match.groups()
    is_utc = zone in (None, "Z", "z")
    offset = "+00:00" if is_utc else zone
    minutes = minutes or "00:00"
    seconds = seconds or ":00"
    fraction = fraction or "0"
    microseconds = fraction[:6].ljust(6, "0")
    exact = f"{date}T{minutes}{seconds}.{microseconds}{offset}"
    try:
        moment = datetime.fromisoformat(exact)
    except ValueError:  # no such day or hour
        return None
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:  # beyond year 1 or 9999 once in UTC
        return _EARLIEST if moment.year == 1 else _LATEST
    not_too_early = max(in_utc, _EARLIEST)
    return min(not_too_early, _LATEST)


def has_zone(text: str) -> bool:
    """Return whether a timestamp says of which zone it is."""
    match = _TIMESTAMP.fullmatch(text)
    return match is not None and match["zone"] is not None


def from_epoch(seconds: float) -> datetime:
    """Return the moment so many seconds after 1970, in UTC, within the same bounds as `timestamp`."""
    earliest = _EARLIEST.timestamp()
    latest = _LATEST.timestamp()
    not_too_early = max(seconds, earliest)
    bounded = min(not_too_early, latest)
    return datetime.fromtimestamp(bounded, UTC)


def duration(text: str) -> timedelta:
    """Return the length of time that the text names: `90s`, `10m`, `4h`, `2d`, `1h30m`.

    Raises:
        ValueError: it names none, or one of more than a hundred years.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 90s, 10m, 4h, 2d or 1h30m")
    days, hours, minutes, seconds = map(int, match.groups("0"))
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if length > _LONGEST:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return length


def age(delta: timedelta) -> str:
    """Return a length of time for people, two units at most: `45s`, `12m 5s`, `25h 40m`, `3d 2h`."""
    signed = int(delta.total_seconds())
    sign = "-" if signed < 0 else ""
    seconds = abs(signed)
    minutes = seconds // 60
    hours = seconds // 3600
    days = seconds // 86400
    if hours >= 48:
        units = (("d", days), ("h", hours % 24))
    elif hours:
        units = (("h", hours), ("m", minutes % 60))
    else:
        units = (("m", minutes), ("s", seconds % 60))
    told = [f"{count}{unit}" for unit, count in units if count]
    text = " ".join(told) or "0s"
    return sign + text


def how_old(delta: timedelta) -> str:
    """Return how old something is, or how far ahead of this clock: `3d 2h old`, `5m ahead`."""
    is_ahead = delta < timedelta()
    return f"{age(-delta)} ahead" if is_ahead else f"{age(delta)} old"


def whole_number(value: object) -> int | None:
    """Return a whole number, given as a number or as decimal text (`12`, `"012"`); else None."""
    if isinstance(value, str):
        is_number = _WHOLE_NUMBER.fullmatch(value) is not None
        return int(value) if is_number else None
    if isinstance(value, bool):
        return None
    return value if isinstance(value, int) else None


def spoken(moment: datetime) -> str:
    """Return a moment for people: ``2026-03-24 18:00:00 UTC``."""
    return iso(moment).replace("T", " ").replace("Z", " UTC")


def counted(number: int, noun: str) -> str:
    """Return so many of something, in words: ``1 task``, ``2 tasks``, ``2 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("try") else f"{number} {noun}s"


def first_few(names: Sequence[str], most: int, between: str = ", ") -> str:
    """Return names, of many the first few and how many are left: two of `a`, `b` and `c` are `a, b and 1 more`."""
    left = len(names) - most
    shown = between.join(names[:most])
    return f"{shown} and {left} more" if left > 0 else shown


def phrase(before: str, value: object, after: str = "") -> str:
    """Return a value between some words; nothing at all where there is none.

    `phrase(", process ", 4242)` is `, process 4242`, and `phrase(" (", None, ")")` is empty.
    """
    if value is None or value == "":
        return ""
    return f"{before}{value}{after}"


def iso(moment: datetime) -> str:
    """Return a moment as `2026-03-24T18:00:00Z`, to the second; a naive one is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of some times, as far as they are known."""
    known = filter(None, times)
    return max(known, default=None)


def older(time: datetime | None, than: datetime | None, skew: timedelta) -> bool:
    """Return whether a time is certainly before another; never where one of them isn't known."""
    if time is None or than is None:
        return False
    return time < than - skew
