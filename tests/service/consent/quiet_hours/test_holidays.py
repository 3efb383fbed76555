"""Updates of the public holidays."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from modemd.config import CurrentSettings, Settings
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.consent.quiet_hours.holiday_program import HolidayDocument
from modemd.service.consent.quiet_hours.holidays import PLACES_AT_A_TIME, HolidayUpdates
from modemd.store import Store
from modemd.store.consent import holidays
from tests.service.assembled import HandClock

PARIS = "+33612345678"


@dataclass
class Calendar:
    """A program that lists holidays, fails as long as it is told to, and the service that runs it."""

    clock: HandClock = field(default_factory=HandClock)
    failure: str | None = None
    calls: list[tuple[list[str], tuple[int, ...]]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    changed: int = 0
    is_trusted: bool = True

    async def list_holidays(self, places: Sequence[str], years: Sequence[int]) -> HolidayDocument | str:
        self.calls.append((list(places), tuple(years)))
        if self.failure is not None:
            return self.failure
        days = {f"{year}-07-14": "National Day" for year in years}
        return {place: {"known": place not in self.unknown, "days": days} for place in places}

    def note_change(self) -> None:
        self.changed += 1


@dataclass
class Running:
    calendar: Calendar
    store: Store
    quiet_hours: CurrentQuietHours
    updates: HolidayUpdates
    settings: CurrentSettings

    def reason(self, moment: datetime) -> str | None:
        hold = self.quiet_hours.current().find_hold(PARIS, moment)
        return None if hold is None else hold.reason.value


def settings(folder: Path, **quiet_hours: Any) -> Settings:
    return Settings.model_validate({"database": str(folder / "modemd.db"), "quiet_hours": quiet_hours})


@contextlib.asynccontextmanager
async def running(folder: Path, **quiet_hours: Any) -> AsyncIterator[Running]:
    current, calendar = CurrentSettings(settings(folder, **quiet_hours)), Calendar()
    store = await Store.open(current.current().database)
    try:
        holder = CurrentQuietHours(current)
        updates = HolidayUpdates(
            store, holder, calendar.clock, calendar.list_holidays, lambda: calendar.is_trusted, calendar.note_change
        )
        yield Running(calendar, store, holder, updates, current)
    finally:
        await store.close()


NOON_2026 = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOLIDAY_2027 = datetime(2027, 7, 14, 12, tzinfo=UTC)
NOON_2028 = datetime(2028, 3, 1, 12, tzinfo=UTC)


async def test_this_year_and_the_next_are_computed_once(tmp_path: Path) -> None:
    """Before, marketing to France waits for the holidays; after, it goes, but not on a holiday. Nothing is computed twice."""
    async with running(tmp_path) as run:
        assert run.reason(NOON_2026) == "holidays_unknown"
        await run.updates.update()
        calls = len(run.calendar.calls)
        assert {years for _, years in run.calendar.calls} == {(2026, 2027)}
        assert max(len(places) for places, _ in run.calendar.calls) == PLACES_AT_A_TIME
        places = [place for places, _ in run.calendar.calls for place in places]
        assert len(set(places)) == len(places)
        assert {"FR", "US-AL", "MA"} <= set(places)
        assert not {"US", "GB", "*"} & set(places)  # holidays do not block there
        assert run.reason(NOON_2026) is None
        assert run.reason(HOLIDAY_2027) == "public_holiday"
        assert run.reason(NOON_2028) == "holidays_unknown"
        await run.updates.update()
        assert (len(run.calendar.calls), run.calendar.changed, run.updates.failure) == (calls, 1, None)


async def test_stored_holidays_count_after_a_restart(tmp_path: Path) -> None:
    """What was computed is read from the database, and is not computed again."""
    async with running(tmp_path) as run:
        await run.updates.update()
    async with running(tmp_path) as run:
        await run.quiet_hours.load(run.store)
        await run.updates.update()
        assert run.calendar.calls == []
        assert run.reason(HOLIDAY_2027) == "public_holiday"


async def test_new_year_and_old_lists_are_computed_again(tmp_path: Path) -> None:
    """In January the year after is missing; a list that is a month old may be out of date."""
    async with running(tmp_path) as run:
        await run.updates.update()
        run.calendar.clock.moment = datetime(2026, 12, 21, tzinfo=UTC)
        calls = len(run.calendar.calls)
        await run.updates.update()
        assert len(run.calendar.calls) == calls
        run.calendar.clock.moment = datetime(2026, 12, 23, tzinfo=UTC)
        await run.updates.update()
        run.calendar.clock.moment = datetime(2027, 1, 1, tzinfo=UTC)
        await run.updates.update()
        assert [years for _, years in run.calendar.calls[calls:]] == [*[(2026, 2027)] * calls, *[(2027, 2028)] * calls]
        assert run.reason(NOON_2028) is None


async def test_failure_is_told_and_tried_again_in_an_hour(tmp_path: Path) -> None:
    """A program that fails leaves what is known, tells why and since when, and runs again an hour later."""
    async with running(tmp_path) as run:
        run.calendar.failure = "it ended with status 1"
        await run.updates.update()
        began = run.calendar.clock.now()
        failure = run.updates.failure
        assert failure is not None
        assert (failure.because, failure.since) == ("it ended with status 1", began)
        assert "it ended with status 1" in (run.updates.find_evidence() or "")
        assert run.reason(NOON_2026) == "holidays_unknown"
        run.calendar.clock.passes(minutes=59)
        await run.updates.update()
        assert len(run.calendar.calls) == 1
        run.calendar.clock.passes(minutes=1)
        await run.updates.update()
        assert (len(run.calendar.calls), run.updates.failure) == (2, failure)
        run.calendar.failure = None
        run.calendar.clock.passes(hours=1)
        await run.updates.update()
        assert (run.updates.failure, run.updates.find_evidence(), run.reason(NOON_2026)) == (None, None, None)


async def test_failure_next_year_holds_nobody_this_year(tmp_path: Path) -> None:
    """Only a year that is not covered holds marketing."""
    async with running(tmp_path) as run:
        await run.updates.update()
        run.calendar.failure = "no memory"
        run.calendar.clock.moment = datetime(2027, 1, 4, tzinfo=UTC)
        await run.updates.update()
        assert run.updates.failure is not None
        assert run.reason(datetime(2027, 3, 1, 12, tzinfo=UTC)) is None


async def test_new_subdivision_is_computed_after_a_reload(tmp_path: Path) -> None:
    """A reload that names a subdivision leads to its list; until then its country waits."""
    async with running(tmp_path) as run:
        await run.updates.update()
        run.settings.reload(settings(tmp_path, holidays={"FR": {"subdivision": "57"}}))
        assert run.reason(NOON_2026) == "holidays_unknown"
        await run.updates.update()
        assert run.calendar.calls[-1] == (["FR-57"], (2026, 2027))
        assert run.reason(NOON_2026) is None


async def test_unknown_subdivision_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A subdivision that the list does not know is named in the log; the holidays of its country apply."""
    async with running(tmp_path, holidays={"FR": {"subdivision": "99"}}) as run:
        run.calendar.unknown = {"FR-99"}
        await run.updates.update()
        assert "FR-99" in caplog.text
        assert run.reason(HOLIDAY_2027) == "public_holiday"


