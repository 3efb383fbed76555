"""The zone in which a SIM's quotas begin anew."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from modemd.rules.geography.sim_time_zone import find_sim_time_zone

UTC = ZoneInfo("UTC")
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("number", "iccid", "usual", "zone"),
    [
        pytest.param("+33612345678", "8949010000000000036", UTC, "Europe/Paris", id="of its number"),
        pytest.param(None, "8949020000000000036", CHICAGO, "Europe/Berlin", id="else of its ICCID"),
        pytest.param(None, "8944010000000000036", UTC, "Europe/London", id="the first country of a shared code"),
        pytest.param("+13125550123", "8901010000000000036", CHICAGO, "America/Chicago", id="one of several"),
        pytest.param(None, "8901010000000000036", UTC, "UTC", id="several, and which is not said"),
        pytest.param(None, "9933010000000000036", UTC, "UTC", id="not a telephone's card"),
    ],
)
def test_a_sim_is_of_its_country(number: str | None, iccid: str, usual: ZoneInfo, zone: str) -> None:
    """By its number, else by the digits of its ICCID; a country of several zones leaves it to the configuration."""
    assert find_sim_time_zone(number, iccid, usual).key == zone
