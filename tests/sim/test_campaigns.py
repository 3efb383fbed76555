"""Campaigns of two days round a change of the clock or a holiday: every law of marketing holds at the network's journal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.sim.campaigns.__main__ import DAYS
from tests.sim.campaigns.attempt import attempt
from tests.sim.campaigns.countries import COUNTRIES, People
from tests.sim.campaigns.oracle import Change, HoursOracle

SEED = 16
LONG_SEEDS = len(COUNTRIES)
SPAIN = People("+346123450", 2, ("ES",), ("Europe/Madrid", "Atlantic/Canary"))
FRANCE = People("+336123450", 2, ("FR",), ("Europe/Paris",))


def test_a_short_campaign_breaks_no_law() -> None:
    """Hours, holidays, caps, STOP, reviews, countries; nothing is held for ever or for nothing; the rest is never held."""
    outcome = attempt(SEED, 2)
    assert outcome.violations == ()
    assert outcome.octets > 4
    assert outcome.held > 5


@pytest.mark.system
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(LONG_SEEDS))
def test_two_weeks_break_no_law(seed: int) -> None:
    """The same for two weeks in each country; `make sim` for more of them."""
    outcome = attempt(seed, DAYS)
    assert outcome.violations == ()
    assert outcome.octets > 20


@pytest.mark.parametrize(
    ("people", "at", "is_open"),
    [
        (FRANCE, "2026-03-28 17:59", True),
        (FRANCE, "2026-03-28 18:00", False),
        (FRANCE, "2026-03-29 12:00", False),
        (FRANCE, "2026-03-30 06:00", True),
        (FRANCE, "2026-04-06 10:00", False),
        (SPAIN, "2026-03-30 07:59", False),
        (SPAIN, "2026-03-30 08:00", True),
        (SPAIN, "2026-03-30 19:00", False),
    ],
)
def test_the_judge_knows_the_hours(people: People, at: str, is_open: bool) -> None:
    """By hand: the first Monday of summer time begins an hour earlier in UTC, and on the Canaries an hour later."""
    oracle = HoursOracle(COUNTRIES[0].holidays)
    assert oracle.is_open(people, datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_open


def test_the_judge_knows_a_reload() -> None:
    """From its moment on, over midnight, too."""
    since = datetime(2026, 3, 30, 12, tzinfo=UTC)
    oracle = HoursOracle((), [Change(since, "FR", 0, "20:00-02:00")])
    hours = {hour: oracle.is_open(FRANCE, datetime(2026, 3, 30, hour, tzinfo=UTC)) for hour in (10, 12, 18, 23)}
    assert hours == {10: True, 12: False, 18: True, 23: True}