async def test_answer_of_another_form_is_a_failure(tmp_path: Path) -> None:
    """An answer that lacks a place is not taken for a year without holidays."""
    async with running(tmp_path) as run:

        async def list_nothing(places: Sequence[str], years: Sequence[int]) -> HolidayDocument | str:
            return {}

        updates = HolidayUpdates(run.store, run.quiet_hours, run.calendar.clock, list_nothing, lambda: True)
        await updates.update()
        assert updates.failure is not None
        assert await run.store.read(holidays.list_years) == []


async def test_days_of_other_years_are_left_out(tmp_path: Path) -> None:
    """A year has its own days only."""
    async with running(tmp_path) as run:
        await run.updates.update()
        stored = await run.store.read(holidays.list_years)
        french = {each.year: each.days for each in stored if (each.country, each.subdivision) == ("FR", "")}
        assert french == {year: {date(year, 7, 14): "National Day"} for year in (2026, 2027)}


async def test_only_countries_that_are_written_to_are_computed(tmp_path: Path) -> None:
    """The holidays of a country are computed as soon as it may be written to, as after a SIM from there was seen."""
    async with running(tmp_path) as run:
        countries = {"MA"}
        updates = HolidayUpdates(
            run.store,
            run.quiet_hours,
            run.calendar.clock,
            run.calendar.list_holidays,
            lambda: True,
            list_countries=lambda: frozenset(countries),
        )
        await updates.update()
        assert [places for places, _ in run.calendar.calls] == [["MA"]]
        assert run.reason(NOON_2026) == "holidays_unknown"
        countries.add("FR")
        await updates.update()
        assert [places for places, _ in run.calendar.calls] == [["MA"], ["FR"]]
        assert run.reason(NOON_2026) is None
        assert updates.failure is None
