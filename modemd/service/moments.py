"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from modemd.config import amounts
from modemd.config.values import LONGEST_VALIDITY
from modemd.errors import Refused

# A clock that is a little ahead of ours, a slow form: this much in the past still means now.
TOLERANCE = timedelta(minutes=1)
# What is planned further ahead than this is a typing error.
FARTHEST = timedelta(days=731)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """The moment that ISO 8601 `text` names, in UTC; without an offset in `zone`. Refused with `bad_time`.

    A wall time that a change to summer time leaves out moves forward; one that occurs twice is the first.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            "bad_time", f"{text!r} is not a time; write it as 2026-11-22T18:30 or 2026-11-22T18:30+01:00"
        ) from None
    if moment.tzinfo is None:
        # fold=0 is the first of two; in a gap it is read with the offset before it, which by way of UTC moves it forward.
        moment = moment.replace(tzinfo=zone, fold=0)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last day of all, in a zone that is beyond it
        raise Refused("bad_time", f"{text!r} is no time that can be waited for") from None


def judge(at: datetime, now: datetime) -> None:
    """Refused with `in_the_past` or `too_far` where nothing can be sent `at` that moment."""
    if at > now + FARTHEST:
        raise Refused("too_far", f"{at.isoformat()} is more than {FARTHEST.days} days ahead; submit it later")
    if at < now - TOLERANCE:
        raise Refused("in_the_past", f"{at.isoformat()} is in the past; leave the time out to send at once")


def validity_of(text: str) -> timedelta:
    """How long a message is worth sending, as 90s, 5min, 2h or 3d. Refused with `bad_validity`."""
    try:
        valid = amounts.duration(text)
    except ValueError:
        raise Refused("bad_validity", f"{text!r} is no validity; write it as {amounts.DURATION_FORM}") from None
    if not timedelta(seconds=1) <= valid <= LONGEST_VALIDITY:
        raise Refused(
            "bad_validity", f"{text!r} is out of range; a message is valid for 1s to {LONGEST_VALIDITY.days}d"
        )
    return valid
