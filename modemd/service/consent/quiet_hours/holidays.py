"""Updates of the public holidays: computes those of this year and the next, stores them, and puts them in force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.consent.quiet_hours.holiday_program import HolidayDocument, ListHolidays
from modemd.store import Store
from modemd.store.consent import holidays
from modemd.store.consent.holidays import HolidayYear

log = logs.get(__name__)

# How often it is checked whether holidays are missing: a reload can name a subdivision, and a year can end.
CHECK_S = 60.0
RETRY = timedelta(hours=1)
# Governments move holidays, and an update of the package brings that: the lists are computed again after so long.
OLDEST = timedelta(days=30)
# The lists of all countries at once would take 12 MiB for a moment, which the process keeps.
PLACES_AT_A_TIME = 25

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class HolidayFailure:
    """Failure to compute holidays: why, and since when."""

    because: str
    since: datetime


class HolidayUpdates:
    """One task (`run`) that keeps the public holidays of this year and the next. `on_changed` is called after new ones are in
    force; `list_countries` returns the countries that may be written to, None for all."""

    def __init__(
        self,
        store: Store,
        quiet_hours: CurrentQuietHours,
        clock: Clock,
        list_holidays: ListHolidays,
        is_clock_trusted: Callable[[], bool],
        on_changed: Callable[[], None] = lambda: None,
        list_countries: Callable[[], frozenset[str] | None] = lambda: None,
    ) -> None:
        self._store = store
        self._quiet_hours = quiet_hours
        self._clock = clock
        self._list_holidays = list_holidays
        self._is_clock_trusted = is_clock_trusted
        self._on_changed = on_changed
        self._list_countries = list_countries
        self._retry_at: datetime | None = None
        self.failure: HolidayFailure | None = None
        """Why holidays could not be computed; None if nothing is missing for that reason."""

    def find_evidence(self) -> str | None:
        """Returns the text of an alarm: why holidays are missing, and since when; None if none are."""
        if self.failure is None:
            return None
        since = self.failure.since.isoformat(timespec="minutes")
        return f"public holidays cannot be computed since {since}: {self.failure.because}; marketing waits where they block it"

    async def run(self) -> None:
        """Checks until it is cancelled. While the clock is not trusted, the year is not known."""
        while True:
            if self._is_clock_trusted():
                await self.update()
            await asyncio.sleep(CHECK_S)

    async def update(self) -> None:
        """Computes and stores what is missing or old, if anything is. After a failure, tries again only an hour later."""
        now = self._clock.now()
        if self._retry_at is not None and self._retry_at - RETRY <= now < self._retry_at:
            return
        places = self.find_missing(now)
        if not places:
            self._retry_at = self.failure = None
            return
        years = (now.year, now.year + 1)
        failure = await self._compute(places, years, now)
        if failure is None:
            self._retry_at = self.failure = None
            log.info("public holidays are computed", places=len(places), years=f"{years[0]},{years[1]}")
            return
        self._retry_at = now + RETRY
        self.failure = self.failure or HolidayFailure(failure, now)
        log.error("public holidays are not computed; tried again in an hour", because=failure)

    async def _compute(self, places: list[Place], years: tuple[int, int], now: datetime) -> str | None:
        """Computes and stores holidays of places, some at a time, and puts what is stored in force. Returns why it has ended
        before the last of them, if it has."""
        failure = None
        for first in range(0, len(places), PLACES_AT_A_TIME):
            some = places[first : first + PLACES_AT_A_TIME]
            answer = await self._list_holidays([_name(place) for place in some], years)
            failure = answer if isinstance(answer, str) else await self._store_answer(answer, some, years, now)
            if failure is not None:
                break
        try:
            await self._quiet_hours.load(self._store)
        except StoreError as error:
            return failure or f"the database cannot be read: {error}"
        self._on_changed()
        return failure

    def find_missing(self, now: datetime) -> list[Place]:
        """Returns the countries and subdivisions whose holidays of this year or the next are missing or old. A country that is
        not written to needs none: the holidays of all countries would take 2 MiB."""
        countries = self._list_countries()
        computed_at, oldest = self._quiet_hours.computed_at, now - OLDEST
        return sorted(
            place
            for place in self._quiet_hours.current().list_holiday_places()
            if (countries is None or place[0] in countries)
            and not all(computed_at.get((*place, year), oldest) > oldest for year in (now.year, now.year + 1))
        )

    async def _store_answer(
        self, answer: HolidayDocument, places: list[Place], years: tuple[int, int], now: datetime
    ) -> str | None:
        """Stores an answer. Returns why not, if it could not."""
        try:
            computed = [each for place in places for each in _read_place(place, answer[_name(place)], years, now)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return f"the list has another form than expected: {error!r}"
        try:
            await self._store.write(partial(holidays.store_years, years=computed))
        except StoreError as error:
            return f"the database took no changes: {error}"
        for each in computed:
            if each.subdivision and not each.is_known and each.year == years[0]:
                name = _name((each.country, each.subdivision))
                log.warning("the subdivision is not known; the holidays of the whole country apply", subdivision=name)
        return None


def _name(place: Place) -> str:
    country, subdivision = place
    return f"{country}-{subdivision}" if subdivision else country


def _read_place(place: Place, answer: Mapping[str, Any], years: tuple[int, int], now: datetime) -> list[HolidayYear]:
    days = {date.fromisoformat(day): str(name) for day, name in answer["days"].items()}
    return [
        HolidayYear(
            *place, year, {day: name for day, name in days.items() if day.year == year}, bool(answer["known"]), now
        )
        for year in years
    ]
