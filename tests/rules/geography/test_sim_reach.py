"""What is known about a SIM in each country."""

from __future__ import annotations

import pytest

from modemd.rules.geography.sim_reach import SimCountries, SimReach

FRENCH = SimCountries("FR", {"BE": SimReach(two_way=False, sender_kept=True), "DE": SimReach(two_way=True)})


@pytest.mark.parametrize(
    ("country", "reach"),
    [
        pytest.param("FR", SimReach(two_way=True, sender_kept=True), id="at home"),
        pytest.param("BE", SimReach(two_way=False, sender_kept=True), id="as the configuration says"),
        pytest.param("DE", SimReach(two_way=True, sender_kept=None), id="half of it is said"),
        pytest.param("ES", SimReach(None, None), id="nobody has said"),
        pytest.param(None, SimReach(None, None), id="no country"),
    ],
)
def test_the_reach_of_a_sim(country: str | None, reach: SimReach) -> None:
    """Sure at home, as it is said elsewhere, else unknown: nobody takes it for granted."""
    assert SimReach.of(FRENCH, country) == reach


def test_the_configuration_wins_at_home_too() -> None:
    """A data SIM may get no replies in its own country."""
    sim = SimCountries("FR", {"FR": SimReach(two_way=False)})
    assert SimReach.of(sim, "FR") == SimReach(two_way=False, sender_kept=True)


def test_a_sim_of_no_known_country_is_at_home_nowhere() -> None:
    """Not even where no country is asked for."""
    assert SimReach.of(SimCountries(), None) == SimReach.of(SimCountries(), "FR") == SimReach(None, None)
