from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from modemd.errors import DecodeError, EncodeError
from modemd.smpp.times import LONGEST_RELATIVE, decode_time, encode_absolute, encode_relative


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (timedelta(days=1), "000001000000000R"),
        (timedelta(seconds=1), "000000000001000R"),
        (timedelta(hours=23, minutes=34, seconds=29, microseconds=999_999), "000000233429000R"),
        (LONGEST_RELATIVE, "000030000000000R"),
    ],
)
def test_relative_times(period: timedelta, text: str) -> None:
    """Days, hours, minutes, seconds; a part of a second is dropped."""
    assert encode_relative(period) == text
    assert decode_time(text) == timedelta(seconds=int(period.total_seconds()))


@pytest.mark.parametrize("period", [timedelta(), timedelta(milliseconds=999), timedelta(days=31), timedelta(-1)])
def test_periods_without_a_form(period: timedelta) -> None:
    """Nothing below a second, nothing that needs months."""
    with pytest.raises(EncodeError, match="validity_period"):
        encode_relative(period)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 30, 9, 15, 8, tzinfo=UTC), "261130091508000+"),
        (datetime(2026, 11, 30, 9, 15, 8, 900_000, timezone(timedelta(hours=5, minutes=45))), "261130091508923+"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-8))), "260102030405032-"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=12))), "260102030405048+"),
    ],
)
def test_absolute_times_with_quarter_hours(moment: datetime, text: str) -> None:
    """Tenths of seconds, and the distance from UTC in quarter hours."""
    assert encode_absolute(moment) == text
    read = decode_time(text)
    assert isinstance(read, datetime)
    assert (read, read.utcoffset()) == (moment, moment.utcoffset())


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 30),
        datetime(2026, 11, 30, tzinfo=timezone(timedelta(minutes=20))),
        datetime(2026, 11, 30, tzinfo=timezone(timedelta(hours=13))),
        datetime(2100, 1, 1, tzinfo=UTC),
        datetime(1999, 1, 1, tzinfo=UTC),
    ],
)
def test_moments_without_a_form(moment: datetime) -> None:
    """No zone, one that is not of quarter hours, one too far, another century."""
    with pytest.raises(EncodeError, match="time"):
        encode_absolute(moment)


def test_the_empty_field_is_no_time() -> None:
    """The SMSC's default holds."""
    assert decode_time("") is None


def test_years_and_months_of_a_relative_time() -> None:
    """The example of 7.1.1.2; a year counts as 365 days, a month as 30."""
    expected = timedelta(days=2 * 365 + 6 * 30 + 10, hours=23, minutes=34, seconds=29)
    assert decode_time("020610233429000R") == expected


@pytest.mark.parametrize(
    "text",
    [
        "2611300915",
        "261330091508000+",
        "260230000000000+",
        "261130091508049+",
        "261130091508000r",
        "261130091508000+ ",
        "000001000000000R0",
        "26113009150800 +",
        "x",
        "²" * 15 + "+",
    ],
)
def test_texts_that_are_no_time(text: str) -> None:
    """A DecodeError, whatever is wrong."""
    with pytest.raises(DecodeError, match="time"):
        decode_time(text)
