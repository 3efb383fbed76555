"""Dates as Twilio's API writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime, parsedate_to_datetime


def format_date(moment: datetime) -> str:
    """Returns a moment as RFC 2822 has it. Always in UTC: clients take any offset for +0000."""
    return format_datetime(moment.astimezone(UTC))


def parse_date(text: str) -> datetime:
    """Returns the moment that a text names, in UTC: ISO 8601, a day alone, or RFC 2822. Without an offset it is UTC. Raises
    ValueError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = parsedate_to_datetime(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not a year from 1 to 9999 in UTC") from None


def find_day(moment: datetime) -> tuple[datetime, datetime]:
    """Returns when the day of a moment begins and ends, in UTC. Raises ValueError for the last day that there is."""
    begin = datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
    try:
        return begin, begin + timedelta(days=1)
    except OverflowError:
        raise ValueError("is the last day that there is") from None
