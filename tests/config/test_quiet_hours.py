"""Settings of quiet hours."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from modemd.config import load
from modemd.config.quiet_hours import QuietHoursSettings
from modemd.errors import ConfigError
from modemd.rules.quiet_hours.table import DayHours


def read(folder: Path, text: str) -> QuietHoursSettings:
    path = folder / "config.yaml"
    path.write_text(f"database: modemd.db\nmodems: auto\nquiet_hours:\n{text}", encoding="utf-8")
    return load(path).quiet_hours


def test_whole_group_is_read(tmp_path: Path) -> None:
    """Each key has its meaning, and what is not set stays unset."""
    found = read(
        tmp_path,
        """
  enabled: false
  hours:
    FR: {mon: 09:00-19:00, sun: none, public_holidays: allowed}
    US-FL: {sat: "20:00-02:00"}
    "*": {}
  holidays:
    FR: {add: [2026-12-24], remove: [2026-05-08], subdivision: 57}
  fallback_zones: {RU: Europe/Moscow}
  shortest: 90min
  strictest_us: true
""",
    )
    assert found.hours["FR"].days == {"mon": DayHours(540, 1140), "sun": None}
    assert (found.hours["FR"].public_holidays, found.hours["US-FL"].public_holidays) == ("allowed", None)
    assert found.hours["US-FL"].days == {"sat": DayHours(1200, 1560)}
    assert found.hours["*"].days == {}
    french = found.holidays["FR"]
    assert (french.add, french.remove, french.subdivision) == ((date(2026, 12, 24),), (date(2026, 5, 8),), "57")
    assert found.fallback_zones == {"RU": "Europe/Moscow"}
    assert (found.enabled, found.shortest, found.strictest_us) == (False, timedelta(minutes=90), True)


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("  hours: {FR: {mon: 9-19}}", "quiet_hours.hours.FR.mon", "09:00-18:00, or none"),
        ("  hours: {FR: {mon: 09:00-09:00}}", "quiet_hours.hours.FR.mon", "never open"),
        ("  hours: {FR: {mon: 09:00-09:10}}", "quiet_hours.hours.FR.mon", "shorter than 30 minutes"),
        ("  hours: {FR: {mon: }}", "quiet_hours.hours.FR.mon", "empty value"),
        ("  hours: {FR: {holidays: blocked}}", "quiet_hours.hours.FR.holidays", "unknown"),
        ("  hours: {XX: {mon: none}}", "quiet_hours.hours.XX", "not a known country"),
        ("  hours: {FR-57: {mon: none}}", "quiet_hours.hours.FR-57", "only in CA and US"),
        ("  hours: {US-FX: {mon: none}}", "quiet_hours.hours.US-FX", "no area code"),
        ("  holidays: {FR: {add: 2026-12-24}}", "quiet_hours.holidays.FR.add", "list of dates"),
        ("  holidays: {FR: {add: [2026-02-30]}}", "quiet_hours.holidays.FR.add", "no day of the calendar"),
        ("  holidays: {FR: {remove: [24.12.2026]}}", "quiet_hours.holidays.FR.remove", "2026-12-24"),
        ("  holidays: {FR: {subdivision: Moselle}}", "quiet_hours.holidays.FR.subdivision", "ISO 3166-2"),
        ("  fallback_zones: {RU: Moscow}", "quiet_hours.fallback_zones.RU", "no time zone"),
        ("  shortest: 0s", "quiet_hours.shortest", "at least 1min"),
    ],
)
def test_mistake_is_one_line_with_its_path(tmp_path: Path, text: str, path: str, said: str) -> None:
    """A mistake names its key, and says what is allowed."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    (problem,) = caught.value.problems
    assert path in str(problem)
    assert said in str(problem)
    assert "\n" not in str(problem)
