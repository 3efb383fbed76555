"""The program that lists public holidays."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from modemd.service.consent.quiet_hours.holiday_list import list_days, main


def test_holidays_of_places() -> None:
    """A subdivision has its own days beside those of the country, in the years that are asked for."""
    found = list_days(["FR", "FR-57", "US-AL"], [2026, 2027])
    assert found["FR"]["days"]["2026-07-14"] == "National Day"
    assert "2026-04-03" not in found["FR"]["days"]
    assert found["FR-57"]["days"]["2026-04-03"] == "Good Friday"
    assert {day[:4] for day in found["US-AL"]["days"]} == {"2026", "2027"}
    assert all(each["known"] for each in found.values())


@pytest.mark.parametrize(("country", "count"), [("FR", 11), ("ZA", 14), ("BR", 10), ("IT", 13), ("KR", 22), ("DE", 9)])
def test_only_public_holidays_count(country: str, count: int) -> None:
    """Days on which only banks or schools close are not in the list."""
    assert len(list_days([country], [2026])[country]["days"]) == count


def test_unknown_places_say_so() -> None:
    """An unknown subdivision has the days of its country; an unknown country has none."""
    found = list_days(["FR-99", "XX"], [2026])
    assert (found["FR-99"]["known"], len(found["FR-99"]["days"])) == (False, 11)
    assert found["XX"] == {"known": False, "days": {}}


@pytest.mark.parametrize("words", [[], ["FR"], ["FR", "soon"]])
def test_wrong_words_are_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever calls it wrongly is told how."""
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_is_a_program() -> None:
    """The answer is JSON on standard output."""
    argv = [sys.executable, "-m", "modemd.service.consent.quiet_hours.holiday_list", "FR,DE-BY", "2026"]
    answer = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    assert len(answer["DE-BY"]["days"]) == 12
