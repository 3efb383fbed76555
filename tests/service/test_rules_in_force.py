"""From the configuration and the SIMs to what may be written to."""

from __future__ import annotations

from typing import Any

import pytest

from modemd.config import CurrentSettings, Settings
from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCaps
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.geography.geography import Geography
from modemd.rules.geography.sim_country import SimIdentity
from modemd.rules.geography.sim_reach import SimReach
from modemd.service.rules_in_force import RulesInForce, find_notice_lacks, make_geography, make_sim_countries

FRENCH, BELGIAN = SimIdentity("8933010000000000010"), SimIdentity("8932020000000000010", imsi="206010000000001")


def settings(**said: Any) -> Settings:
    return Settings.model_validate({"database": "/srv/a.db", **said}, strict=False)


@pytest.mark.parametrize(
    ("said", "sims", "countries"),
    [
        pytest.param({}, [], None, id="nothing is known: all"),
        pytest.param({}, [FRENCH, BELGIAN], {"FR", "BE"}, id="those of the SIMs"),
        pytest.param({"country": "CH"}, [FRENCH], {"CH", "FR"}, id="and the configured one"),
        pytest.param({"sims": {FRENCH.id: {}}}, [], {"FR"}, id="of a SIM that is configured, and was never seen"),
        pytest.param({"sims": {FRENCH.id: {"number": "+4915112345678"}}}, [FRENCH], {"DE"}, id="its configured number"),
        pytest.param({"geography": {"countries": "all"}}, [FRENCH], None, id="all"),
        pytest.param({"geography": {"countries": ["ES"]}, "country": "FR"}, [FRENCH], {"ES"}, id="a list"),
    ],
)
def test_the_countries_that_may_be_written_to(
    said: dict[str, Any], sims: list[SimIdentity], countries: set[str] | None
) -> None:
    """Own ones unless the configuration says otherwise."""
    expected = Geography(None if countries is None else frozenset(countries))
    assert make_geography(settings(**said), sims) == expected


def test_what_costs_and_landlines_are_as_configured() -> None:
    """And alarms reach the numbers that are named for them."""
    said = settings(
        geography={"countries": ["FR"], "premium": "allow", "satellite": "allow", "landlines": "refuse"},
        alarms={"to": ["+32470123456"]},
    )
    geography = make_geography(said, [])
    assert geography == Geography(
        frozenset({"FR"}),
        is_premium_allowed=True,
        is_satellite_allowed=True,
        are_landlines_refused=True,
        alarm_numbers=frozenset({"+32470123456"}),
    )
    assert geography.find_refusal("+32470123456", MessageClass.ALARM) is None


def test_the_reach_of_a_sim_is_as_configured() -> None:
    """At home by its identities, abroad by the configuration."""
    said = settings(sims={FRENCH.id: {"countries": {"BE": {"two_way": False}}}})
    known = make_sim_countries(said, FRENCH)
    assert SimReach.of(known, "FR") == SimReach(two_way=True, sender_kept=True)
    assert SimReach.of(known, "BE") == SimReach(two_way=False, sender_kept=None)
    assert SimReach.of(make_sim_countries(said, BELGIAN), "BE") == SimReach(two_way=True, sender_kept=True)


def test_the_caps_are_as_configured() -> None:
    """The defaults of the configuration are those of the rules."""
    assert RulesInForce(CurrentSettings(settings())).current().caps == FrequencyCaps()
    assert RulesInForce(CurrentSettings(settings(consent={"caps": []}))).current().caps == FrequencyCaps(())


def test_notices_are_made_of_the_configuration() -> None:
    """Brand, contact, texts and SIMs; a new text or a new SIM makes them anew, and `off` switches them off."""
    texts = [Texts.load()]
    said = settings(brand="Acme", country="FR", consent={"contact": "https://example.org/stop"}, sims={FRENCH.id: {}})
    rules = RulesInForce(CurrentSettings(said), find_texts=lambda: texts[0])
    notices = rules.current().notices
    assert notices is not None
    assert (notices.brand, notices.contact, notices.home) == ("Acme", "https://example.org/stop", "FR")
    assert set(notices.sims) == {FRENCH.id}
    assert rules.current().notices is notices
    texts[0] = Texts.load().with_changes([])
    rules.add_sims([BELGIAN])
    renewed = rules.current().notices
    assert renewed is not None
    assert (renewed.texts is texts[0], set(renewed.sims)) == (True, {FRENCH.id, BELGIAN.id})
    assert RulesInForce(CurrentSettings(settings(consent={"notice": "off"}))).current().notices is None


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        pytest.param({"country": "FR"}, 1, id="no brand in France"),
        pytest.param({"country": "FR", "brand": "Acme"}, 0, id="a brand"),
        pytest.param({"country": "US"}, 0, id="no law that we know"),
        pytest.param({"geography": {"countries": "all"}}, 1, id="all countries"),
        pytest.param({}, 0, id="nothing is known yet"),
        pytest.param({"country": "FR", "consent": {"notice": "off"}}, 0, id="no notices"),
        pytest.param({"country": "US", "sims": {FRENCH.id: {"countries": {"BE": {"two_way": False}}}}, "brand": "Acme"}, 1,
                     id="no answers from Belgium"),
    ],
)  # fmt: skip
def test_a_configuration_is_told_what_notices_lack(said: dict[str, Any], lacks: int) -> None:
    """For the countries that it allows."""
    assert len(find_notice_lacks(settings(**said))) == lacks


def test_a_sim_has_a_number() -> None:
    """As configured, else as the SIM tells."""
    rules = RulesInForce(CurrentSettings(settings(sims={FRENCH.id: {"number": "+33700000001"}})))
    rules.add_sims([SimIdentity(FRENCH.id, "+33799999999"), SimIdentity(BELGIAN.id, "+32470000002")])
    assert rules.find_number(FRENCH.id) == "+33700000001"
    assert rules.find_number(BELGIAN.id) == "+32470000002"
    assert rules.find_number("8933010000000000036") is None
