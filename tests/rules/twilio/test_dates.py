"""Dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from modemd.rules.twilio.dates import find_day, format_date, parse_date

MOMENT = datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC)


def test_dates_are_written_in_utc() -> None:
    """Clients label whatever they read as UTC, so nothing else is ever written."""
    assert format_date(MOMENT) == "Thu, 24 Aug 2023 05:01:45 +0000"
    assert format_date(MOMENT.astimezone(timezone(timedelta(hours=9)))) == "Thu, 24 Aug 2023 05:01:45 +0000"


@pytest.mark.parametrize(
    "text",
    [
        "2023-08-24T05:01:45Z",
        "2023-08-24T07:01:45+02:00",
        "2023-08-24 05:01:45",
        "2023-08-24 05:01:45.000",
        "Thu, 24 Aug 2023 05:01:45 +0000",
        "Thu, 24 Aug 2023 07:01:45 +0200",
    ],
)
def test_dates_are_read_in_every_form_that_clients_write(text: str) -> None:
    """ISO 8601 and RFC 2822; without an offset it is UTC."""
    assert parse_date(text) == MOMENT


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "0001-01-01T00:00:00+05:00", "1692853305"])
def test_other_texts_are_no_date(text: str) -> None:
    """Seconds since 1970 are none either."""
    with pytest.raises(ValueError, match=r".+"):
        parse_date(text)


def test_a_day_begins_and_ends_in_utc() -> None:
    """A filter by a day takes all of it; the last day of the calendar has no end."""
    assert find_day(MOMENT) == (datetime(2023, 8, 24, tzinfo=UTC), datetime(2023, 8, 25, tzinfo=UTC))
    with pytest.raises(ValueError, match="last day"):
        find_day(datetime(9999, 12, 31, tzinfo=UTC))
