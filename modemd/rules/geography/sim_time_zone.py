"""Time zone of a SIM, in which its quotas begin anew: that of its country, if the country has only one."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from modemd.rules.geography.sim_country import find_iccid_country
from modemd.rules.geography.time_zones import list_zones_by_country
from modemd.rules.phone_numbers import find_country


@cache
def find_sim_time_zone(number: str | None, iccid: str, default: ZoneInfo) -> ZoneInfo:
    """Returns the zone of the country of a SIM's number, or else of its ICCID. `default` if the country is not known or has
    several times."""
    country = find_country(number) if number else find_iccid_country(iccid)
    zones = list_zones_by_country().get(country or "", ())
    if not zones or default.key in zones or len({_utc_offsets(zone) for zone in zones}) > 1:
        return default
    return ZoneInfo(zones[0])


@cache
def _utc_offsets(zone: str) -> tuple[timedelta | None, ...]:
    """Returns a zone's UTC offsets in January, April, July and October 2026. Zones with the same offsets count as one: Germany
    has two."""
    return tuple(datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 4, 7, 10))
