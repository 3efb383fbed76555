"""Holder of the quiet hours in force: the shipped hours with the changes of the configuration, and the stored public holidays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from modemd.config import CurrentSettings
from modemd.config.quiet_hours import QuietHoursSettings
from modemd.rules.quiet_hours.holidays import HolidayChanges, Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import HoursChange, HoursTable
from modemd.store import Store
from modemd.store.consent import holidays
from modemd.store.consent.holidays import StoredHolidays


class CurrentQuietHours:
    """Holder of the quiet hours in force. Call `current()` for each use: a reload of the settings, or new holidays,
    replace them."""

    def __init__(self, settings: CurrentSettings) -> None:
        self._settings = settings
        self._stored = holidays.NO_HOLIDAYS
        self._built_for: tuple[QuietHoursSettings, str | None] | None = None
        self._built = QuietHours(HoursTable.load(), Holidays())

    def current(self) -> QuietHours:
        """Returns the quiet hours in force now."""
        settings = self._settings.current()
        wanted = (settings.quiet_hours, settings.country)
        built = self._built_for
        if built is None or built[0] is not wanted[0] or built[1] != wanted[1]:
            self._built = build_quiet_hours(settings.quiet_hours, settings.country, self._stored)
            self._built_for = wanted
        return self._built

    @property
    def computed_at(self) -> Mapping[tuple[str, str, int], datetime]:
        """The moments at which the known holidays were computed, by country, subdivision and year."""
        return self._stored.computed_at

    def find_opening(self, number: str, now: datetime) -> datetime | None:
        """Returns when the quiet hours of a number end; None if there are none now, or if nothing says when they end."""
        hold = self.current().find_hold(number, now)
        return hold.until if hold is not None else None

    async def load(self, store: Store) -> None:
        """Reads the public holidays that are stored."""
        self._stored = await store.read(holidays.read_holidays)
        self._built_for = None


def build_quiet_hours(settings: QuietHoursSettings, home: str | None, stored: StoredHolidays) -> QuietHours:
    """Returns the quiet hours by the settings. `home`: the country for numbers of no country."""
    changes = {
        key: HoursChange(row.days, None if row.public_holidays is None else row.public_holidays == "blocked")
        for key, row in settings.hours.items()
    }
    of_countries = {
        country: HolidayChanges(frozenset(each.add), frozenset(each.remove), each.subdivision or "")
        for country, each in settings.holidays.items()
    }
    return QuietHours(
        HoursTable.load().change(changes),
        Holidays(stored.lists, of_countries),
        fallback_zones=settings.fallback_zones,
        shortest=settings.shortest,
        is_strict_in_us=settings.strictest_us,
        home=home or "",
        is_enabled=settings.enabled,
    )
