"""The sentences about hours."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.quiet_hours.table import HoursTable
from modemd.rules.quiet_hours.wording import describe_row, explain_unknown_zone
from modemd.rules.quiet_hours.zones import NOWHERE


def test_days_with_the_same_hours_are_named_together() -> None:
    """The hours are told once for each run of days, and days without any are left out."""
    rows = HoursTable.load().rows
    assert describe_row(rows["IL"]) == (
        "in Israel marketing goes out Monday to Thursday 09:00-19:00, Friday 09:00-13:00, Sunday 09:00-19:00, "
        "not on public holidays"
    )
    assert describe_row(rows["US-FL"]) == "in United States (FL) marketing goes out Monday to Sunday 08:00-20:00"


def test_number_of_no_country_says_what_helps() -> None:
    """If nothing tells the zone, the sentence says what to do."""
    told = explain_unknown_zone((HoursTable.load().rows["*"],), NOWHERE, timedelta(hours=3))
    assert told.endswith("the number belongs to no country, so its time zone is not known; say it, or set country")
