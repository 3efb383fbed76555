"""Times: absolute `YYMMDDhhmmsstnnp` and relative `YYMMDDhhmmss000R` (7.1.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from modemd.errors import DecodeError, EncodeError

LONGEST_RELATIVE = timedelta(days=30)
"""Longest relative time that is written. Above it months would be needed, and nobody says how many days a month has here."""

_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9])([0-9]{2})([+\-R])")
_QUARTER = timedelta(minutes=15)
_MOST_QUARTERS = 48  # 7.1.1.1


def encode_relative(period: timedelta) -> str:
    """Returns a relative time: it needs neither a clock nor a zone that both sides agree on. A part of a second is dropped.

    EncodeError if it is shorter than a second or longer than LONGEST_RELATIVE.
    """
    if not timedelta(seconds=1) <= period <= LONGEST_RELATIVE:
        raise EncodeError("validity_period", f"{period} is not between 1 second and {LONGEST_RELATIVE.days} days")
    minutes, seconds = divmod(period.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"0000{period.days:02}{hours:02}{minutes:02}{seconds:02}000R"


def encode_absolute(moment: datetime) -> str:
    """Returns an absolute time in the zone of `moment`, to tenths of a second. EncodeError if that is not possible."""
    offset = moment.utcoffset()
    if offset is None:
        raise EncodeError("time", "a time without a zone")
    quarters, rest = divmod(abs(offset), _QUARTER)
    if rest or quarters > _MOST_QUARTERS or not 2000 <= moment.year <= 2099:
        raise EncodeError("time", f"{moment.isoformat()} has no form in this field")
    sign = "-" if offset < timedelta() else "+"
    return f"{moment:%y%m%d%H%M%S}{moment.microsecond // 100_000}{quarters:02}{sign}"


def decode_time(text: str) -> datetime | timedelta | None:
    """Returns an absolute time with its zone, a relative one as a period, or None for the empty field. DecodeError if it is none.

    A relative year counts as 365 days and a relative month as 30.
    """
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise DecodeError("time", 0, f"{text!r} is neither YYMMDDhhmmsstnnp nor YYMMDDhhmmss000R")
    year, month, day, hour, minute, second, tenth, quarters = map(int, found.groups()[:-1])
    if found[9] == "R":
        days = year * 365 + month * 30 + day
        return timedelta(days=days, hours=hour, minutes=minute, seconds=second)
    if quarters > _MOST_QUARTERS:
        raise DecodeError("time", 13, f"{quarters} quarter hours; {_MOST_QUARTERS} are the most")
    offset = _QUARTER * (-quarters if found[9] == "-" else quarters)
    zone = timezone(offset) if offset else UTC
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tenth * 100_000, zone)
    except ValueError as error:
        raise DecodeError("time", 0, f"{text!r}: {error}") from None
