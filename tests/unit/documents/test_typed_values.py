"""Times, durations and numbers: what is taken, what is not, and how they are printed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from taskcheck.documents.values import age, duration, from_epoch, iso, timestamp, whole_number

TIMESTAMPS = [
    ("2026-03-24", "2026-03-24T00:00:00Z"),
    ("2026-03-24 18:05", "2026-03-24T18:05:00Z"),
    ("2026-03-24T18:05", "2026-03-24T18:05:00Z"),
    ("2026-03-24 18:05:06", "2026-03-24T18:05:06Z"),
    ("2026-03-24T18:05:06Z", "2026-03-24T18:05:06Z"),
    ("2026-03-24t18:05:06z", "2026-03-24T18:05:06Z"),
    ("2026-03-24 18:05:06+02:00", "2026-03-24T16:05:06Z"),
    ("2026-03-24T01:05:06-23:59", "2026-03-25T01:04:06Z"),
    ("2026-03-24T18:05:06-00:00", "2026-03-24T18:05:06Z"),
    ("2024-02-29", "2024-02-29T00:00:00Z"),
]


@pytest.mark.parametrize(("text", "expected"), TIMESTAMPS)
def test_timestamps(text: str, expected: str) -> None:
    moment = timestamp(text)
    assert moment is not None
    assert moment.tzinfo is UTC
    assert iso(moment) == expected


@pytest.mark.parametrize(
    ("fraction", "microsecond"), [("1", 100_000), ("123", 123_000), ("123456789", 123_456), ("0" * 30, 0)]
)
def test_fractions_are_truncated_to_microseconds(fraction: str, microsecond: int) -> None:
    assert timestamp(f"2026-03-24T18:05:06.{fraction}Z") == datetime(2026, 3, 24, 18, 5, 6, microsecond, UTC)
    assert timestamp(f"2026-03-24 18:05:06.{fraction}") == datetime(2026, 3, 24, 18, 5, 6, microsecond, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260102",
        "2026-W01-1",
        "2026-01-02T03",
        "2026-01-02T",
        "2026-1-2",
        "2026-01-02T03:04Z",
        "2026-01-02T030405",
        "2026-13-01",
        "2026-02-29",
        "2026-01-02T24:00:00",
        "2026-01-02T03:60",
        "2026-01-02T03:04:61",
        "0000-01-01",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+0200",
        "2026-01-02T03:04:05,5",
        "2026-01-02T03:04:05.",
        " 2026-01-02",
        "2026-01-02\n",
        "2026-01-02  03:04",
        "today",
        "\u0662026-01-02",
        "2026-01-02T03:04:05 Z",
    ],
)
def test_what_is_no_timestamp(text: str) -> None:
    assert timestamp(text) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("0001-01-01T00:00:00Z", 1000),
        ("0001-01-01T00:00:00+01:00", 1000),
        ("9999-12-31T23:59:59Z", 9000),
        ("9999-12-31T23:59:59-01:00", 9000),
    ],
)
def test_moments_stay_where_a_limit_can_be_added(text: str, year: int) -> None:
    moment = timestamp(text)
    assert moment is not None
    assert moment.year == year
    assert moment == from_epoch(10**15 if year == 9000 else -(10**15))
    assert moment + duration("36500d") > moment - duration("36500d")


def test_no_duration_is_longer_than_a_century() -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        duration("36501d")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("4h", 14400), ("2d", 172800), ("1h30m", 5400), ("0s", 0)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "m", "10 m", "-1h", "1.5h", "30m1h", "1w", "1h\n", "9" * 30 + "d", "\u0661h"]
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration") as caught:
        duration(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (45, "45s"),
        (60, "1m"),
        (725, "12m 5s"),
        (3600, "1h"),
        (92_400, "25h 40m"),
        (172_799, "47h 59m"),
        (172_800, "2d"),
        (266_400, "3d 2h"),
        (-300, "-5m"),
    ],
)
def test_age(seconds: float, expected: str) -> None:
    assert age(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12),
        (-3, -3),
        ("12", 12),
        ("012", 12),
        ("-3", -3),
        (True, None),
        (1.0, None),
        ("1.0", None),
        ("1_000", None),
        ("", None),
        (" 1", None),
        ("1\n", None),
        ("\u0661", None),
        ("9" * 5000, None),
        (None, None),
        ((), None),
    ],
    ids=repr,
)
def test_whole_number(value: object, expected: int | None) -> None:
    assert whole_number(value) == expected


def test_iso_is_utc_to_the_second() -> None:
    assert iso(datetime(2026, 3, 24, 18, 0, 0, 999_999, UTC)) == "2026-03-24T18:00:00Z"
    assert iso(datetime(2026, 3, 24, 18, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-24T16:00:00Z"
    assert iso(datetime(2026, 3, 24, 18)) == "2026-03-24T18:00:00Z"  # noqa: DTZ001 - a naive moment is the case
