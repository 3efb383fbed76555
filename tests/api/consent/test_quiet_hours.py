"""The route of quiet hours."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from modemd.store.consent import holidays
from modemd.store.consent.holidays import HolidayYear
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service

ROUTE = "/v1/quiet-hours"


async def test_all_rows_with_their_sources(tmp_path: Path) -> None:
    """Without a subject, every row is there, with its hours, basis, source and confidence, and a notice."""
    async with assembled_service(tmp_path, quiet_hours={"hours": {"FR": {"sat": "none"}}}) as assembled:
        found = (await Client(narrow_app(assembled.service)).get(ROUTE)).json
        rows = {row["row"]: row for row in found["rows"]}
        assert len(rows) == 65
        assert rows["FR"]["days"] | {"sat": "none", "sun": "none"} == rows["FR"]["days"]
        assert (rows["FR"]["changed"], rows["DE"]["changed"]) == (["sat"], [])
        assert (rows["US-FL"]["basis"], rows["US-FL"]["confidence"]) == ("law", "high")
        assert "501.059" in rows["US-FL"]["source"]
        assert (found["number"], found["enabled"]) == (None, True)
        assert "no legal advice" in found["notice"]


async def test_number_is_judged_at_a_moment(tmp_path: Path) -> None:
    """A number has its country, zones, rows and holidays, and the answer: held until when and why, or open."""
    async with assembled_service(tmp_path, country="FR", quiet_hours={"enabled": True}) as assembled:
        days = {date(2026, 12, 25): "Christmas Day", date(2026, 5, 1): "Labor Day"}
        await assembled.store.write(
            lambda db: holidays.store_years(db, [HolidayYear("FR", "", 2026, days, True, NOON)])
        )
        await assembled.service.know_time()
        client = Client(narrow_app(assembled.service))
        held = (await client.get(f"{ROUTE}?of=0612345678&at=2026-12-25T11:00:00Z")).json
        number = held["number"]
        assert (number["number"], number["country"], number["zones"]) == ("+33612345678", "FR", ["Europe/Paris"])
        assert (number["may_send"], number["reason"]) == (False, "public_holiday")
        assert number["until"] == "2026-12-26T09:00:00.000000+00:00"
        assert "Christmas Day" in number["because"]
        assert [row["row"] for row in held["rows"]] == ["FR"]
        assert held["holidays"] == [{"day": "2026-12-25", "name": "Christmas Day", "place": "FR"}]
        assert held["holidays_known_until"] == 2026
        opened = (await client.get(f"{ROUTE}?of=0612345678&at=2026-12-24T11:00:00Z")).json
        assert (opened["number"]["may_send"], opened["number"]["until"]) == (True, None)
        assert opened["number"]["closes_at"] == "2026-12-24T19:00:00.000000+00:00"


async def test_country_and_region(tmp_path: Path) -> None:
    """A country has its row, a region both rows that apply there, and a country without one the default."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        for subject, rows in (("fr", ["FR"]), ("US-FL", ["US", "US-FL"]), ("MA", ["*"]), ("*", ["*"])):
            found = (await client.get(f"{ROUTE}?of={subject}")).json
            assert [row["row"] for row in found["rows"]] == rows


async def test_what_is_wrong_is_refused(tmp_path: Path) -> None:
    """An unknown country, a text that is no number, and a time that is none."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        assert (await client.get(f"{ROUTE}?of=XX")).code == "not_found"
        assert (await client.get(f"{ROUTE}?of=nobody")).code == "bad_number"
        assert (await client.get(f"{ROUTE}?of=FR&at=soon")).code == "bad_request"


async def test_switched_off_says_so(tmp_path: Path) -> None:
    """With quiet hours switched off, the rows are there, and every number may be written to."""
    async with assembled_service(tmp_path, quiet_hours={"enabled": False}) as assembled:
        found = (await Client(narrow_app(assembled.service)).get(f"{ROUTE}?of=%2B33612345678")).json
        assert (found["enabled"], found["number"]["may_send"]) == (False, True)
        assert found["number"]["because"] == "quiet hours are switched off"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1969-12-31T23:00:00Z", "9999-12-31T23:59:00Z"])
async def test_a_time_that_no_table_knows_is_refused(tmp_path: Path, at: str) -> None:
    """Hours and holidays are of our time: a year that is far away is a mistake of the caller's."""
    async with assembled_service(tmp_path) as assembled:
        answer = await Client(narrow_app(assembled.service)).get(f"{ROUTE}?of=%2B33612345678&at={at}")
        assert (answer.status, answer.json["code"]) == (422, "bad_time")
