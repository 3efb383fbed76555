"""The program that lists holidays, as the service runs it."""

from __future__ import annotations

import sys

import pytest

from modemd.service.consent.quiet_hours.holiday_program import list_holidays, list_no_holidays


async def test_a_process_of_its_own_lists_the_holidays() -> None:
    """The service gets the list, and does not import the package itself."""
    found = await list_holidays(["FR", "XX"], [2026])
    assert not isinstance(found, str)
    assert found["FR"]["days"]["2026-07-14"] == "National Day"
    assert found["XX"]["known"] is False


async def test_failure_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that cannot run, or prints something else, is no list."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await list_holidays(["FR"], [2026]) == "it ended with status 1"
    monkeypatch.setattr(sys, "executable", "/bin/echo")
    failure = await list_holidays(["FR"], [2026])
    assert isinstance(failure, str)
    assert failure.startswith("it printed no JSON")


async def test_no_holidays_without_a_program() -> None:
    """Without a program, every place is known, and has no holidays."""
    assert await list_no_holidays(["FR"], [2026]) == {"FR": {"known": True, "days": {}}}
