"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.errors import Refused
from modemd.service.messages.submission import PAST_TOLERANCE, check_time, parse_time

PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-07-01T09:00", datetime(2026, 7, 1, 7, tzinfo=UTC), id="without an offset: summer there"),
        pytest.param("2026-12-01T09:00", datetime(2026, 12, 1, 8, tzinfo=UTC), id="winter there"),
        pytest.param("2026-07-01T09:00Z", datetime(2026, 7, 1, 9, tzinfo=UTC), id="UTC"),
        pytest.param("2026-07-01T09:00-05:00", datetime(2026, 7, 1, 14, tzinfo=UTC), id="its own offset"),
        pytest.param("2026-07-01 09:00:30", datetime(2026, 7, 1, 7, 0, 30, tzinfo=UTC), id="a blank, seconds"),
        pytest.param("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), id="a gap: 03:30 summer time"),
        pytest.param("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="a fold: the first of two"),
    ],
)
def test_a_written_time_is_a_moment(text: str, moment: datetime) -> None:
    """ISO 8601 names a moment: by its offset, or in the configured zone, forward in a gap and first in a fold."""
    found = parse_time(text, PARIS, LONG_AGO)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("text", "now", "moment"),
    [
        pytest.param("18:00", "2026-11-22T12:00+01:00", "2026-11-22T18:00+01:00", id="today"),
        pytest.param(
            "9:05", "2026-11-22T12:00+01:00", "2026-11-23T09:05+01:00", id="tomorrow, without a zero before it"
        ),
        pytest.param("12:00", "2026-11-22T12:00:59+01:00", "2026-11-22T12:00+01:00", id="this minute is now"),
        pytest.param("12:00", "2026-11-22T12:01:01+01:00", "2026-11-23T12:00+01:00", id="a minute later is tomorrow"),
        pytest.param("23:30:15", "2026-11-22T23:00+00:00", "2026-11-23T23:30:15+01:00", id="today is the day there"),
        pytest.param("02:30", "2026-03-28T12:00+01:00", "2026-03-29T03:30+02:00", id="in a gap"),
    ],
)
def test_a_time_of_the_day_is_the_next_one(text: str, now: str, moment: str) -> None:
    """18:00 alone is today, or tomorrow if it is past."""
    assert parse_time(text, PARIS, datetime.fromisoformat(now)) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "9 h", "24:00", "9:60", "18:00+01:00", "2026-13-01T09:00", "2026-02-30T09:00", "2026-07-01T25:00"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A text that names no moment is refused with an example of one that does."""
    with pytest.raises(Refused, match="is not a time; write it as") as refused:
        parse_time(text, PARIS, LONG_AGO)
    assert refused.value.code == "bad_time"


@given(st.timedeltas(timedelta(days=-300), timedelta(days=300)))
def test_the_past_is_refused_beyond_a_minute(away: timedelta) -> None:
    """A minute in the past still means now; more is refused."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    text = (now + away).isoformat()
    if away >= -PAST_TOLERANCE:
        check_time(parse_time(text, PARIS, LONG_AGO), now)
    else:
        with pytest.raises(Refused, match="is in the past") as refused:
            check_time(parse_time(text, PARIS, LONG_AGO), now)
        assert refused.value.code == "in_the_past"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0001-01-01T00:00+14:00", "bad_time"),
        ("9999-12-31T23:59-14:00", "bad_time"),
        ("9999-12-31T00:00", "too_far"),
        ("2029-01-01T00:00", "too_far"),
    ],
)
def test_the_ends_of_time_are_refused(text: str, code: str) -> None:
    """Beyond two years ahead a time is a typing error, and one beyond the calendar is none."""
    with pytest.raises(Refused) as refused:
        check_time(parse_time(text, PARIS, LONG_AGO), LONG_AGO)
    assert refused.value.code == code
