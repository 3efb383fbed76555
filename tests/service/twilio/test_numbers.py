"""Numbers of the SIMs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from modemd.config import CurrentSettings
from modemd.service.twilio.numbers import OwnNumbers
from modemd.service.views import BalanceView
from modemd.store import listings
from tests.service.assembled import assembled_service
from tests.service.twilio.own_sims import CONFIGURED, EAST, EAST_NUMBER, WEST, WEST_NUMBER, meet_sims


async def test_a_number_is_found_as_it_is_dialled(tmp_path: Path) -> None:
    """In national form, too; a name is none."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        numbers = assembled.service.twilio.numbers
        assert await numbers.find_sims("07 00 00 00 01") == (WEST,)
        assert await numbers.find_sims(EAST_NUMBER) == (EAST,)
        for text in ("ACME", "+33799999999", "?", "+33700000003"):
            assert await numbers.find_sims(text) == ()
        assert numbers.map_numbers(await assembled.store.read(listings.list_sims)) == {
            WEST: WEST_NUMBER,
            EAST: EAST_NUMBER,
        }


async def test_balances_are_added(tmp_path: Path) -> None:
    """Those that are known; None if none is."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        known = {WEST: Decimal("4.50"), EAST: Decimal("0.25")}

        def find(iccid: str) -> BalanceView | None:
            at = datetime(2026, 11, 22, tzinfo=UTC)
            return BalanceView(known[iccid], at, False) if iccid in known else None

        settings = CurrentSettings(assembled.settings)
        assert await OwnNumbers(assembled.store, settings, find).add_balances() == Decimal("4.75")
        assert await OwnNumbers(assembled.store, settings, lambda iccid: None).add_balances() is None
