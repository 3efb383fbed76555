"""Views of quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from modemd.config import CurrentSettings, Settings
from modemd.errors import Refused
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.consent.quiet_hours.views import QuietHoursViews
from tests.service.assembled import HandClock

NOON = datetime(2026, 7, 15, 16, tzinfo=UTC)


def views(folder: Path, **quiet_hours: object) -> QuietHoursViews:
    settings = Settings.model_validate({"database": str(folder / "modemd.db"), "quiet_hours": quiet_hours})
    current = CurrentSettings(settings)
    return QuietHoursViews(CurrentQuietHours(current), current, HandClock(NOON))


def test_number_is_judged_now_unless_a_moment_is_given(tmp_path: Path) -> None:
    """Now is the service's own time."""
    shown = views(tmp_path).show("+12125550123").number
    assert shown is not None
    assert (shown.at, shown.may_send, shown.country, shown.region) == (NOON, True, "US", "NY")
    night = views(tmp_path).show("+12125550123", datetime(2026, 7, 15, 5, tzinfo=UTC)).number
    assert night is not None
    assert (night.may_send, night.closes_at) == (False, None)


def test_region_of_a_blocking_row_has_its_own_holidays(tmp_path: Path) -> None:
    """Dates that the configuration adds are listed with the place whose holidays apply."""
    found = views(tmp_path, holidays={"US": {"add": ["2026-08-03"]}}).show("US-AL")
    assert [(each.day, each.place) for each in found.holidays] == [("2026-08-03", "US-AL")]
    assert found.holidays_known_until is None
    assert views(tmp_path, holidays={"US": {"add": ["2026-08-03"]}}).show("US").holidays == ()


def test_number_without_a_country_needs_one(tmp_path: Path) -> None:
    """A national number is read by the configured country; without one it is refused."""
    with pytest.raises(Refused, match="country"):
        views(tmp_path).show("0612345678")
