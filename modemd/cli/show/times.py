"""Times for people: in the configured zone, to the second. The API and JSON have UTC in ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from modemd.errors import ErrorCode, Refused

# Keys of the API, beside those that end in _at, whose values are times.
_TIME_KEYS = frozenset({"at", "since", "until", "local"})


def format_time(text: str, zone: tzinfo | None) -> str:
    """Returns a time of the API as local time to the second: `2026-11-30 00:34:59`. `zone` None: the zone of this machine. A time
    without an offset is local already; a text that is no time comes back as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text.replace("T", " ")
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat(" ")


def is_time_key(key: str) -> bool:
    """Returns True if the values of a key of the API are times."""
    return key in _TIME_KEYS or key.endswith("_at")


def format_times(row: Mapping[str, Any], zone: tzinfo | None) -> dict[str, Any]:
    """Returns a row in which the times are local."""
    return {
        key: format_time(value, zone) if is_time_key(key) and isinstance(value, str) else value
        for key, value in row.items()
    }


def localise(sentence: str, zone: tzinfo | None) -> str:
    """Returns a sentence of the API in which the times are local: the API writes them in UTC."""
    return _STAMP.sub(lambda found: format_time(found[0], zone), sentence)


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def parse_moment(text: str | None, zone: ZoneInfo) -> str | None:
    """Returns a time that a person wrote, in ISO 8601 and UTC; without an offset it is a time of `zone`, and a day is its first
    moment. Raises Refused (`bad_time`)."""
    from modemd.service.messages.submission import parse_time  # only who narrows a list waits until it is loaded

    return None if text is None else parse_time(text, zone).isoformat()


def parse_end(text: str | None, zone: ZoneInfo) -> str | None:
    """Returns an end that a person wrote, in ISO 8601 and UTC: as `parse_moment`, or how long it is until then (`30d`). Raises
    Refused (`bad_time`)."""
    from modemd.config.amounts import parse_duration  # a command that reads no configuration does not load it

    if text is None:
        return None
    try:
        return (datetime.now(UTC) + parse_duration(text)).isoformat()
    except OverflowError:
        raise Refused(ErrorCode.BAD_TIME, f"{text!r} is too far ahead") from None
    except ValueError:
        pass
    try:
        return parse_moment(text, zone)
    except Refused:
        forms = "2027-01-31, 2027-01-31T18:00 or 2027-01-31T18:00+01:00"
        raise Refused(ErrorCode.BAD_TIME, f"{text!r} is not a time; write {forms}, or how long: 12h, 30d") from None
