"""Holder of the quiet hours in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modemd.config import CurrentSettings, Settings
from modemd.service.consent.quiet_hours.current import CurrentQuietHours

PARIS = "+33612345678"
NIGHT = datetime(2026, 7, 15, 20, 30, tzinfo=UTC)  # 22:30 in Paris


def settings(folder: Path, **quiet_hours: Any) -> Settings:
    return Settings.model_validate({"database": str(folder / "modemd.db"), "quiet_hours": quiet_hours})


def test_reload_of_the_settings_counts_at_once(tmp_path: Path) -> None:
    """Who is held by one configuration goes by the next, without a restart; without a change nothing is built anew."""
    current = CurrentSettings(settings(tmp_path))
    holder = CurrentQuietHours(current)
    before = holder.current()
    assert before.find_hold(PARIS, NIGHT) is not None
    assert holder.current() is before
    current.reload(settings(tmp_path, hours={"FR": {"wed": "08:00-23:00", "public_holidays": "allowed"}}))
    assert holder.current().find_hold(PARIS, NIGHT) is None
    current.reload(settings(tmp_path, enabled=False))
    assert holder.current().find_hold("+33712345678", datetime(2026, 7, 12, 3, tzinfo=UTC)) is None


def test_every_setting_arrives(tmp_path: Path) -> None:
    """Fallback zones, the shortest opening, the strict switch, holidays and the home country reach the rule."""
    given = {
        "fallback_zones": {"RU": "Europe/Moscow"},
        "shortest": "2h",
        "strictest_us": True,
        "holidays": {"FR": {"add": ["2026-07-15"], "remove": ["2026-07-14"], "subdivision": "57"}},
    }
    loaded = settings(tmp_path, **given).model_copy(update={"country": "FR"})
    quiet = CurrentQuietHours(CurrentSettings(loaded)).current()
    assert quiet.fallback_zones == {"RU": "Europe/Moscow"}
    assert (quiet.shortest.total_seconds(), quiet.is_strict_in_us, quiet.home) == (7200, True, "FR")
    change = quiet.holidays.changes["FR"]
    assert (len(change.added), len(change.removed), change.subdivision) == (1, 1, "57")
    assert ("FR", "57") in quiet.list_holiday_places()
